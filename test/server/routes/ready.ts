import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';

test('sources that fail for the same reason stand together, since the first of them', t => {
	const failing = {ok: false, detail: 'There is no key.'} as const;
	const daemon = fakeDaemon({
		sources: () => [
			{name: 'headscale-nodes', ...failing, failingSince: 2000},
			{name: 'headscale-health', ok: true},
			{name: 'headscale-users', ...failing, failingSince: 1000},
		],
	});
	return withServer(daemon, async ({get}) => {
		const {status, body} = await get('/-/ready');

		t.is(status, 200);
		t.is(
			body,
			'tailprobe is ready.\nsource headscale-nodes, headscale-users: failing since 1970-01-01T00:00:01.000Z: There is no key.\nsource headscale-health: ok\n',
		);
	});
});

test('troubles are told one to a line, never change the status, and are bounded in number and length', t => {
	const troubles = Array.from({length: 1000}, (_, at) => `Trouble ${at}\n${'x'.repeat(5000)}`);
	return withServer(fakeDaemon({troubles: () => troubles}), async ({get}) => {
		const {status, body} = await get('/-/ready');

		t.is(status, 200);
		t.regex(body, /^problem: Trouble 0 x+…$/m);
		t.regex(body, /^and 960 more problems$/m);
		t.true(body.length < 40_000);
	});
});
