import {copyFile, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {TLSSocket} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {dial} from '../../src/net/dial.ts';
import {CertificateError, type TlsConnection, upgradeToTls} from '../../src/net/tls.ts';
import {secureContextFor} from '../../src/net/tls-contexts.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {
	allClosed,
	type BareServer,
	type CertificateName,
	caFile,
	closedPort,
	type Manners,
	serve,
	serveTls,
} from '../helpers/servers.ts';

const never = new AbortController().signal;

interface Wish {
	name?: string;
	ca?: string | undefined;
	skipVerify?: boolean;
	signal?: AbortSignal;
}

async function shakeHands(t: ExecutionContext, {port}: BareServer, wish: Wish = {}): Promise<TlsConnection> {
	const {name = 'localhost', skipVerify = false, signal = never} = wish;
	const context = await secureContextFor({caFile: 'ca' in wish ? wish.ca : caFile});
	const plain = await dial({address: '127.0.0.1', family: 4}, port, signal);
	t.teardown(() => plain.destroy());
	return await upgradeToTls(plain, {context, name, skipVerify, alpn: ['http/1.1']}, signal);
}

// With TLS 1.3 the client is done before the server: a byte says that the server is, too.
const greeting: Manners = {onConnection: socket => void socket.write('x')};

async function greeted({socket}: TlsConnection): Promise<void> {
	await new Promise(resolve => socket.once('data', resolve));
}

test('a good certificate is accepted and its facts are told', async t => {
	const server = await serveTls(t, 'good', greeting);

	const tls = await shakeHands(t, server);
	await greeted(tls);

	t.is(tls.version, 'TLSv1.3');
	t.regex(tls.cipher, /^TLS_/);
	t.is(tls.socket.alpnProtocol, 'http/1.1');
	t.is(tls.expirySeconds, Date.parse('2100-01-01T00:00:00Z') / 1000);
	t.deepEqual(server.names, ['localhost']);
	tls.socket.destroy();
});

test('the cipher has the name of the registry before TLS 1.3 too', async t => {
	const server = await serveTls(t, 'good', greeting, undefined, {maxVersion: 'TLSv1.2'});

	const tls = await shakeHands(t, server);
	await greeted(tls);

	t.regex(tls.cipher, /^TLS_ECDHE_[A-Z]+_WITH_/);
	tls.socket.destroy();
});

test('an address is checked but not sent as a name', async t => {
	const server = await serveTls(t, 'good', greeting);

	const tls = await shakeHands(t, server, {name: '127.0.0.1'});
	await greeted(tls);

	t.deepEqual(server.names, [false]);
	tls.socket.destroy();
});

test('an issuer with a secp256k1 key is an untrusted chain, and not the end of the process', async t => {
	const server = await serveTls(t, 'secp256k1-chain', greeting);

	const error = await t.throwsAsync(shakeHands(t, server), {instanceOf: CertificateError});
	const tls = await shakeHands(t, server, {skipVerify: true});

	t.regex(error.message, /not trusted/);
	t.true((error.expirySeconds ?? 0) > Date.now() / 1000);
	tls.socket.destroy();
});

test('each handshake is a full one', async t => {
	const server = await serveTls(t, 'good', greeting);

	for (let run = 0; run < 2; run++) {
		const tls = await shakeHands(t, server);
		await greeted(tls);

		// The method of the socket itself is ours (see tls.ts); that of its class still tells the truth.
		t.false(TLSSocket.prototype.isSessionReused.call(tls.socket));
		tls.socket.destroy();
	}
});

const refuses = test.macro(async (t, certificate: CertificateName, wish: Wish, message: RegExp) => {
	const server = await serveTls(t, certificate, {});

	const error = await t.throwsAsync(shakeHands(t, server, wish), {instanceOf: CertificateError, message});

	t.is(error?.reason, 'tls');
	t.is(typeof error?.expirySeconds, 'number');
});

test('a self-signed certificate is refused', refuses, 'self-signed', {}, /is self-signed/);
test(
	'a certificate for another host is refused',
	refuses,
	'other-host',
	{},
	/is for DNS:other\.example, not for localhost/,
);
test(
	'an expired certificate is refused',
	refuses,
	'expired',
	{},
	/has expired \(its own end: Jan +1 00:00:00 2021 GMT\)/,
);
test(
	'an unknown authority is refused',
	refuses,
	'good',
	{ca: undefined},
	/issuer of the certificate is not trusted: name its CA in tls_config\.ca_file/,
);
test(
	'a certificate for another address is refused',
	refuses,
	'other-host',
	{name: '127.0.0.1'},
	/not for 127\.0\.0\.1/,
);

