import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import type {AddressInfo, Socket} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {judgeExpectation} from '../../../src/engine/turn-round.ts';
import type {Outcome, Reading} from '../../../src/engine/types.ts';
import {derp} from '../../../src/probes/derp.ts';
import {dns} from '../../../src/probes/dns.ts';
import {http} from '../../../src/probes/http.ts';
import {httpWarm} from '../../../src/probes/http-warm.ts';
import {icmp, readTimes} from '../../../src/probes/icmp.ts';
import {findProbe, probes} from '../../../src/probes/registry.ts';
import {tcp} from '../../../src/probes/tcp.ts';
import {aCheck, anOutcome} from '../../helpers/checks.ts';
import {probeAnswer, serveDerp} from '../../helpers/derp-server.ts';
import {answerTo, serveDns} from '../../helpers/dns-answers.ts';
import {startLocalApi} from '../../helpers/localapi-server.ts';
import {type Circumstances, measure} from '../../helpers/probing.ts';
import {type BareServer, caFile, closedPort, httpAnswer, saying, serve, serveTls} from '../../helpers/servers.ts';
import {socks5Reply, startSocks5} from '../../helpers/socks5-server.ts';
import {serveStun} from '../../helpers/stun-server.ts';
import {serveWebSocket} from '../../helpers/websocket-servers.ts';

type Case = (t: ExecutionContext) => Promise<Reading>;

interface Cases {
	/** As a service in order would. */
	answering: Case;
	/** Something is there, and says the wrong thing or nothing. */
	wrong: Case;
	/** Nothing is there. */
	silent: Case;
}

const trusting = {tls_config: {ca_file: caFile}};
const mute = (t: ExecutionContext) => serve(t, {onConnection: socket => void socket.resume()});
const soon = {deadlineMs: 300, place: {timeoutMs: 300}};

/** Over a port of loopback. */
function overTcp(type: string, shape: (port: number) => string, good: Case): Cases {
	const probe = findProbe(type);
	if (!probe) throw new Error(`there is no probe ${type}`);
	const options = type === 'dns' ? {transport_protocol: 'tcp', query_name: 'a'} : {};
	return {
		answering: good,
		wrong: async t => measure(probe, shape((await mute(t)).port), options, soon),
		silent: async () => measure(probe, shape(await closedPort()), options),
	};
}

const cases: Record<string, Cases> = {
	tunnel: {
		answering: async t => ping(t, {}),
		wrong: async t =>
			ping(t, {ping: type => (type === 'disco' ? {NodeIP: '100.64.0.1', LatencySeconds: 0.01} : 'silent')}),
		silent: async t => ping(t, {ping: () => ({Err: 'no matching peer'})}),
	},
	http: overTcp('http', url('http'), async t => measure(http, url('http')(await ok(t)))),
	http_warm: overTcp('http_warm', url('http'), async t => measure(httpWarm, url('http')(await ok(t)))),
	tcp: {
		...overTcp('tcp', at, async t => measure(tcp, at(await ok(t)))),
		wrong: async t => measure(tcp, at((await mute(t)).port), {query_response: [{expect: '^220'}]}, soon),
	},
	tls: overTcp('tls', at, async t =>
		measure(probeOf('tls'), `localhost:${(await serveTls(t, 'good', {})).port}`, trusting),
	),
	ws: overTcp('ws', url('ws'), async t => measure(probeOf('ws'), url('ws')((await serveWebSocket(t)).port))),
	icmp: {
		answering: async () => pings([0.01, 0.01]),
		wrong: async () => pings([undefined, 0.01], 0.1),
		silent: async () => pings([undefined, undefined]),
	},
	dns: {
		...overTcp('dns', at, async t =>
			measure(dns, at((await serveDns(t, {onDatagram: asked => [answerTo(asked, [])]})).port), {query_name: 'a.test'}),
		),
		// A datagram that answers nothing.
		wrong: async t =>
			measure(dns, at((await serveDns(t, {onDatagram: () => [Buffer.from('?')]})).port), {query_name: 'a.test'}, soon),
	},
	stun: {
		answering: async t => measure(probeOf('stun'), at((await serveStun(t)).port)),
		wrong: async t => measure(probeOf('stun'), at((await serveStun(t, () => [Buffer.from('?')])).port), {}, soon),
		silent: async () => measure(probeOf('stun'), at(await closedUdpPort()), {}, soon),
	},
	derp: overTcp('derp', url('http'), async t => measure(derp, url('http')((await serveDerp(t)).port))),
};

test('every probe type is in these tests', t => {
	t.deepEqual(
		Object.keys(cases),
		// One that looks at its own machine reaches nobody.
		probes.filter(({address}) => address !== 'self').map(({type}) => type),
	);
});

for (const [type, {answering, wrong, silent}] of Object.entries(cases)) {
	test(`${type}: what answers is reachable, rightly or wrongly, and a closed port is not`, async t => {
		const right = await answering(t);
		const odd = await wrong(t);
		const none = await silent(t);

		t.true(right.ok, right.detail);
		t.false(odd.ok && type !== 'tunnel', 'it was to be wrong');
		t.false(none.ok);
		t.deepEqual([right, odd, none].map(turned), ['expected_unreachable', 'expected_unreachable', 'up'], none.detail);
	});
}

test('a port for datagrams that says nothing is not reachable', async t => {
	const server = await serveDns(t, {});

	t.is(turned(await measure(dns, at(server.port), {query_name: 'a.test'}, soon)), 'up');
});

