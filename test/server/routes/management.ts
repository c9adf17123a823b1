import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';

test('healthy answers before anything is ready', t =>
	withServer(fakeDaemon({ready: () => false}), async ({get}) => {
		t.is((await get('/-/healthy')).status, 200);
	}));

test('ready is 503 until every source was tried', t => {
	const daemon = fakeDaemon({ready: () => false, sources: () => [{name: 'headscale-nodes', ok: undefined}]});
	return withServer(daemon, async ({get}) => {
		const {status, body} = await get('/-/ready');

		t.is(status, 503);
		t.regex(body, /^source headscale-nodes: not tried yet$/m);
	});
});

test('a source that fails is told in the body of ready and never in its status', t => {
	const daemon = fakeDaemon({
		sources: () => [
			{name: 'headscale-nodes', ok: false, detail: 'It refused\nthe connection.', failingSince: 0},
			{name: 'headscale-health', ok: true},
		],
	});
	return withServer(daemon, async ({get}) => {
		const {status, body} = await get('/-/ready');

		t.is(status, 200);
		t.is(
			body,
			'tailprobe is ready.\nsource headscale-nodes: failing since 1970-01-01T00:00:00.000Z: It refused the connection.\nsource headscale-health: ok\n',
		);
	});
});

test('a reload takes a POST and nothing else', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get}) => {
		const wrong = await get('/-/reload');
		t.like(wrong, {status: 405});
		t.is(wrong.headers.allow, 'POST');
		t.is(daemon.reloads, 0);

		t.is((await get('/-/reload', {}, 'POST')).status, 200);
	});

	t.is(daemon.reloads, 1);
});

test('a reload that fails is 500 with every mistake', t => {
	const daemon = fakeDaemon({reload: async () => ({ok: false, mistakes: ['checks.0: wrong', 'vantages: missing']})});
	return withServer(daemon, async ({get}) => {
		const {status, body} = await get('/-/reload', {}, 'POST');

		t.is(status, 500);
		t.regex(body, /the old one goes on.*\nchecks\.0: wrong\nvantages: missing\n$/);
	});
});
