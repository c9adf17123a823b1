import test from 'ava';
import {tcp} from '../../../src/probes/tcp.ts';
import {recorded, slowly, startLocalApi} from '../../helpers/localapi-server.ts';
import {measure, testPlace} from '../../helpers/probing.ts';
import {serve} from '../../helpers/servers.ts';

test('asking tailscaled whether the tailnet can be entered is in no phase', async t => {
	const server = await serve(t, {});
	const local = await startLocalApi(t, {status: slowly(recorded('status'), 200)});
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8']};

	const reading = await measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{},
		{target: {via: 'tailnet'}, place: {tailnet, tailscaled: local.socket}},
	);

	const {phases = {}} = reading;
	t.true(reading.ok, reading.detail);
	t.is(local.calls.length, 1, local.calls.join());
	t.deepEqual(Object.keys(phases), ['resolve', 'connect']);
	t.true(Object.values(phases).reduce((sum, seconds) => sum + seconds, 0) < 0.2, JSON.stringify(phases));
});
