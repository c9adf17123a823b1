import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {type AddressInfo, createServer} from 'node:net';
import {createServer as createTlsServer, TLSSocket} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import {remaining} from '../../src/probes/shared/certificate.ts';
import {tls} from '../../src/probes/tls.ts';
import {startMail} from '../helpers/mail-server.ts';
import {isDown, measure, passSoon} from '../helpers/probing.ts';
import {allClosed, type CertificateName, caFile, closedPort, serve, serveTls} from '../helpers/servers.ts';
import {startSocks5} from '../helpers/socks5-server.ts';

const trusting = {tls_config: {ca_file: caFile}};
const fixture = (name: string) => new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
const seconds = (time: string) => Date.parse(time) / 1000;

test('a good certificate is up, and what it says is told', async t => {
	const server = await serveTls(t, 'good', {});

	const reading = await measure(tls, `localhost:${server.port}`, trusting);

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls']);
	const caEnd = reading.values.tls_chain_expiry_seconds ?? 0;
	t.true(caEnd >= seconds('2100-01-01T00:00:00Z'));
	t.deepEqual(reading.values, {
		tls_earliest_cert_expiry_seconds: seconds('2100-01-01T00:00:00Z'),
		tls_not_after_seconds: seconds('2100-01-01T00:00:00Z'),
		tls_not_before_seconds: seconds('2024-01-01T00:00:00Z'),
		tls_presented_certificates: 1,
		tls_chain_expiry_seconds: caEnd,
	});
	t.like(reading.facts, {
		tls_fault: 'none',
		tls_version: 'TLSv1.3',
		tls_subject: 'CN=good',
		tls_issuer: 'CN=tailprobe test authority',
		tls_names: 'DNS:localhost, DNS:livekit, DNS:livekit.tail.test, IP Address:127.0.0.1',
		phase: 'tls',
	});
	t.regex(reading.facts.tls_fingerprint_sha256 ?? '', /^[0-9a-f]{64}$/);
	t.regex(reading.facts.tls_serial ?? '', /^[0-9a-f]+$/);
	await allClosed(server);
});

test('the first end of the chain is told apart from that of the certificate', async t => {
	const server = await serveTls(t, 'chain', {});

	const reading = await measure(tls, `localhost:${server.port}`, trusting);

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {
		tls_not_after_seconds: seconds('2100-01-01T00:00:00Z'),
		tls_earliest_cert_expiry_seconds: seconds('2060-01-01T00:00:00Z'),
		tls_chain_expiry_seconds: seconds('2060-01-01T00:00:00Z'),
		tls_presented_certificates: 2,
	});
});

test('an authority that ends before its certificates ends the chain, though no server presents it', async t => {
	const server = await serveTls(t, 'outlives', {});

	const reading = await measure(tls, `localhost:${server.port}`, {tls_config: {ca_file: fixture('short-ca.pem')}});

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {
		tls_earliest_cert_expiry_seconds: seconds('2100-01-01T00:00:00Z'),
		tls_chain_expiry_seconds: seconds('2050-01-01T00:00:00Z'),
		tls_presented_certificates: 1,
	});
});

test('a certificate that is only sent along does not shorten the trusted chain', async t => {
	const [, middle = ''] = (await readFile(fixture('chain.pem'), 'utf8')).split(/(?=-----BEGIN)/);
	const port = await serveChain(t, (await readFile(fixture('good.pem'), 'utf8')) + middle);

	const reading = await measure(tls, `localhost:${port}`, {...trusting});

	t.true(reading.ok, reading.detail);
	t.is(reading.values.tls_earliest_cert_expiry_seconds, seconds('2060-01-01T00:00:00Z'));
	t.true((reading.values.tls_chain_expiry_seconds ?? 0) >= seconds('2100-01-01T00:00:00Z'));
});