test('an expired certificate tells when it expired', async t => {
	const server = await serveTls(t, 'expired', {});

	const error = await t.throwsAsync(shakeHands(t, server), {instanceOf: CertificateError});

	t.is(error?.expirySeconds, Date.parse('2021-01-01T00:00:00Z') / 1000);
});

test('the expiry is that of the first certificate of the chain to expire', async t => {
	const server = await serveTls(t, 'chain', {});

	const tls = await shakeHands(t, server);

	t.is(tls.expirySeconds, Date.parse('2060-01-01T00:00:00Z') / 1000);
	tls.socket.destroy();
});

test('any certificate is taken when that is wanted', async t => {
	const server = await serveTls(t, 'self-signed', greeting);

	const tls = await shakeHands(t, server, {skipVerify: true, name: 'elsewhere.example'});
	await greeted(tls);

	t.deepEqual(server.names, ['elsewhere.example']);
	tls.socket.destroy();
});

test('a port that speaks no TLS is told as such', async t => {
	const server = await serve(t, {onConnection: socket => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')});

	const error = await t.throwsAsync(shakeHands(t, server), {
		instanceOf: TargetDownError,
		message: /does it want http\?/,
	});

	t.is(error?.reason, 'tls');
});

test('a close within the handshake is a reset', async t => {
	const server = await serve(t, {onConnection: socket => void socket.once('data', () => socket.end())});

	const error = await t.throwsAsync(shakeHands(t, server), {instanceOf: TargetDownError});

	t.is(error?.reason, 'reset');
});

test('silence in the handshake lasts until the abort, and then both sockets are gone', async t => {
	const controller = new AbortController();
	const arrived = Promise.withResolvers<void>();
	const server = await serve(t, {onConnection: socket => void socket.once('data', () => arrived.resolve())});
	const running = shakeHands(t, server, {signal: controller.signal});
	await arrived.promise;
	const closed = allClosed(server);

	controller.abort(new DOMException('late', 'TimeoutError'));

	await t.throwsAsync(running, {name: 'TimeoutError'});
	await closed;
	t.is(server.open.size, 0);
});

test('a context is made once', async t => {
	t.is(await secureContextFor({}), await secureContextFor({}));
	t.is(await secureContextFor({caFile: caFile}), await secureContextFor({caFile: caFile}));
});

test('a CA file is read again when it changed', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const file = join(folder, 'ca.pem');
	await copyFile(new URL('../fixtures/tls/self-signed.pem', import.meta.url), file);
	const server = await serveTls(t, 'good', {});
	await t.throwsAsync(shakeHands(t, server, {ca: file}), {instanceOf: CertificateError});

	await copyFile(caFile, file);

	const tls = await shakeHands(t, server, {ca: file});
	t.true(tls.socket.authorized);
	tls.socket.destroy();
});

test('a CA file that is missing is our fault, not the target’s', async t => {
	const error = await t.throwsAsync(secureContextFor({caFile: '/nowhere/ca.pem'}), {
		instanceOf: CannotLookError,
		message: /there is no such file/,
	});

	t.is(error?.reason, 'vantage');
});

test('what is no file is not waited for, and not read on and on', async t => {
	for (const caFile of ['/dev/zero', tmpdir()])
		await t.throwsAsync(secureContextFor({caFile}), {
			instanceOf: CannotLookError,
			message: `could not use the TLS file ${caFile}: it is no file`,
		});
});

test('a CA file without a certificate is our fault, not the target’s', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const file = join(folder, 'ca.pem');
	await writeFile(file, 'nothing');

	await t.throwsAsync(secureContextFor({caFile: file}), {
		instanceOf: CannotLookError,
		message: /holds no PEM certificate/,
	});
});

test('a closed port never gets to TLS', async t => {
	const port = await closedPort();

	const error = await t.throwsAsync(shakeHands(t, {port} as BareServer), {instanceOf: TargetDownError});

	t.is(error?.reason, 'refused');
});
