import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {createServer} from 'node:tls';
import test from 'ava';
import type {Answer} from 'dns-packet';
import {z} from 'zod';
import {type DnsOptions, dnsOptions} from '../../src/probes/dns/options.ts';
import {dns} from '../../src/probes/dns.ts';
import {allLetGo, answerTo, framed, serveDns, serving} from '../helpers/dns-answers.ts';
import {startDnsServer} from '../helpers/dns-server.ts';
import {recorded, slowly, startLocalApi} from '../helpers/localapi-server.ts';
import {type Circumstances, isDown, measure, testPlace} from '../helpers/probing.ts';
import {caFile, closedPort, type serve} from '../helpers/servers.ts';

const livekit: Answer = {type: 'A', name: 'livekit.tail.test', ttl: 600, data: '100.64.0.7'};

test('an answer over UDP is up, with its records, its code and its phases', async t => {
	const server = await serving(t, [livekit], {authorities: [{type: 'NS', name: 'test', ttl: 1, data: 'ns.test'}]});

	const reading = await measure(dns, `127.0.0.1:${server.port}`, {query_name: 'livekit.tail.test', query_type: 'a'});

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'processing']);
	t.deepEqual(reading.values, {
		query_succeeded: 1,
		rcode: 0,
		answer_rrs: 1,
		authority_rrs: 1,
		additional_rrs: 0,
	});
	t.deepEqual(reading.facts, {
		query: 'A livekit.tail.test',
		address: '127.0.0.1',
		family: '4',
		resolved_by: 'literal',
		transport: 'udp',
		answered: 'true',
		rcode: 'NOERROR',
		answer: '100.64.0.7',
		phase: 'processing',
	});
	t.is(server.datagrams.length, 1);
});

test('a URI names the question, and asks for A unless it says otherwise', async t => {
	const server = await serving(t, [livekit]);

	const plain = await measure(dns, `dns://127.0.0.1:${server.port}/livekit.tail.test`);
	const typed = await measure(dns, `dns://127.0.0.1:${server.port}/livekit.tail.test?type=aaaa`, {query_type: 'MX'});
	const chosen = await measure(dns, `dns://127.0.0.1:${server.port}/livekit.tail.test`, {query_type: 'MX'});

	t.is(plain.facts.query, 'A livekit.tail.test');
	t.is(typed.facts.query, 'AAAA livekit.tail.test');
	t.is(chosen.facts.query, 'MX livekit.tail.test');
});

test('a plain server is asked for ANY, as blackbox_exporter does', async t => {
	const server = await serving(t, [livekit]);

	const reading = await measure(dns, `127.0.0.1:${server.port}`, {query_name: 'livekit.tail.test.'});

	t.is(reading.facts.query, 'ANY livekit.tail.test.');
});

test('without any name there is nothing to ask', async t => {
	const reading = await measure(dns, '127.0.0.1:53');

	t.is(reading.reason, 'forbidden');
	t.regex(reading.detail ?? '', /set query_name, or write the target as dns:\/\/SERVER\/NAME/);
});

test('over TCP the connection has a phase of its own and is closed again', async t => {
	const server = await serving(t, [livekit]);

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/livekit.tail.test`, {transport_protocol: 'tcp'});

	t.true(reading.ok, reading.detail);
	t.is(reading.facts.transport, 'tcp');
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing']);
	t.is(server.datagrams.length, 0);
	await allLetGo(server);
});

test('an answer that did not fit is asked for again over TCP', async t => {
	const server = await serveDns(t, {
		onDatagram: question => [answerTo(question, [], {flags: 0x0200 | 0x0180})],
		onStream: (socket, question) => void socket.write(framed(answerTo(question, [livekit]))),
	});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/livekit.tail.test`);

	t.true(reading.ok, reading.detail);
	t.like(reading.facts, {truncated: 'true', transport: 'tcp'});
	t.is(reading.values.answer_rrs, 1);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing']);
});

