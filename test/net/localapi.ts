import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {createLocalApi, LocalApiError, statusOf} from '../../src/net/localapi.ts';
import {recorded, startLocalApi} from '../helpers/localapi-server.ts';

const endless = new AbortController().signal;

test('a recorded status is read: our own state, and the peers with their names and addresses', async t => {
	const {socket} = await startLocalApi(t);

	const status = await createLocalApi(socket).status({peers: true}, endless);

	t.like(status, {backendState: 'Running', tun: true, magicDnsSuffix: 'tail.ozzu.world', health: []});
	t.deepEqual(status.self, {
		hostName: 'prober',
		dnsName: 'prober.tail.ozzu.world',
		addresses: ['100.64.0.5', 'fd7a:115c:a1e0::5'],
		online: true,
		relay: 'lab',
		curAddr: '',
		peerRelay: '',
		expired: false,
	});
	t.deepEqual(status.peers.map(peer => peer.dnsName).toSorted(), [
		'june-gpu-00000001.tail.ozzu.world',
		'june-gpu-00000002.tail.ozzu.world',
		'june-orchestrator.tail.ozzu.world',
		'livekit.tail.ozzu.world',
	]);
});

test('peers are left out where they are not wanted', async t => {
	const local = await startLocalApi(t);

	const status = await createLocalApi(local.socket).status({peers: false}, endless);

	t.deepEqual(status.peers, []);
	t.deepEqual(local.calls, ['GET /localapi/v0/status?peers=false']);
});

test('a tailscaled before its first login says null in many places', async t => {
	const status = {
		BackendState: 'NeedsLogin',
		TUN: true,
		TailscaleIPs: null,
		Self: {HostName: 'prober', TailscaleIPs: null, Online: false},
		Health: null,
		CurrentTailnet: null,
		Peer: null,
	};
	const {socket} = await startLocalApi(t, {status});

	const read = await createLocalApi(socket).status({peers: true}, endless);

	t.like(read, {backendState: 'NeedsLogin', magicDnsSuffix: '', health: [], peers: []});
	t.deepEqual(read.self?.addresses, []);
});

test('what has another shape than expected is left out, and texts are bounded', async t => {
	const status = {
		BackendState: 'Running',
		Version: 'x'.repeat(500),
		Health: ['bad\nline', 7, null],
		Peer: {
			a: 'no object',
			b: {DNSName: 5, TailscaleIPs: ['100.64.0.9', '010.0.0.1', {}], Online: 'yes', CurAddr: ['x']},
		},
	};
	const {socket} = await startLocalApi(t, {status});

	const read = await createLocalApi(socket).status({peers: true}, endless);

	t.is(read.version.length, 60);
	t.deepEqual(read.health, ['bad line', '', '']);
	t.like(read.peers[1], {dnsName: '', online: false, curAddr: ''});
	t.deepEqual(read.peers[1]?.addresses, ['100.64.0.9']);
});

for (const [type, file, expected] of [
	['disco', 'ping-disco-direct', {seconds: 0.000313527, error: '', endpoint: '10.77.0.3:41641', derpRegion: ''}],
	['disco', 'ping-disco-derp', {seconds: 0.000675187, error: '', endpoint: '', derpRegion: 'lab'}],
	['TSMP', 'ping-tsmp', {seconds: 0.000980473, error: '', endpoint: '', derpRegion: ''}],
	['ICMP', 'ping-icmp', {seconds: 0.000772412, error: ''}],
	['disco', 'ping-no-peer', {seconds: undefined, error: 'no matching peer'}],
	['disco', 'ping-expired', {seconds: undefined, error: "peer's node key has expired"}],
	['disco', 'ping-self', {seconds: undefined, error: '100.64.0.5 is local Tailscale IP'}],
] as const) {
	test(`a recorded ping is read: ${file}`, async t => {
		const local = await startLocalApi(t, {ping: () => recorded(file)});

		const answer = await createLocalApi(local.socket).ping('fd7a:115c:a1e0::3', type, endless);

		t.like(answer, expected);
		t.deepEqual(local.calls, [`POST /localapi/v0/ping?ip=fd7a%3A115c%3Aa1e0%3A%3A3&type=${type}`]);
	});
}

test('a disco ping can be made as large as a full packet', async t => {
	const local = await startLocalApi(t);

	await createLocalApi(local.socket).ping('100.64.0.3', 'disco', endless, 1340);

	t.deepEqual(local.calls, ['POST /localapi/v0/ping?ip=100.64.0.3&type=disco&size=1340']);
});

test('the relay map is read, with the port that tailscaled leaves out', async t => {
	const {socket} = await startLocalApi(t);
	const bare = await startLocalApi(t, {
		derpMap: {Regions: {1: {RegionCode: 'nyc', Nodes: [{HostName: 'derp1.example.'}]}, 2: {Nodes: null}}},
	});

	t.deepEqual(await createLocalApi(socket).derpMap(endless), [
		{code: 'lab', nodes: [{hostName: 'headscale.lab', ipv4: '10.77.0.2', port: 443}]},
	]);
	t.deepEqual(await createLocalApi(bare.socket).derpMap(endless), [
		{code: 'nyc', nodes: [{hostName: 'derp1.example', ipv4: '', port: 443}]},
		{code: '', nodes: []},
	]);
});

