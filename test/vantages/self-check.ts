import {createServer, type Socket} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {createSelfCheck, type SelfCheck} from '../../src/vantages/self-check.ts';
import {type LocalApiServer, recorded, startLocalApi} from '../helpers/localapi-server.ts';
import {testPlace} from '../helpers/probing.ts';
import {until} from '../helpers/until.ts';

const endless = new AbortController().signal;

function checkOf({socket}: Pick<LocalApiServer, 'socket'>): SelfCheck {
	const times = {relayMs: 1000, headStartMs: 100, peersMs: 300};
	return createSelfCheck({socket, tailnet: testPlace.tailnet, allowLoopback: true, times});
}

/** A relay map with one region; the guard lets nobody dial 169.254.0.1, which makes it a relay that never answers. */
function relayAt(ipv4: string, port = 443) {
	return {Regions: {999: {RegionCode: 'lab', Nodes: [{HostName: 'derp.invalid', IPv4: ipv4, DERPPort: port}]}}};
}
const deadRelay = relayAt('169.254.0.1');

async function aRelay(t: ExecutionContext) {
	let connections = 0;
	const open = new Set<Socket>();
	const server = createServer(socket => {
		connections++;
		open.add(socket);
		socket.on('error', () => {});
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	t.teardown(() => {
		for (const socket of open) socket.destroy();
		server.close();
	});
	const address = server.address();
	const port = typeof address === 'object' && address ? address.port : 0;
	return {map: relayAt('127.0.0.1', port), connections: () => connections, port, close: () => server.close()};
}

const pinged = ({calls}: LocalApiServer) => calls.filter(call => call.includes('/ping')).length;

test('a connected tailscaled whose relay answers is sound, and tells about itself', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map});

	const result = await checkOf(local).look(endless);

	t.deepEqual(result, {
		sound: true,
		facts: {
			backendState: 'Running',
			version: '1.102.3-ERR-BuildInfo',
			tun: 'true',
			online: 'true',
			relay: 'lab',
			domain: 'tail.ozzu.world',
		},
		addresses: ['100.64.0.5', 'fd7a:115c:a1e0::5'],
	});
	t.is(pinged(local), 0);
	await until(() => relay.connections() === 1);
});

test('a relay that refuses is a network that answers', async t => {
	const relay = await aRelay(t);
	relay.close();
	const local = await startLocalApi(t, {derpMap: relay.map, ping: () => 'silent'});

	t.true((await checkOf(local).look(endless)).sound);
});

test('a dead relay alone is no sickness: peers answer', async t => {
	const local = await startLocalApi(t, {
		derpMap: deadRelay,
		ping: (_type, address) => (address === '100.64.0.3' ? recorded('ping-disco-direct') : 'silent'),
	});

	t.true((await checkOf(local).look(endless)).sound);
	t.true(pinged(local) > 1);
});

test('the own relay and all peers silent together: our network is gone', async t => {
	const local = await startLocalApi(t, {derpMap: deadRelay, ping: () => 'silent'});

	const result = await checkOf(local).look(endless);

	t.false(result.sound);
	t.regex(result.detail ?? '', /^Our own network is gone: neither the relay lab nor any of the peers/);
	t.is(result.facts.backendState, 'Running');
	t.is(pinged(local), 4);
});

test('at most eight peers are asked, those with a path or online first, never an expired one', async t => {
	const peers = Array.from({length: 30}, (_, at) => [
		`nodekey:${at}`,
		{
			TailscaleIPs: [`100.64.1.${at}`],
			Online: at >= 20 && at < 27,
			CurAddr: at === 29 ? '10.0.0.1:1' : '',
			Expired: at === 20,
		},
	]);
	const status = {...recorded('status'), Peer: Object.fromEntries(peers)};
	const local = await startLocalApi(t, {status, derpMap: deadRelay, ping: () => 'silent'});

	await checkOf(local).look(endless);

	const asked = local.calls.flatMap(call => /ip=100\.64\.1\.(\d+)/.exec(call)?.[1] ?? []).map(Number);
	t.is(asked.length, 8);
	for (const at of [21, 22, 23, 24, 25, 26, 29]) t.true(asked.includes(at), String(at));
	t.false(asked.includes(20));
});

test('without a relay map only tailscaled itself is judged', async t => {
	const local = await startLocalApi(t, {derpMap: {Regions: null}, ping: () => 'silent'});

	t.true((await checkOf(local).look(endless)).sound);
	t.is(pinged(local), 0);
});

test('a control server that is away is a fact, no sickness', async t => {
	const relay = await aRelay(t);
	const status = recorded('status');
	const local = await startLocalApi(t, {
		derpMap: relay.map,
		status: {...status, Self: {...(status.Self as object), Online: false}},
	});

	t.like(await checkOf(local).look(endless), {sound: true, facts: {online: 'false'}});
});

for (const [state, hint] of [
	['NeedsLogin', /state NeedsLogin: it must sign in/],
	['Stopped', /state Stopped: someone ran `tailscale down`/],
] as const) {
	test(`a tailscaled in state ${state} is sick, and nothing more is asked`, async t => {
		const local = await startLocalApi(t, {status: {...recorded('status'), BackendState: state}});

		const result = await checkOf(local).look(endless);

		t.false(result.sound);
		t.regex(result.detail ?? '', hint);
		t.deepEqual(local.calls, ['GET /localapi/v0/status?peers=false']);
	});
}

test('a tailscaled that hangs is sick within its time', async t => {
	const local = await startLocalApi(t, {status: 'silent'});

	const result = await checkOf(local).look(endless);

	t.false(result.sound);
	t.regex(result.detail ?? '', /did not answer on .* within 1\.5 s/);
});

test('a tailscaled that is not there is sick', async t => {
	const result = await checkOf({socket: '/nonexistent/tailscaled.sock'}).look(endless);

	t.like(result, {sound: false, facts: {}, addresses: []});
	t.regex(result.detail ?? '', /does not exist: start tailscaled/);
});

test('a tailscaled that hangs after the first question is sick', async t => {
	const local = await startLocalApi(t, {derpMap: 'silent'});

	const result = await checkOf(local).look(endless);

	t.false(result.sound);
	t.regex(result.detail ?? '', /stopped answering/);
});

test('many looks at once are one', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map});
	const check = checkOf(local);

	const results = await Promise.all(Array.from({length: 50}, () => check.look(endless)));

	t.true(results.every(result => result.sound));
	t.deepEqual(local.calls, ['GET /localapi/v0/status?peers=false', 'GET /localapi/v0/derpmap']);
});

test('a quick look asks tailscaled alone, until a full one found the network gone', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: deadRelay, ping: () => 'silent'});
	const check = checkOf(local);

	t.true((await check.look(endless, 'quick')).sound);
	t.deepEqual(local.calls, ['GET /localapi/v0/status?peers=false']);

	t.false((await check.look(endless)).sound);
	t.false((await check.look(endless, 'quick')).sound, 'it does not forget');

	local.derpMap = relay.map;
	await until(async () => (await check.look(endless, 'quick')).sound);
});

test('who stops waiting is not kept', async t => {
	const local = await startLocalApi(t, {status: 'silent'});
	const controller = new AbortController();
	const look = checkOf(local).look(controller.signal);

	const reason = new Error('over');
	controller.abort(reason);

	t.is(await t.throwsAsync(look), reason);
});