test('a SOA record tells its serial', async t => {
	const data = {mname: 'n.test', rname: 'h.test', serial: 77, refresh: 2, retry: 3, expire: 4, minimum: 5};
	const server = await serving(t, [{type: 'SOA', name: 'test', ttl: 1, data}]);

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/test?type=SOA`);

	t.is(reading.values.serial, 77);
});

const saysNo = test.macro(async (t, code: number, detail: RegExp) => {
	const server = await serving(t, [], {flags: code});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/nobody.tail.test`);

	isDown(t, reading, {reason: 'status', phase: 'processing', detail});
	t.is(reading.values.rcode, code);
	t.is(reading.values.query_succeeded, 1);
});

test(
	'NXDOMAIN',
	saysNo,
	3,
	/^DNS A nobody\.tail\.test at 127\.0\.0\.1 answered NXDOMAIN after [\d.]+ ms \(there is no such name\); wanted NOERROR$/,
);
test('SERVFAIL', saysNo, 2, /answered SERVFAIL after [\d.]+ ms \(it could not find out\)/);
test('REFUSED', saysNo, 5, /answered REFUSED/);

test('a code that the configuration wants is up', async t => {
	const server = await serving(t, [], {flags: 3});

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, {valid_rcodes: ['nxdomain', 'REFUSED']});

	t.true(reading.ok, reading.detail);
});

test('nothing listens', async t => {
	const port = await closedPort();

	const reading = await measure(dns, `dns://127.0.0.1:${port}/x.test`);

	isDown(t, reading, {reason: 'refused', phase: 'processing', detail: /nothing listens there/});
	t.is(reading.values.query_succeeded, 0);
});

test('silence is told before the deadline cuts the run off', async t => {
	const server = await serveDns(t, {onDatagram: () => []});

	const reading = await measure(
		dns,
		`dns://127.0.0.1:${server.port}/x.test`,
		{},
		{place: {timeoutMs: 1000}, deadlineMs: 975},
	);

	isDown(t, reading, {reason: 'timeout', phase: 'processing', detail: /: no answer came: /});
});

const asksPeers = test.macro(async (t, transport_protocol: string) => {
	const server = await serving(t, [livekit]);
	const local = await startLocalApi(t, {status: slowly(recorded('status'), 200)});

	const reading = await measure(
		dns,
		`dns://127.0.0.1:${server.port}/livekit.tail.test`,
		{expect_addresses: 'peers', transport_protocol},
		{place: {tailscaled: local.socket}},
	);

	const {phases = {}} = reading;
	t.is(reading.reason, 'content', reading.detail);
	t.is(local.calls.length, 1, local.calls.join());
	t.true(Object.values(phases).reduce((sum, seconds) => sum + seconds, 0) < 0.2, JSON.stringify(phases));
});

test.serial('asking tailscaled which addresses are right is in no phase', asksPeers, 'udp');
test.serial('nor is it when the question went over TCP', asksPeers, 'tcp');

test('the name of the server is resolved first', async t => {
	const names = await startDnsServer({'ns.tail.test': ['127.0.0.1']});
	t.teardown(names.close);
	const server = await serving(t, [livekit]);
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8'], dnsServer: names.address};
	const over: Circumstances = {target: {via: 'tailnet'}, place: {tailnet}};

	const reading = await measure(dns, `dns://ns:${server.port}/livekit.tail.test`, {}, over);
	const missing = await measure(dns, `dns://nobody:${server.port}/livekit.tail.test`, {}, over);

	t.like(reading, {ok: true, facts: {resolved_by: 'magicdns'}});
	isDown(t, missing, {reason: 'resolve', phase: 'resolve', detail: /nobody\.tail\.test does not exist/});
});

test('a short name is completed for MagicDNS, and for no other server', async t => {
	const server = await serving(t, [livekit]);
	const tailnet = {...testPlace.tailnet, dnsServer: `127.0.0.1:${server.port}`};
	const address = `dns://127.0.0.1:${server.port}/livekit`;

	const magic = await measure(dns, address, {}, {target: {via: 'tailnet'}, place: {tailnet}});
	const other = await measure(dns, address, {}, {place: {tailnet}});

	t.like(magic, {ok: true, facts: {query: 'A livekit.tail.test'}});
	t.like(other, {ok: true, facts: {query: 'A livekit'}});
});