test('what redirects to a port that is closed has answered', async t => {
	const elsewhere = `http://127.0.0.1:${await closedPort()}/`;
	const server = await serve(t, saying(httpAnswer('302 Found', '', [`Location: ${elsewhere}`])));

	const reading = await measure(http, url('http')(server.port));

	t.like(reading, {ok: false, reason: 'refused', facts: {phase: 'connect'}});
	t.is(turned(reading), 'expected_unreachable');
});

test('what answers by UDP that it wants to be asked by TCP has answered, though that is closed', async t => {
	const port = await truncatingServer(t);

	const reading = await measure(dns, at(port), {query_name: 'a.test'});

	t.like(reading, {ok: false, reason: 'refused', facts: {phase: 'connect', truncated: 'true'}});
	t.is(turned(reading), 'expected_unreachable');
});

test('a relay that refuses the second connection has answered', async t => {
	let open: BareServer | undefined;
	const server = await serveDerp(t, {
		onProbe(socket) {
			// Nothing listens any more when the answer is read.
			open?.close?.();
			socket.end(probeAnswer);
		},
	});
	open = server;

	const reading = await measure(derp, url('http')(server.port));

	t.like(reading, {ok: false, reason: 'refused', facts: {probe: 'ok', phase: 'connect'}});
	t.is(turned(reading), 'expected_unreachable');
});

test('a connection that the SOCKS5 proxy opened is one to the target, and one to the proxy is none', async t => {
	const server = await mute(t);
	const tailnet = {prefixes: ['127.0.0.0/8'], dnsServer: '127.0.0.1:1', overheadObjectiveSeconds: 0.01};
	const through = (socks5: string): Circumstances => ({target: {via: 'tailnet'}, place: {socks5, tailnet}});
	const opening = await startSocks5(t);
	const refusing = await startSocks5(t, {onRequest: socks5Reply(5)});

	const opened = await measure(
		tcp,
		at(server.port),
		{query_response: [{expect: 'x'}]},
		{
			...through(opening.address),
			deadlineMs: 2000,
		},
	);
	const refused = await measure(tcp, at(server.port), {}, through(refusing.address));

	t.is(opened.reason, 'timeout');
	t.deepEqual([opened, refused].map(turned), ['expected_unreachable', 'up']);
});

test('a kept connection that breaks proves nothing once nothing listens there any more', async t => {
	const server = await serve(t, {onConnection: socket => void socket.on('data', () => answerOnce(socket))});
	const address = url('http')(server.port);
	const target = {name: 'kept', address, via: 'direct', peer: ''} as const;
	let asked = 0;

	const first = await measure(httpWarm, address, {}, {target});
	const second = await measure(httpWarm, address, {}, {target});

	t.is(turned(first), 'expected_unreachable');
	t.is(asked, 2);
	t.like(second, {ok: false, reason: 'refused', facts: {connection: 'reopened'}});
	t.is(turned(second), 'up');

	function answerOnce(socket: Socket): void {
		asked++;
		if (asked === 1) socket.write(kept);
		else {
			server.close?.();
			socket.destroy();
		}
	}
});

const kept = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

/** What a check that expects nothing there makes of it. */
function turned(reading: Reading): Outcome['verdict'] | Outcome['reason'] {
	const {ok, reason, detail} = reading;
	const down = ok ? {} : {reason: reason ?? 'protocol', detail: detail ?? ''};
	const outcome = anOutcome({verdict: ok ? 'up' : 'down', ...down, reading});
	const {verdict, reason: why} = judgeExpectation(aCheck({expect: 'unreachable'}), outcome);
	return verdict === 'up' ? verdict : why;
}

function probeOf(type: string) {
	const probe = findProbe(type);
	if (!probe) throw new Error(`there is no probe ${type}`);
	return probe;
}

function at(port: number): string {
	return `127.0.0.1:${port}`;
}

function url(scheme: string): (port: number) => string {
	return port => `${scheme}://127.0.0.1:${port}`;
}

async function ok(t: ExecutionContext): Promise<number> {
	return (await serve(t, saying(httpAnswer('200 OK')))).port;
}

async function ping(t: ExecutionContext, over: Parameters<typeof startLocalApi>[1]): Promise<Reading> {
	const {socket} = await startLocalApi(t, over);
	const place = {tailscaled: socket, timeoutMs: 1000};
	return measure(probeOf('tunnel'), '100.64.0.1', {ping_interval: '10ms'}, {target: {via: 'tailnet'}, place});
}

async function pings(times: readonly (number | undefined)[], maxLoss?: number): Promise<Reading> {
	const check = aCheck({type: icmp.type, options: {max_loss: maxLoss}});
	return readTimes(check, {address: '127.0.0.1', family: 4, by: 'literal', seconds: 0}, times);
}

async function closedUdpPort(): Promise<number> {
	const socket = createSocket('udp4').bind(0, '127.0.0.1');
	await once(socket, 'listening');
	const {port} = socket.address();
	socket.close();
	await once(socket, 'close');
	return port;
}

/** Says by UDP that the answer did not fit, and nothing by TCP. */
async function truncatingServer(t: ExecutionContext): Promise<number> {
	const socket = createSocket('udp4').bind(0, '127.0.0.1');
	await once(socket, 'listening');
	socket.on('message', (question, from) => {
		const answer = answerTo(question, []);
		answer[2] = (answer[2] ?? 0) | 2;
		socket.send(answer, from.port, from.address);
	});
	t.teardown(() => void socket.close());
	return (socket.address() as AddressInfo).port;
}
