import {networkInterfaces} from 'node:os';
import test from 'ava';
import {tcp} from '../../src/probes/tcp.ts';
import {startDnsServer} from '../helpers/dns-server.ts';
import {isDown, measure, testPlace} from '../helpers/probing.ts';
import {allClosed, closedPort, serve} from '../helpers/servers.ts';

const hasIpv6 = Object.values(networkInterfaces())
	.flat()
	.some(one => one?.address === '::1');

test('a port that accepts is up, with its phases', async t => {
	const server = await serve(t, {});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`);

	t.true(reading.ok);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect']);
	t.deepEqual(reading.facts, {
		address: '127.0.0.1',
		family: '4',
		resolved_by: 'literal',
		answered: 'true',
		phase: 'connect',
	});
});

test('the connection is closed again', async t => {
	const server = await serve(t, {});

	await measure(tcp, `127.0.0.1:${server.port}`);

	await allClosed(server);
	t.is(server.open.size, 0);
});

(hasIpv6 ? test : test.skip)('an IPv6 address goes in brackets', async t => {
	const server = await serve(t, {}, '::1');

	const reading = await measure(tcp, `[::1]:${server.port}`);

	t.like(reading, {ok: true, facts: {address: '::1', family: '6'}});
});

test('a name of the tailnet is resolved by MagicDNS', async t => {
	const server = await serve(t, {});
	const dns = await startDnsServer({'livekit.tail.test': ['127.0.0.1']});
	t.teardown(dns.close);
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8'], dnsServer: dns.address};

	const reading = await measure(tcp, `livekit:${server.port}`, {}, {target: {via: 'tailnet'}, place: {tailnet}});

	t.like(reading, {ok: true, facts: {resolved_by: 'magicdns'}});
});

test('a closed port is refused', async t => {
	const port = await closedPort();

	const reading = await measure(tcp, `127.0.0.1:${port}`);

	t.like(reading, {ok: false, reason: 'refused', facts: {phase: 'connect'}});
	t.regex(
		reading.detail ?? '',
		/^TCP 127\.0\.0\.1:\d+ failed after [\d.]+ ms, connecting to 127\.0\.0\.1: the connection was refused/,
	);
});

test('an address that may not be dialled is refused before connecting, and the sentence says what to do', async t => {
	const loopback = await measure(tcp, '127.0.0.1:7880', {}, {place: {allowLoopback: false}});
	const outside = await measure(tcp, '127.0.0.1:7880', {}, {target: {only: ['100.64.0.0/10']}});

	const wanted = {reason: 'forbidden', phase: 'resolve'} as const;
	isDown(t, loopback, {...wanted, detail: /, before connecting: .* use the machine's own address, with via: direct$/});
	isDown(t, outside, {...wanted, detail: /, before connecting: .* ad hoc \(adhoc\.allow: 100\.64\.0\.0\/10\)$/});
});

test('a name that does not exist fails in resolving', async t => {
	const dns = await startDnsServer({});
	t.teardown(dns.close);
	const tailnet = {...testPlace.tailnet, dnsServer: dns.address};

	const reading = await measure(tcp, 'nobody:22', {}, {target: {via: 'tailnet'}, place: {tailnet}});

	t.like(reading, {ok: false, reason: 'resolve', facts: {phase: 'resolve'}});
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve']);
});

test('a resolver that is silent until the deadline is a timeout in resolving', async t => {
	const dns = await startDnsServer({'livekit.tail.test': 'silent'});
	t.teardown(dns.close);
	const tailnet = {...testPlace.tailnet, dnsServer: dns.address};
	const deadline = new AbortController();
	const running = measure(tcp, 'livekit:22', {}, {target: {via: 'tailnet'}, place: {tailnet}, signal: deadline.signal});

	deadline.abort(new DOMException('the deadline passed', 'TimeoutError'));

	t.like(await running, {ok: false, reason: 'timeout', facts: {phase: 'resolve'}});
});

test('a run that is stopped rejects with the reason', async t => {
	const server = await serve(t, {});
	const stop = new AbortController();
	const running = measure(tcp, `127.0.0.1:${server.port}`, {}, {signal: stop.signal});

	stop.abort(new Error('tailprobe is ending'));

	await t.throwsAsync(running, {message: 'tailprobe is ending'});
});

test('loopback is forbidden where the place does not allow it', async t => {
	const server = await serve(t, {});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {}, {place: {allowLoopback: false}});

	t.is(reading.reason, 'forbidden');
	t.is(server.accepted, 0);
});

test('a target that is written to deceive is forbidden', async t => {
	t.is((await measure(tcp, '0x7f.1:22')).reason, 'forbidden');
});
