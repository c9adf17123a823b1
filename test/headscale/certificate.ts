import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {type AddressInfo, createServer as createNetServer} from 'node:net';
import {createServer} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {readCertificate} from '../../src/headscale/certificate.ts';
import {HeadscaleError} from '../../src/headscale/get.ts';
import {answerBytes} from '../helpers/answering-server.ts';

const folder = new URL('../fixtures/tls/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const caFile = new URL('ca.pem', folder).pathname;

/** A TLS server on loopback that presents the certificate of that file; tells what it was sent. */
async function present(t: ExecutionContext, name: string) {
	const received: unknown[] = [];
	const server = createServer({key: read('server.key'), cert: read(name)}, socket => {
		socket.on('data', chunk => received.push(chunk)).on('error', () => {});
	});
	server.on('tlsClientError', () => {});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	return {port: (server.address() as AddressInfo).port, received};
}

const readFrom = (port: number, ca: string | undefined, host = 'localhost') =>
	readCertificate({url: new URL(`https://${host}:${port}`), caFile: ca, timeoutMs: 5000});

test('a trusted certificate tells when it expires', async t => {
	const {port} = await present(t, 'good.pem');

	t.deepEqual(await readFrom(port, caFile), {trusted: true, expiryMs: Date.UTC(2100, 0, 1)});
});

test('the earliest of the chain counts', async t => {
	const {port} = await present(t, 'chain.pem');

	t.deepEqual(await readFrom(port, caFile), {trusted: true, expiryMs: Date.UTC(2060, 0, 1)});
});

for (const [name, ca, fault, year] of [
	['expired.pem', caFile, 'expired', 2021],
	['other-host.pem', caFile, 'wrong_host', 2100],
	['good.pem', undefined, 'untrusted', 2100],
	['self-signed.pem', caFile, 'self_signed', 2100],
] as const) {
	test(`${name} with ${ca ? 'the CA' : 'no CA'} is not trusted (${fault}), tells its expiry, and is sent nothing`, async t => {
		const {port, received} = await present(t, name);

		const certificate = await readFrom(port, ca);

		t.like(certificate, {trusted: false, fault});
		t.true(new Date(certificate.expiryMs ?? 0).getUTCFullYear() >= year);
		t.deepEqual(received, []);
	});
}

test('a chain that ends the whole process when it is taken apart is survived', async t => {
	const {port} = await present(t, 'secp256k1-chain.pem');

	t.like(await readFrom(port, caFile), {trusted: false});
});

test('an address as host is checked too', async t => {
	const {port} = await present(t, 'good.pem');

	t.like(await readFrom(port, caFile, '127.0.0.1'), {trusted: true});
});

test('failures are sentences', async t => {
	const plain = await answerBytes(t, socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
	const sentence = async (reading: Promise<unknown>) =>
		(await t.throwsAsync(reading, {instanceOf: HeadscaleError}))?.message ?? '';
	const closed = createNetServer().listen(0, '127.0.0.1');
	await once(closed, 'listening');
	const {port} = closed.address() as AddressInfo;
	closed.close();
	await once(closed, 'close');

	t.regex(await sentence(readFrom(plain.port, undefined)), /handshake with localhost:\d+ failed: .*other than TLS/);
	t.regex(await sentence(readFrom(port, undefined)), /nothing listens there.*headscale\.url/);
	t.regex(await sentence(readFrom(port, '/does/not/exist.pem')), /\/does\/not\/exist\.pem/);
});

test('a server that is gone and answered before is not asked for another address', async t => {
	const url = new URL('https://127.0.0.2:9');
	const answered = {note() {}, until: () => '19:22:41 UTC'};

	const never = await t.throwsAsync(readCertificate({url, caFile, timeoutMs: 5000}), {instanceOf: HeadscaleError});
	const before = await t.throwsAsync(readCertificate({url, caFile, timeoutMs: 5000, answered}), {
		instanceOf: HeadscaleError,
	});

	t.regex(never?.message ?? '', /Is headscale\.url right\?$/);
	t.regex(before?.message ?? '', /It answered until 19:22:41 UTC: headscale or its machine is stopped/);
	t.is(before?.failure, 'unanswered');
});

test('a server that is silent is left at the deadline, and a canceled read ends at once', async t => {
	const server = await answerBytes(t, socket => socket.resume());
	const url = new URL(`https://127.0.0.1:${server.port}`);
	const controller = new AbortController();
	const reason = new Error('enough');

	const error = await t.throwsAsync(readCertificate({url, caFile, timeoutMs: 500}), {instanceOf: HeadscaleError});
	const canceled = readCertificate({url, caFile, timeoutMs: 60_000}, controller.signal);
	controller.abort(reason);

	t.regex(error?.message ?? '', /TLS handshake did not end within 0\.5 s/);
	t.is(await t.throwsAsync(canceled), reason);
	while (server.open.size > 0) await new Promise(resolve => setImmediate(resolve));
});
