/** What a target may do to us over TLS, each done by a real server. */

import test from 'ava';
import {http} from '../../../src/probes/http.ts';
import {isDown, measure, passSoon} from '../../helpers/probing.ts';
import {
	allClosed,
	type BareServer,
	type CertificateName,
	caFile,
	httpAnswer,
	saying,
	serve,
	serveTls,
} from '../../helpers/servers.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

const refusesCertificate = test.macro(async (t, certificate: CertificateName, detail: RegExp) => {
	const server = await serveTls(t, certificate, saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	isDown(t, reading, {reason: 'tls', phase: 'tls', detail});
	t.is(typeof reading.values.tls_earliest_cert_expiry_seconds, 'number');
	t.deepEqual(server.heads, []);
});

test(
	'a self-signed certificate',
	refusesCertificate,
	'self-signed',
	/in the TLS handshake with 127\.0\.0\.1: the certificate is self-signed/,
);
test(
	'a certificate for another host',
	refusesCertificate,
	'other-host',
	/is for DNS:other\.example, not for localhost/,
);
test('an expired certificate', refusesCertificate, 'expired', /has expired/);

test('a self-signed certificate is taken where the configuration says so', async t => {
	const server = await serveTls(t, 'self-signed', saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: {insecure_skip_verify: true}});

	t.true(reading.ok, reading.detail);
});

test('silence in the TLS handshake', async t => {
	const deadline = new AbortController();
	const server = await serve(t, {onConnection: socket => void socket.once('data', () => passSoon(deadline))});

	const reading = await measure(http, `https://localhost:${server.port}/`, {}, {signal: deadline.signal});

	isDown(t, reading, {
		reason: 'timeout',
		phase: 'tls',
		detail: /the last \d+ ms in the TLS handshake with 127\.0\.0\.1$/,
	});
	await allClosed(server);
});

test('a reset within the body over TLS', async t => {
	const server: BareServer = await serveTls(t, 'good', {
		onHead(socket) {
			// The TLS socket cannot reset, the one below it can.
			const reset = () => server.open.forEach(plain => void plain.resetAndDestroy());
			socket.write(`${head}Content-Length: 99\r\n\r\nabc`, () => setTimeout(reset, 20));
		},
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	isDown(t, reading, {reason: 'reset', phase: 'transfer', detail: /connection was reset|3 of 99 bytes came/});
	await allClosed(server);
});

test('a close within the body over TLS', async t => {
	const server = await serveTls(t, 'good', saying(`${head}Content-Length: 99\r\n\r\nabc`));

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	isDown(t, reading, {reason: 'reset', phase: 'transfer', detail: /3 of 99 bytes came/});
	await allClosed(server);
});

test('an http server behind an https URL', async t => {
	const server = await serve(t, {
		onConnection: socket => void socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')),
	});

	const reading = await measure(http, `https://localhost:${server.port}/`);

	isDown(t, reading, {reason: 'tls', phase: 'tls', detail: /does it want http\?/});
});

test('a redirect from https to http leaves no certificate behind', async t => {
	const last = await serve(t, saying(httpAnswer('200 OK')));
	const server = await serveTls(
		t,
		'good',
		saying(httpAnswer('302 Found', '', [`Location: http://127.0.0.1:${last.port}/`])),
	);

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	t.true(reading.ok, reading.detail);
	t.is(reading.values.ssl, 0);
	t.false('tls_earliest_cert_expiry_seconds' in reading.values);
	t.false('tls_version' in reading.facts);
});
