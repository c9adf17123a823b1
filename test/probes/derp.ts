import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {z} from 'zod';
import {type DerpOptions, derpOptions} from '../../src/probes/derp/options.ts';
import {derp} from '../../src/probes/derp.ts';
import {type DerpManners, frame, greet, needsUpgrade, serveDerp, serverKey, switching} from '../helpers/derp-server.ts';
import {isDown, measure, passSoon, type Wanted} from '../helpers/probing.ts';
import {allClosed, caFile, closedPort, httpAnswer} from '../helpers/servers.ts';

test('a relay that answers both is up, over two connections that are closed again', async t => {
	const server = await serveDerp(t);

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing', 'transfer']);
	t.deepEqual(Object.keys(reading.values).sort(), ['probe_seconds', 'probe_up', 'upgrade_seconds', 'upgrade_up']);
	t.like(reading.values, {probe_up: 1, upgrade_up: 1});
	t.like(reading.facts, {probe: 'ok', upgrade: 'ok', derp_version: '2', server_key: 'abababab…', phase: 'transfer'});
	t.is(server.accepted, 2);
	await allClosed(server);
});

test('over TLS both connections shake hands', async t => {
	const server = await serveDerp(t, {}, 'good');

	const reading = await measure(derp, `https://localhost:${server.port}`, {tls_config: {ca_file: caFile}});

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls', 'processing', 'transfer']);
	t.is(typeof reading.values.tls_earliest_cert_expiry_seconds, 'number');
	t.deepEqual(server.names, ['localhost', 'localhost']);
});

test('a wrong certificate ends it at the first step', async t => {
	const server = await serveDerp(t, {}, 'other-host');

	const reading = await measure(derp, `https://localhost:${server.port}`, {tls_config: {ca_file: caFile}});

	isDown(t, reading, {
		reason: 'tls',
		phase: 'tls',
		detail: /^DERP https:\/\/localhost:\d+ failed .* not for localhost/,
	});
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls']);
	t.like(reading.values, {probe_up: 0});
	t.false('upgrade_up' in reading.values);
});

test('the greeting may come in pieces', async t => {
	const server = await serveDerp(t, {
		async onUpgrade(socket) {
			const bytes = Buffer.concat([Buffer.from(switching), serverKey()]);
			// One after the other: a busy machine may fire timers of different lengths out of turn.
			for (let at = 0; at < bytes.length; at += 7) {
				await wait(1);
				socket.write(bytes.subarray(at, at + 7));
			}
		},
	});

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
});

test('a frame that says more behind the key is taken', async t => {
	const server = await serveDerp(t, {
		onUpgrade(socket) {
			socket.write(switching);
			socket.write(frame(1, Buffer.concat([serverKey().subarray(5), Buffer.alloc(10)])));
		},
	});

	t.true((await measure(derp, `http://127.0.0.1:${server.port}`)).ok);
});

test('other paths can be asked', async t => {
	const server = await serveDerp(t);

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`, {path: '/relay', probe_path: '/derp/probe'});

	isDown(t, reading, {reason: 'status', phase: 'transfer', detail: /the upgrade of \/relay was answered with 404/});
});

const upgradeFails = test.macro(async (t, onUpgrade: NonNullable<DerpManners['onUpgrade']>, wanted: Wanted) => {
	const deadline = new AbortController();
	const server = await serveDerp(t, {
		onUpgrade(socket) {
			onUpgrade(socket);
			if (wanted.reason === 'timeout') passSoon(deadline);
		},
	});

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`, {}, {signal: deadline.signal});

	isDown(t, reading, wanted);
	t.like(reading.values, {probe_up: 1, upgrade_up: 0});
	t.like(reading.facts, {probe: 'ok', upgrade: wanted.reason});
	t.false('upgrade_seconds' in reading.values);
	await allClosed(server);
});

test('a proxy that drops Upgrade', upgradeFails, socket => void socket.end(needsUpgrade), {
	reason: 'status',
	phase: 'transfer',
	detail:
		/the upgrade of \/derp was answered with 426 Upgrade Required "DERP requires connection upgrade"; wanted 101: a proxy before headscale drops Upgrade/,
});
test('a proxy that answers 200', upgradeFails, socket => void socket.end(httpAnswer('200 OK', '<html>')), {
	reason: 'status',
	phase: 'transfer',
	detail: /answered with 200 OK "<html>"; wanted 101: a proxy before headscale drops Upgrade/,
});
test('a proxy that finds no headscale', upgradeFails, socket => void socket.end(httpAnswer('502 Bad Gateway')), {
	reason: 'status',
	phase: 'transfer',
	detail: /502 Bad Gateway; wanted 101: a proxy could not reach headscale/,
});
test(
	'an upgrade to something else',
	upgradeFails,
	socket => void socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
	{reason: 'protocol', phase: 'transfer', detail: /\/derp was upgraded to "websocket"; wanted DERP/},
);
test('silence before the upgrade', upgradeFails, () => {}, {
	reason: 'timeout',
	phase: 'processing',
	detail: /not done at the deadline/,
});
test('silence after the upgrade', upgradeFails, socket => void socket.write(switching), {
	reason: 'timeout',
	phase: 'transfer',
	detail: /not done at the deadline, .* reading the answer of 127\.0\.0\.1$/,
});
test('half a greeting', upgradeFails, sayAfter(serverKey().subarray(0, 30)), {
	reason: 'timeout',
	phase: 'transfer',
	detail: /not done at the deadline/,
});
test('a close after the upgrade', upgradeFails, socket => void socket.end(switching), {
	reason: 'reset',
	phase: 'transfer',
	detail: /closed after the upgrade, before the relay said who it is/,
});
test('garbage after the upgrade', upgradeFails, sayAfter(Buffer.from('hello, is this a relay?')), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /after the upgrade came a frame of type 104 with \d+ bytes; a relay sends its key first/,
});
test('a frame without end', upgradeFails, sayAfter(frame(1, Buffer.alloc(40), 0xffffffff)), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /a frame of type 1 with 4294967295 bytes/,
});
test('a frame that is too short for a key', upgradeFails, sayAfter(frame(1, Buffer.from('DERP🔑'))), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /a frame of type 1 with 8 bytes/,
});
test('another frame first', upgradeFails, sayAfter(frame(6, Buffer.alloc(0))), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /a frame of type 6 with 0 bytes/,
});
test('a key without the mark', upgradeFails, sayAfter(frame(1, Buffer.alloc(40))), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /a key without the mark of DERP/,
});
test('something else than HTTP', upgradeFails, socket => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'), {
	reason: 'protocol',
	phase: 'transfer',
	detail: /is not HTTP\/1: it begins with "SSH/,
});
test(
	'a bomb of headers',
	upgradeFails,
	socket => void socket.write(`HTTP/1.1 101 X\r\n${'X-A: b\r\n'.repeat(20_000)}`),
	{
		reason: 'protocol',
		phase: 'transfer',
		detail: /more than 16384 bytes of headers/,
	},
);
test('a close before any answer', upgradeFails, socket => void socket.end(), {
	reason: 'reset',
	phase: 'processing',
	detail: /closed before any answer/,
});

