import test from 'ava';
import {tcp} from '../../../src/probes/tcp.ts';
import {recorded, startLocalApi} from '../../helpers/localapi-server.ts';
import {measure, testPlace} from '../../helpers/probing.ts';
import {serve} from '../../helpers/servers.ts';

test('asking tailscaled whether the tailnet can be entered is in no phase', async t => {
	const server = await serve(t, {});
	let asked = 0;
	const local = await startLocalApi(t, {
		status: {
			toJSON() {
				asked++;
				const until = performance.now() + 200;
				while (performance.now() < until);
				return recorded('status');
			},
		},
	});
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8']};

	const reading = await measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{},
		{target: {via: 'tailnet'}, place: {tailnet, tailscaled: local.socket}},
	);

	const {phases = {}} = reading;
	t.true(reading.ok, reading.detail);
	t.is(asked, 1);
	t.deepEqual(Object.keys(phases), ['resolve', 'connect']);
	t.true(Object.values(phases).reduce((sum, seconds) => sum + seconds, 0) < 0.2, JSON.stringify(phases));
});