test("MagicDNS's own address is asked only in the tailnet and only for names", async t => {
	const place = {tailnet: testPlace.tailnet, timeoutMs: 100};

	const direct = await measure(dns, 'dns://100.100.100.100/x.test', {}, {place});
	const otherPort = await measure(dns, 'dns://100.100.100.100:80/x.test', {}, {target: {via: 'tailnet'}, place});
	const asked = await measure(dns, 'dns://100.100.100.100/x.test', {}, {target: {via: 'tailnet'}, place});

	t.is(direct.reason, 'forbidden');
	t.is(otherPort.reason, 'forbidden');
	t.not(asked.reason, 'forbidden');
});

test('without a tunnel device neither datagrams enter the tailnet nor anything MagicDNS', async t => {
	const local = await startLocalApi(t, {status: {...recorded('status'), TUN: false}});
	const over: Circumstances = {target: {via: 'tailnet'}, place: {tailscaled: local.socket, socks5: '127.0.0.1:1'}};

	const datagram = measure(dns, 'dns://100.64.0.5/livekit', {}, over);
	const magic = measure(dns, 'dns://100.100.100.100/livekit', {transport_protocol: 'tcp'}, over);

	await t.throwsAsync(datagram, {
		name: 'CannotLookError',
		message: /UDP cannot enter the tailnet: ask with transport_protocol: tcp/,
	});
	await t.throwsAsync(magic, {name: 'CannotLookError', message: /its SOCKS5 proxy does not lead to MagicDNS either/});
});

test('a loopback server is forbidden where the place does not allow it', async t => {
	const server = await serving(t, [livekit]);

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/x.test`, {}, {place: {allowLoopback: false}});

	t.is(reading.reason, 'forbidden');
	t.is(server.datagrams.length, 0);
});

test('over TLS the certificate must be right', async t => {
	const good = await serveTlsDns(t, 'good');
	const other = await serveTlsDns(t, 'other-host');
	const options = {transport_protocol: 'tcp', dns_over_tls: true, tls_config: {ca_file: caFile}};

	const fine = await measure(dns, `dns://localhost:${good}/livekit.tail.test`, options);
	const wrong = await measure(dns, `dns://localhost:${other}/livekit.tail.test`, options);

	t.true(fine.ok, fine.detail);
	t.like(fine.facts, {transport: 'tls', tls_alpn: 'dot'});
	t.deepEqual(Object.keys(fine.phases ?? {}), ['resolve', 'connect', 'tls', 'processing']);
	t.is(typeof fine.values.tls_earliest_cert_expiry_seconds, 'number');
	isDown(t, wrong, {reason: 'tls', phase: 'tls', detail: /not for localhost/});
});

test('an ad hoc target sees no client certificate', t => {
	const options = dnsOptions(z).parse({query_name: 'a', tls_config: {cert_file: '/c', key_file: '/k', ca_file: '/a'}});

	const harmless = dns.harmless?.(options) as DnsOptions;

	t.deepEqual(harmless.tls_config, {insecure_skip_verify: false, ca_file: '/a'});
	t.is(harmless.query_name, 'a');
});

test('a stopped run rejects with the reason, and leaves no connection', async t => {
	const stop = new AbortController();
	const server = await serveDns(t, {onDatagram: () => [], onStream: () => stop.abort(new Error('ending'))});

	const running = measure(
		dns,
		`dns://127.0.0.1:${server.port}/x.test`,
		{transport_protocol: 'tcp'},
		{signal: stop.signal},
	);

	await t.throwsAsync(running, {message: 'ending'});
	await allLetGo(server);
	t.is(server.open.size, 0);
});

async function serveTlsDns(t: Parameters<typeof serve>[0], certificate: string): Promise<number> {
	const folder = new URL('../fixtures/tls/', import.meta.url);
	const key = readFileSync(new URL('server.key', folder));
	const cert = readFileSync(new URL(`${certificate}.pem`, folder));
	const server = createServer({key, cert, ALPNProtocols: ['dot']}, socket => {
		socket.on('error', () => {});
		socket.on('data', (bytes: Buffer) => socket.write(framed(answerTo(bytes.subarray(2), [livekit]))));
	});
	server.on('tlsClientError', () => {});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	return (server.address() as AddressInfo).port;
}