const probeFails = test.macro(async (t, answer: string, wanted: Wanted) => {
	const server = await serveDerp(t, {onProbe: socket => void socket.end(answer)});

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`);

	isDown(t, reading, wanted);
	t.like(reading.values, {probe_up: 0, upgrade_up: 1});
	t.like(reading.facts, {probe: wanted.reason, upgrade: 'ok'});
});

test('a server without a relay', probeFails, httpAnswer('404 Not Found'), {
	reason: 'status',
	phase: 'transfer',
	detail: /\/derp\/probe was answered with 404 Not Found; wanted 200: is derp\.server\.enabled set/,
});
test('a redirect', probeFails, httpAnswer('301 Moved', '', ['Location: https://other.example/']), {
	reason: 'status',
	phase: 'transfer',
	detail: /\/derp\/probe redirects to "https:\/\/other\.example\/": .* aim the check there/,
});
test('a page that answers every path', probeFails, httpAnswer('200 OK', '<html>', ['Access-Control-Allow-Origin: *']), {
	reason: 'content',
	phase: 'transfer',
	detail: /answered with 200, but with a body: no relay does that/,
});
test('an empty answer that is not of a relay', probeFails, httpAnswer('200 OK'), {
	reason: 'content',
	phase: 'transfer',
	detail: /without Access-Control-Allow-Origin/,
});

test('nothing listens', async t => {
	const port = await closedPort();

	const reading = await measure(derp, `http://127.0.0.1:${port}`);

	isDown(t, reading, {reason: 'refused', phase: 'connect', detail: /connecting to 127\.0\.0\.1/});
});

test('silence at the first step', async t => {
	const deadline = new AbortController();
	const server = await serveDerp(t, {onProbe: () => passSoon(deadline)});

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`, {}, {signal: deadline.signal});

	isDown(t, reading, {reason: 'timeout', phase: 'processing', detail: /not done at the deadline/});
	t.like(reading.values, {probe_up: 0});
	t.is(server.accepted, 1);
	await allClosed(server);
});

test('a run that is stopped rejects with the reason, and leaves no connection', async t => {
	const stop = new AbortController();
	const server = await serveDerp(t, {onUpgrade: () => stop.abort(new Error('ending'))});

	await t.throwsAsync(measure(derp, `http://127.0.0.1:${server.port}`, {}, {signal: stop.signal}), {message: 'ending'});

	await allClosed(server);
});

test('loopback is forbidden where the place does not allow it', async t => {
	const server = await serveDerp(t, {onUpgrade: greet});

	const reading = await measure(derp, `http://127.0.0.1:${server.port}`, {}, {place: {allowLoopback: false}});

	t.is(reading.reason, 'forbidden');
	t.is(server.accepted, 0);
});

test('a target is an origin, and paths are options', t => {
	t.is(derp.form?.faultOf('https://headscale.example.com'), undefined);
	t.is(derp.form?.faultOf('https://headscale.example.com:8443/'), undefined);
	t.regex(derp.form?.faultOf('https://headscale.example.com/derp') ?? '', /paths go into path and probe_path/);
	t.regex(derp.form?.faultOf('wss://headscale.example.com') ?? '', /^expected a target such as https/);
	t.false(derp.options(z).safeParse({path: 'derp'}).success);
	t.false(derp.options(z).safeParse({path: '/derp HTTP/1.1'}).success);
});

test('an ad hoc target sees no client certificate', t => {
	const options = derpOptions(z).parse({tls_config: {cert_file: '/c', key_file: '/k'}});

	const harmless = derp.harmless?.(options) as DerpOptions;

	t.deepEqual(harmless.tls_config, {insecure_skip_verify: false});
});

function sayAfter(bytes: Buffer): NonNullable<DerpManners['onUpgrade']> {
	return socket => {
		socket.write(switching);
		socket.write(bytes);
	};
}
