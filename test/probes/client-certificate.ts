import {readFileSync} from 'node:fs';
import type {SecureVersion} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {judgeExpectation} from '../../src/engine/turn-round.ts';
import type {Reading} from '../../src/engine/types.ts';
import {derp} from '../../src/probes/derp.ts';
import {dns} from '../../src/probes/dns.ts';
import {http} from '../../src/probes/http.ts';
import {httpWarm} from '../../src/probes/http-warm.ts';
import {tcp} from '../../src/probes/tcp.ts';
import {tls} from '../../src/probes/tls.ts';
import type {Probe} from '../../src/probes/types.ts';
import {ws} from '../../src/probes/ws.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';
import {isDown, measure} from '../helpers/probing.ts';
import {type BareServer, caFile, httpAnswer, saying, serve, serveTls} from '../helpers/servers.ts';

const fixture = (name: string) => new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
const trusting = {ca_file: caFile};
const showing = (certificate: string) => ({
	...trusting,
	cert_file: fixture(`${certificate}.pem`),
	key_file: fixture('server.key'),
});

/** A server that wants a certificate of the tests' authority; without one it says so by an alert, for another one it just closes. */
function serveStrict(t: ExecutionContext, more: {maxVersion?: SecureVersion; rejectUnauthorized?: boolean} = {}) {
	const ca = readFileSync(caFile);
	const manners = saying(httpAnswer('200 OK'));
	return serveTls(t, 'good', manners, ['h2', 'http/1.1', 'dot'], {ca, requestCert: true, ...more});
}

/** How to ask over TLS: a probe, where it is aimed, and its other options. */
interface Way {
	name: string;
	ask(server: BareServer, tlsConfig: object): Promise<Reading>;
}

function way<O>(
	name: string,
	probe: Probe<O>,
	address: (port: number) => string,
	options: Record<string, unknown> = {},
): Way {
	return {name, ask: ({port}, tlsConfig) => measure(probe, address(port), {...options, tls_config: tlsConfig})};
}

const url = (port: number) => `https://localhost:${port}/`;
const hostPort = (port: number) => `localhost:${port}`;
const dnsOverTls = {query_name: 'livekit.test', transport_protocol: 'tcp', dns_over_tls: true};

const ways = [
	way('http', http, url, {enable_http2: false}),
	way('http over HTTP/2', http, url),
	way('http with a body', http, url, {method: 'POST', body: 'x'.repeat(100_000)}),
	way('http_warm', httpWarm, url),
	way('ws', ws, port => `wss://localhost:${port}/`),
	way('derp', derp, url),
	way('tls', tls, hostPort),
	way('tcp', tcp, hostPort, {tls: true}),
	way('tcp with a conversation', tcp, hostPort, {tls: true, query_response: [{expect: 'hello'}]}),
	way('tcp that only speaks', tcp, hostPort, {tls: true, query_response: [{send: 'hello'}]}),
	way('dns', dns, hostPort, dnsOverTls),
];

const none = /certificate of ours and none was shown.*tls_config\.cert_file and key_file/;
const other = /did not accept (?:ours|the certificate)/;

for (const {name, ask} of ways) {
	for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
		test(`${name}: a server that wants a certificate of ours and is shown none is down, ${maxVersion}`, async t => {
			const server = await serveStrict(t, {maxVersion});

			const reading = await ask(server, trusting);

			isDown(t, reading, {reason: 'tls', phase: 'tls', detail: none});
			const outcome = anOutcome({verdict: 'down', reason: 'tls', reading});
			t.is(judgeExpectation(aCheck({expect: 'unreachable'}), outcome).reason, 'expected_unreachable');
		});
	}

	test(`${name}: a server that closes because it does not accept our certificate is down`, async t => {
		const server = await serveStrict(t);

		const reading = await ask(server, showing('self-signed'));

		isDown(t, reading, {reason: 'tls', phase: 'tls', detail: other});
	});
}

for (const {name, ask} of ways.filter(each => ['http', 'tls', 'tcp'].includes(each.name))) {
	test(`${name}: a server that accepts our certificate is up`, async t => {
		const server = await serveStrict(t);

		const reading = await ask(server, showing('good'));

		t.true(reading.ok, reading.detail);
	});

	test(`${name}: a server that would like a certificate and goes on without is up`, async t => {
		const server = await serveStrict(t, {rejectUnauthorized: false});

		const reading = await ask(server, trusting);

		t.true(reading.ok, reading.detail);
	});
}

test('a server that asked for a certificate and closes within its answer is a reset as ever', async t => {
	const manners = saying('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
	const more = {ca: readFileSync(caFile), requestCert: true};
	const server = await serveTls(t, 'good', manners, ['http/1.1'], more);

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: showing('good')});

	isDown(t, reading, {reason: 'reset', phase: 'transfer', detail: /closed/});
});

test('a server that asks for no certificate and closes is a reset as ever', async t => {
	const server = await serveTls(t, 'good', {onHead: socket => void socket.destroy()});

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: showing('good')});

	isDown(t, reading, {reason: 'reset', phase: 'processing', detail: /closed|reset/});
});

test('a server that closes within the handshake of TLS 1.2 although we have a certificate gets a hint at it', async t => {
	const server = await serve(t, {onConnection: socket => void socket.once('data', () => socket.end())});

	const reading = await measure(tls, `localhost:${server.port}`, {tls_config: showing('good')});

	isDown(t, reading, {reason: 'reset', phase: 'tls', detail: /within the TLS handshake.*our certificate/});
});