const isFaulty = test.macro(
	async (t: ExecutionContext, certificate: CertificateName, options: object, fault: string, detail: RegExp) => {
		const server = await serveTls(t, certificate, {});

		const reading = await measure(tls, `localhost:${server.port}`, {...trusting, ...options});

		isDown(t, reading, {reason: 'tls', phase: 'tls', detail});
		t.is(reading.facts.tls_fault, fault);
		t.is(typeof reading.values.tls_not_after_seconds, 'number');
		t.regex(reading.facts.tls_fingerprint_sha256 ?? '', /^[0-9a-f]{64}$/);
	},
);

test('an expired certificate', isFaulty, 'expired', {}, 'expired', /has expired/);
test('one that is not valid yet', isFaulty, 'not-yet-valid', {}, 'not_yet_valid', /not valid yet/);
test('one for another host', isFaulty, 'other-host', {}, 'wrong_host', /is for DNS:other\.example, not for localhost/);
test('a self-signed one', isFaulty, 'self-signed', {}, 'self_signed', /is self-signed/);
test('one of an unknown authority', isFaulty, 'good', {tls_config: {}}, 'untrusted', /not trusted/);
test('one whose issuer has an odd key', isFaulty, 'secp256k1-chain', {}, 'untrusted', /not trusted/);
test(
	'one for another name than server_name',
	isFaulty,
	'good',
	{tls_config: {ca_file: caFile, server_name: 'elsewhere'}},
	'wrong_host',
	/not for elsewhere/,
);

test('a certificate that ends too soon is down, and the handshake is not to blame', async t => {
	const server = await serveTls(t, 'chain', {});

	const near = await measure(tls, `localhost:${server.port}`, {...trusting, min_remaining: '14d'});
	const reading = await measure(tls, `localhost:${server.port}`, {...trusting, min_remaining: '100y'});

	t.true(near.ok, near.detail);
	isDown(t, reading, {
		reason: 'tls',
		phase: 'tls',
		detail: /; a certificate of the chain ends on 2060-01-01, in \d+ d; wanted at least 36500d \(min_remaining\)$/,
	});
	t.is(reading.facts.tls_fault, 'ends_soon');
});

test('how much is left is told of the certificate itself where that ends first', t => {
	const end = Date.now() / 1000 + 9.5 * 86_400;

	t.regex(
		remaining({tls_not_after_seconds: end, tls_chain_expiry_seconds: end}, 14 * 86_400_000) ?? '',
		/^the certificate ends on \d{4}-\d\d-\d\d, in 9 d (11|12) h; wanted at least 14d/,
	);
	t.is(remaining({tls_not_after_seconds: end, tls_chain_expiry_seconds: end}, 9 * 86_400_000), undefined);
	t.regex(
		remaining({tls_not_after_seconds: 1, tls_earliest_cert_expiry_seconds: 1}, 1000) ?? '',
		/^the certificate ended on 1970-01-01/,
	);
});

test('a certificate that is taken although it is bad still says what is bad', async t => {
	const server = await serveTls(t, 'expired', {});

	const reading = await measure(tls, `localhost:${server.port}`, {tls_config: {insecure_skip_verify: true}});

	t.true(reading.ok, reading.detail);
	t.is(reading.facts.tls_fault, 'expired');
	t.is(reading.values.tls_chain_expiry_seconds, undefined);
});

test('what a hostile certificate says is made safe and short', async t => {
	const server = await serveTls(t, 'hostile', {});

	const reading = await measure(tls, `localhost:${server.port}`, {tls_config: {insecure_skip_verify: true}});

	t.true(reading.ok, reading.detail);
	t.notRegex(JSON.stringify(reading), /\\u001b|\u202e/);
	const {tls_names: names = '', ...others} = reading.facts;
	for (const fact of Object.values(others)) t.true(fact.length <= 200);
	t.true(names.length > 1900 && names.length <= 2000);
	// The last one is whole, as all of them are.
	t.regex(names, /, DNS:name-\d+\.a-rather-long-domain\.example$/);
});

