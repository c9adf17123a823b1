import {rename} from 'node:fs/promises';
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

/** How many peers were pinged. */
const pinged = ({calls}: LocalApiServer) =>
	new Set(calls.flatMap(call => /ping\?ip=([^&]+)/.exec(call)?.[1] ?? [])).size;

/** The recorded status as it is while WireGuard works, or of so many of its peers; `own` goes over what it says of ourselves. */
function withSessions(count = 4, own: Record<string, unknown> = {}): Record<string, unknown> {
	const status = recorded('status');
	const peers = Object.entries(status.Peer as Record<string, object>).slice(0, count);
	const LastHandshake = new Date().toISOString();
	return {
		...status,
		Self: {...(status.Self as object), ...own},
		Peer: Object.fromEntries(peers.map(([key, peer]) => [key, {...peer, LastHandshake}])),
	};
}

const onlyBeside: LocalApiServer['ping'] = type => (type === 'disco' ? recorded('ping-disco-direct') : 'silent');

test('a connected tailscaled whose relay answers is sound, and tells about itself', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map});

	const result = await checkOf(local).look(endless);

	const {identity, ...others} = result;
	t.is(identity?.nodeKey, 'nodekey:ec96221fc98ff217442e3bbc6975566828168a0d2f43a10a825c2eb01b02ec3b');
	t.deepEqual(others, {
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
		network: 'answers',
	});
	await until(() => relay.connections() === 1);
});

test('a tailscaled that made its socket anew, or has another key, is another; one whose socket was moved is the same', async t => {
	const local = await startLocalApi(t);
	const other = await startLocalApi(t, {status: {...recorded('status'), Self: {PublicKey: 'nodekey:new'}}});
	const identityNow = async () => (await checkOf(local).look(endless, 'quick')).identity;
	const before = await identityNow();

	await rename(local.socket, `${local.socket}.away`);
	t.is(await identityNow(), undefined);
	await rename(`${local.socket}.away`, local.socket);
	t.deepEqual(await identityNow(), before);

	await rename(other.socket, local.socket);
	const after = await identityNow();
	t.is(after?.nodeKey, 'nodekey:new');
	t.not(after?.process, before?.process);
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
	t.is(result.network, 'silent');
	t.like(result.facts, {backendState: 'Running', trouble: 'network-gone'});
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

	const asked = new Set(local.calls.flatMap(call => /ip=100\.64\.1\.(\d+)/.exec(call)?.[1] ?? []).map(Number));
	t.is(asked.size, 8);
	for (const at of [21, 22, 23, 24, 25, 26, 29]) t.true(asked.has(at), String(at));
	t.false(asked.has(20));
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

	t.like(result, {sound: false, facts: {trouble: 'tailscaled-silent'}, addresses: []});
	t.regex(result.detail ?? '', /does not exist: start tailscaled/);
});

test('a tailscaled that hangs after the first question is sick', async t => {
	const local = await startLocalApi(t, {derpMap: 'silent'});

	const result = await checkOf(local).look(endless);

	t.false(result.sound);
	t.regex(result.detail ?? '', /stopped answering/);
	t.is(result.facts.trouble, 'tailscaled-silent');
});

test('many looks at once are one', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map});
	const check = checkOf(local);

	const results = await Promise.all(Array.from({length: 50}, () => check.look(endless)));

	t.true(results.every(result => result.sound));
	const asked = (what: string) => local.calls.filter(call => call.includes(what)).length;
	t.deepEqual([asked('peers=false'), asked('derpmap'), asked('status') - asked('peers=false')], [1, 1, 1]);
});

test('three peers that are reached beside WireGuard and not through it: our own tailscaled lost its tunnels', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map, status: withSessions(), ping: onlyBeside});

	const result = await checkOf(local).look(endless);

	t.false(result.sound);
	t.is(
		result.detail,
		'None of 4 peers answers through WireGuard, though 4 can be reached beside it: our own tailscaled has lost its tunnels; restart it',
	);
	t.is(result.network, 'answers');
	t.is(result.facts.trouble, 'tunnels-lost');
});

test('one peer that answers through WireGuard proves it', async t => {
	const local = await startLocalApi(t, {
		status: withSessions(),
		ping: (type, address, nth) =>
			type === 'TSMP' && address === '100.64.0.3' ? recorded('ping-tsmp') : onlyBeside(type, address, nth),
	});

	t.true((await checkOf(local).look(endless)).sound);
});

test('two such peers are believed to be at fault themselves, unless our control server is gone as well', async t => {
	const relay = await aRelay(t);
	const connected = await startLocalApi(t, {derpMap: relay.map, status: withSessions(2), ping: onlyBeside});
	const cutOff = await startLocalApi(t, {
		derpMap: relay.map,
		status: withSessions(2, {Online: false}),
		ping: onlyBeside,
	});
	const single = await startLocalApi(t, {
		derpMap: relay.map,
		status: withSessions(1, {Online: false}),
		ping: onlyBeside,
	});

	t.true((await checkOf(connected).look(endless)).sound);
	t.true((await checkOf(single).look(endless)).sound);
	const result = await checkOf(cutOff).look(endless);
	t.false(result.sound);
	t.regex(result.detail ?? '', /restart it as soon as its control server answers$/);
});

test('peers that died all together answer nothing at all, and are no fault of ours', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map, status: withSessions(), ping: () => 'silent'});

	t.like(await checkOf(local).look(endless), {sound: true, network: 'answers'});
});

test('peers without a session are no evidence: their handshake may need longer than we wait', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map, ping: onlyBeside});

	t.true((await checkOf(local).look(endless)).sound);
});

test('lost tunnels stay lost when their sessions have grown old, until a peer answers through WireGuard', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map, status: withSessions(), ping: onlyBeside});
	const check = checkOf(local);
	t.false((await check.look(endless)).sound);

	local.status = recorded('status');
	const asked = local.calls.length;
	await until(async () => {
		t.false((await check.look(endless)).sound);
		return local.calls.slice(asked).some(call => call.includes('/ping'));
	});

	local.ping = type => recorded(type === 'TSMP' ? 'ping-tsmp' : 'ping-disco-direct');
	await until(async () => (await check.look(endless, 'quick')).sound);
});

test('who answered through WireGuard lately is asked first, and nobody else as long as it does', async t => {
	const local = await startLocalApi(t, {
		status: withSessions(),
		ping: (_type, address) => (address === '100.64.0.3' ? recorded('ping-tsmp') : 'silent'),
		derpMap: deadRelay,
	});
	const check = checkOf(local);
	await check.look(endless);

	const quick = 'GET /localapi/v0/status?peers=false';
	await until(async () => {
		await check.look(endless);
		return local.calls.filter(call => call === quick).length > 1;
	});

	const second = local.calls.slice(local.calls.lastIndexOf(quick));
	t.deepEqual(second, [quick, 'POST /localapi/v0/ping?ip=100.64.0.3&type=TSMP']);
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

test('a look from before a run began does not vouch for it', async t => {
	const relay = await aRelay(t);
	const local = await startLocalApi(t, {derpMap: relay.map});
	const selfCheck = checkOf(local);
	t.true((await selfCheck.look(endless)).sound);

	local.status = {...withSessions(), BackendState: 'Stopped'};
	const cached = await selfCheck.look(endless);
	const anew = await selfCheck.look(endless, 'full', performance.now());

	t.true(cached.sound);
	t.false(anew.sound);
});