test('before the first login there is no relay map', async t => {
	const {socket} = await startLocalApi(t, {derpMap: {Regions: null}});

	t.deepEqual(await createLocalApi(socket).derpMap(endless), []);
});

const failures = {
	'403 says what rights are wanted': [
		{status: 403, body: 'access denied\n'},
		/refuses us \(403 "access denied"\): run/,
	],
	'another status is told': [
		{status: 500, body: 'boom'},
		/answered \/localapi\/v0\/status\?peers=false with 500 "boom"/,
	],
	'no JSON is told': [{status: 200, body: '<html>'}, /something else than JSON: "<html>"/],
	'a status without a state is told': [{}, /no BackendState/],
	'a hang-up is told': ['close', /gave no proper answer/],
} as const;
for (const [title, [status, message]] of Object.entries(failures)) {
	test(`an answer that is none: ${title}`, async t => {
		const {socket} = await startLocalApi(t, {status});

		await t.throwsAsync(createLocalApi(socket).status({peers: false}, endless), {instanceOf: LocalApiError, message});
	});
}

test('an answer that is too long is not read to its end', async t => {
	const {socket} = await startLocalApi(t, {ping: () => ({Err: 'x'.repeat(100_000)})});

	await t.throwsAsync(createLocalApi(socket).ping('100.64.0.1', 'disco', endless), {
		instanceOf: LocalApiError,
		message: /is longer than 65536 bytes/,
	});
});

test('a socket that is missing, dead or no socket is told with what to do', async t => {
	const directory = mkdtempSync(join(tmpdir(), 'localapi-'));
	t.teardown(() => rmSync(directory, {recursive: true}));
	const file = join(directory, 'file');
	writeFileSync(file, '');

	const ask = (path: string) => createLocalApi(path).status({peers: false}, endless);

	await t.throwsAsync(ask(join(directory, 'missing')), {
		instanceOf: LocalApiError,
		message: /missing cannot be used: it does not exist: start tailscaled, or share/,
	});
	await t.throwsAsync(ask(file), {instanceOf: LocalApiError, message: /nobody listens there/});
	await t.throwsAsync(ask(join(file, 'below')), {instanceOf: LocalApiError, message: /leads through a file/});
});

test('a tailscaled that accepts and never answers does not outlive the signal', async t => {
	const {socket, closed} = await frozen(t);
	const controller = new AbortController();
	const calls = [
		createLocalApi(socket).status({peers: false}, controller.signal),
		createLocalApi(socket).ping('100.64.0.1', 'TSMP', controller.signal),
	];

	const reason = new Error('over');
	setImmediate(() => controller.abort(reason));

	for (const call of calls) t.is(await t.throwsAsync(call), reason);
	await closed(2);
});

test('the shared status of a frozen tailscaled is given up, as LocalAPI failing and not as a deadline', async t => {
	const {socket} = await frozen(t);

	await t.throwsAsync(statusOf(socket, {peers: false}, endless), {
		instanceOf: LocalApiError,
		message: /did not answer on .* within 1\.5 s/,
	});
});

test('many who ask for the status at once make one call', async t => {
	const local = await startLocalApi(t);

	await Promise.all(Array.from({length: 20}, () => statusOf(local.socket, {peers: true}, endless)));

	t.deepEqual(local.calls, ['GET /localapi/v0/status']);
});

/** A socket that accepts and never answers; `closed` waits until so many connections were closed by the other side. */
async function frozen(t: ExecutionContext) {
	const directory = mkdtempSync(join(tmpdir(), 'localapi-'));
	const socket = join(directory, 'tailscaled.sock');
	const open = new Set<Socket>();
	let gone = 0;
	let heard = () => {};
	const server = createServer(connection => {
		open.add(connection);
		connection.resume();
		connection.on('close', () => {
			gone++;
			heard();
		});
	});
	await new Promise<void>(resolve => server.listen(socket, resolve));
	t.teardown(() => {
		for (const connection of open) connection.destroy();
		server.close();
		rmSync(directory, {recursive: true});
	});
	const closed = async (count: number) => {
		while (gone < count) await new Promise<void>(resolve => (heard = resolve));
	};
	return {socket, closed};
}

test('an answer that would block the thread is refused in a sentence', async t => {
	const status = `{"BackendState":"Running","Peer":${'['.repeat(9_000_000)}`;
	const local = await startLocalApi(t, {status: {status: 200, body: status}});

	const read = createLocalApi(local.socket);

	await t.throwsAsync(read.status({peers: true}, endless), {
		instanceOf: LocalApiError,
		message: /holds more than 64 levels, one in another: is the socket its own\?/,
	});
	await t.throwsAsync(read.status({peers: false}, endless), {message: /longer than 262144 bytes/});
});