test('a protocol by ALPN is told, and none of those offered is down', async t => {
	const server = await serveTls(t, 'good', {});
	const silent = await serveChain(t, await readFile(fixture('good.pem'), 'utf8'));

	const agreed = await measure(tls, `localhost:${server.port}`, {...trusting, alpn: ['h2', 'http/1.1']});
	const none = await measure(tls, `localhost:${silent}`, {...trusting, alpn: ['h2']});

	t.like(agreed, {ok: true, facts: {tls_alpn: 'http/1.1'}});
	isDown(t, none, {reason: 'tls', phase: 'tls', detail: /took none of the protocols h2 \(alpn\)/});
	t.is(none.facts.tls_fault, 'none');
});

test('a version that the server does not speak is down without a certificate', async t => {
	const port = await serveChain(t, await readFile(fixture('good.pem'), 'utf8'), {maxVersion: 'TLSv1.2'});

	const reading = await measure(tls, `localhost:${port}`, {tls_config: {ca_file: caFile, min_version: 'TLS13'}});

	isDown(t, reading, {reason: 'tls', phase: 'tls', detail: /the TLS handshake failed/});
	t.is(reading.facts.tls_fault, undefined);
});

test('a port that speaks no TLS', async t => {
	const server = await serve(t, {onConnection: socket => void socket.end('220 smtp here\r\n')});

	const reading = await measure(tls, `localhost:${server.port}`, trusting);

	isDown(t, reading, {reason: 'tls', phase: 'tls', detail: /something other than TLS/});
});

test('a close and a reset within the handshake', async t => {
	const closing = await serve(t, {onConnection: socket => void socket.once('data', () => socket.end())});
	const resetting = await serve(t, {
		onConnection: socket => void socket.once('data', () => socket.resetAndDestroy()),
	});

	const closed = await measure(tls, `localhost:${closing.port}`, trusting);
	const reset = await measure(tls, `localhost:${resetting.port}`, trusting);

	for (const reading of [closed, reset])
		isDown(t, reading, {reason: 'reset', phase: 'tls', detail: /closed within the TLS handshake/});
});

test('silence until the deadline', async t => {
	const deadline = new AbortController();
	const server = await serve(t, {onConnection: () => passSoon(deadline)});

	const reading = await measure(tls, `localhost:${server.port}`, trusting, {signal: deadline.signal});

	isDown(t, reading, {reason: 'timeout', phase: 'tls', detail: /in the TLS handshake with/});
	await allClosed(server);
});

test('a port that is closed', async t => {
	const reading = await measure(tls, `127.0.0.1:${await closedPort()}`, trusting);

	isDown(t, reading, {reason: 'refused', phase: 'connect', detail: /refused/});
});

test('a file of authorities that is not there is our fault', async t => {
	const server = await serveTls(t, 'good', {});

	await t.throwsAsync(measure(tls, `localhost:${server.port}`, {tls_config: {ca_file: '/nowhere.pem'}}), {
		name: 'CannotLookError',
	});
});

test('a target of the tailnet is reached through the SOCKS5 proxy', async t => {
	const server = await serveTls(t, 'good', {});
	const proxy = await startSocks5(t);
	const tailnet = {prefixes: ['127.0.0.0/8'], domain: 'x', dnsServer: '127.0.0.1:1', overheadObjectiveSeconds: 0.01};

	const reading = await measure(tls, `127.0.0.1:${server.port}`, trusting, {
		target: {via: 'tailnet'},
		place: {socks5: proxy.address, tailnet},
	});

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect_proxy', 'tls']);
});

test('SMTP is asked for TLS', async t => {
	const server = await startMail(t, '220-hello\r\n220 mail.test', line =>
		line.startsWith('EHLO') ? '250-mail\r\n250 STARTTLS' : line === 'STARTTLS' ? {tls: '220 go'} : undefined,
	);

	const reading = await measure(tls, `localhost:${server.port}`, {...trusting, starttls: 'smtp'});

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls', 'processing']);
});

test('IMAP and POP3 are asked for TLS', async t => {
	const imap = await startMail(t, '* OK ready', line => (line === 'a1 STARTTLS' ? {tls: 'a1 OK begin'} : undefined));
	const pop3 = await startMail(t, '+OK ready', line => (line === 'STLS' ? {tls: '+OK begin'} : undefined));

	const byImap = await measure(tls, `localhost:${imap.port}`, {...trusting, starttls: 'imap'});
	const byPop3 = await measure(tls, `localhost:${pop3.port}`, {...trusting, starttls: 'pop3'});

	t.true(byImap.ok, byImap.detail);
	t.true(byPop3.ok, byPop3.detail);
});

test('a server that will not go on over TLS has its answer told', async t => {
	const smtp = await startMail(t, '220 mail', line => (line === 'STARTTLS' ? '454 not now' : '250 ok'));
	const postgres = await serve(t, {onConnection: socket => void socket.once('data', () => socket.write('N'))});

	const bySmtp = await measure(tls, `localhost:${smtp.port}`, {...trusting, starttls: 'smtp'});
	const byPostgres = await measure(tls, `localhost:${postgres.port}`, {...trusting, starttls: 'postgres'});

	isDown(t, bySmtp, {reason: 'protocol', phase: 'processing', detail: /answered "454 not now" to STARTTLS$/});
	isDown(t, byPostgres, {reason: 'protocol', phase: 'processing', detail: /the server does not offer TLS$/});
});

test('words that came in the clear behind the agreement are not taken for those of TLS', async t => {
	const server = await serve(t, {onConnection: socket => void socket.once('data', () => socket.write('Sinjected'))});

	const reading = await measure(tls, `localhost:${server.port}`, {...trusting, starttls: 'postgres'});

	isDown(t, reading, {
		reason: 'protocol',
		phase: 'processing',
		detail: /8 more bytes came unencrypted before TLS began$/,
	});
});

test('PostgreSQL is asked for TLS with its eight bytes', async t => {
	const asked = Promise.withResolvers<Buffer>();
	const port = await serveAfter(t, 'S', asked.resolve);

	const reading = await measure(tls, `localhost:${port}`, {...trusting, starttls: 'postgres'});

	t.true(reading.ok, reading.detail);
	t.is((await asked.promise).toString('hex'), '0000000804d2162f');
});

test('revocation is not asked for, and that is said', t => {
	t.regex(tls.summary, /OCSP, CRL/);
	t.false(tls.options(z).safeParse({ocsp: true}).success);
});

test('what is harmless shows no certificate of ours', t => {
	const options = tls.options(z).parse({tls_config: {cert_file: '/a', key_file: '/b'}, min_remaining: '14d'});

	t.deepEqual(tls.harmless?.(options).tls_config, {insecure_skip_verify: false});
	t.is(tls.harmless?.(options).min_remaining, 14 * 86_400_000);
});

/** A TLS server with these certificates and nothing else. */
async function serveChain(t: ExecutionContext, cert: string, more: object = {}): Promise<number> {
	const key = await readFile(fixture('server.key'));
	const server = createTlsServer({key, cert, ...more}, socket => void socket.on('error', () => {}));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => void server.close());
	return (server.address() as AddressInfo).port;
}

/** Reads the first bytes in plain text, says `answer` and goes on over TLS. */
async function serveAfter(t: ExecutionContext, answer: string, heard: (bytes: Buffer) => void): Promise<number> {
	const key = await readFile(fixture('server.key'));
	const cert = await readFile(fixture('good.pem'));
	const server = createServer(socket => {
		socket.on('error', () => {});
		socket.once('data', (bytes: Buffer) => {
			heard(bytes);
			socket.write(answer, () => new TLSSocket(socket, {isServer: true, key, cert}).on('error', () => {}));
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => void server.close());
	return (server.address() as AddressInfo).port;
}
