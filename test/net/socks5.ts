import {networkInterfaces} from 'node:os';
import test, {type ExecutionContext} from 'ava';
import type {Reason} from '../../src/engine/types.ts';
import {dialThroughSocks5} from '../../src/net/socks5.ts';
import {upgradeToTls} from '../../src/net/tls.ts';
import {secureContextFor} from '../../src/net/tls-contexts.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {caFile, closedPort, serve, serveTls} from '../helpers/servers.ts';
import {type Socks5Manners, type Socks5Server, socks5Reply, startSocks5} from '../helpers/socks5-server.ts';
import {until} from '../helpers/until.ts';

const never = new AbortController().signal;
const local = {address: '127.0.0.1', family: 4} as const;
const hasIpv6 = Object.values(networkInterfaces())
	.flat()
	.some(one => one?.address === '::1');

async function firstBytes(socket: NodeJS.ReadableStream): Promise<string> {
	return await new Promise(resolve => socket.once('data', chunk => resolve(String(chunk))));
}

test('the proxy is asked for the literal address, and bytes go both ways', async t => {
	const server = await serve(t, {onConnection: socket => void socket.on('data', chunk => socket.write(chunk))});
	const proxy = await startSocks5(t);

	const socket = await dialThroughSocks5(proxy.address, local, server.port, never);
	socket.write('hello');

	t.is(await firstBytes(socket), 'hello');
	t.deepEqual(proxy.asked, [{address: '127.0.0.1', port: server.port, type: 1}]);
	socket.destroy();
	await until(() => proxy.open.size === 0);
});

(hasIpv6 ? test : test.skip)('an IPv6 address goes as its sixteen bytes', async t => {
	const server = await serve(t, {onConnection: socket => void socket.write('six')}, '::1');
	const proxy = await startSocks5(t, {boundType: 4});

	const socket = await dialThroughSocks5(proxy.address, {address: '::1', family: 6}, server.port, never);

	t.is(await firstBytes(socket), 'six');
	t.deepEqual(proxy.asked, [{address: '0000:0000:0000:0000:0000:0000:0000:0001', port: server.port, type: 4}]);
	socket.destroy();
});

test('an IPv6 address of the tailnet keeps its groups', async t => {
	const proxy = await startSocks5(t, {onRequest: socks5Reply(1)});

	await t.throwsAsync(dialThroughSocks5(proxy.address, {address: 'fd7a:115c:a1e0::53:0', family: 6}, 22, never), {
		instanceOf: TargetDownError,
	});

	t.deepEqual(proxy.asked, [{address: 'fd7a:115c:a1e0:0000:0000:0000:0053:0000', port: 22, type: 4}]);
});

test('what a server says first is not lost when it comes together with the reply', async t => {
	const server = await serve(t, {onConnection: socket => void socket.write('220 ready\r\n')});
	const proxy = await startSocks5(t, {replyWithBanner: true, boundType: 3});

	const socket = await dialThroughSocks5(proxy.address, local, server.port, never);

	t.is(await firstBytes(socket), '220 ready\r\n');
	socket.destroy();
});

test('a reply that comes byte by byte is understood', async t => {
	const server = await serve(t, {onConnection: socket => void socket.write('x')});
	const proxy = await startSocks5(t, {drips: true, boundType: 4});

	const socket = await dialThroughSocks5(proxy.address, local, server.port, never);

	t.is(await firstBytes(socket), 'x');
	t.is(socket.listenerCount('readable'), 0);
	socket.destroy();
});

test('TLS goes through', async t => {
	const server = await serveTls(t, 'good', {onConnection: socket => void socket.write('secret')});
	const proxy = await startSocks5(t);
	const context = await secureContextFor({caFile});

	const plain = await dialThroughSocks5(proxy.address, local, server.port, never);
	const tls = await upgradeToTls(plain, {context, name: 'localhost', skipVerify: false, alpn: []}, never);

	t.is(await firstBytes(tls.socket), 'secret');
	tls.socket.destroy();
});

test('a port that refuses is refused', async t => {
	const port = await closedPort();
	const proxy = await startSocks5(t);

	const error = await t.throwsAsync(dialThroughSocks5(proxy.address, local, port, never), {
		instanceOf: TargetDownError,
	});

	t.is(error?.reason, 'refused');
	await until(() => proxy.open.size === 0);
});

const failsWith = test.macro(async (t, code: number, reason: Reason) => {
	const proxy = await startSocks5(t, {onRequest: socks5Reply(code)});

	const error = await t.throwsAsync(dialThroughSocks5(proxy.address, local, 80, never));

	t.is((error as TargetDownError | CannotLookError).reason, reason);
	await until(() => proxy.open.size === 0);
});

test('reply 1, as tailscaled sends it for everything, does not say why', failsWith, 1, 'proxy');
test('reply 2 does not say why', failsWith, 2, 'proxy');
test('reply 3 is an unreachable network', failsWith, 3, 'unreachable');
test('reply 4 is an unreachable host', failsWith, 4, 'unreachable');
test('reply 5 is a refused connection', failsWith, 5, 'refused');
test('reply 6 is a host that is too far', failsWith, 6, 'unreachable');
test('reply 7 is our proxy’s limit, not the target’s', failsWith, 7, 'unsupported');
test('reply 8 is our proxy’s limit, not the target’s', failsWith, 8, 'unsupported');
test('a reply that nobody defined does not say why', failsWith, 200, 'proxy');

const isBroken = test.macro(async (t, manners: Socks5Manners, message: RegExp) => {
	const proxy = await startSocks5(t, manners);

	const error = await t.throwsAsync(dialThroughSocks5(proxy.address, local, 80, never), {
		instanceOf: CannotLookError,
		message,
	});

	t.is(error?.reason, 'vantage');
	t.regex(error?.message ?? '', /--socks5-server=127\.0\.0\.1:\d+/);
	await until(() => proxy.open.size === 0);
});

const http = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
test('a proxy that speaks something else is broken', isBroken, {onGreeting: http}, /does not speak SOCKS5/);
test('a proxy that speaks SOCKS4 is broken', isBroken, {onGreeting: Buffer.from([4, 0])}, /does not speak SOCKS5/);
test('a proxy that wants a login is broken', isBroken, {onGreeting: Buffer.from([5, 2])}, /wants a login/);
test('a proxy that takes no way of ours is broken', isBroken, {onGreeting: Buffer.from([5, 255])}, /wants a login/);
test(
	'a proxy that closes after half a greeting is broken',
	isBroken,
	{onGreeting: Buffer.from([5]), thenCloses: true},
	/closed the connection/,
);
test('a proxy that closes at the greeting is broken', isBroken, {onGreeting: '', thenCloses: true}, /closed/);
test('a proxy that closes at the request is broken', isBroken, {onRequest: '', thenCloses: true}, /closed/);
test('a proxy whose reply is garbage is broken', isBroken, {onRequest: http}, /its answer is not SOCKS5/);
test(
	'a proxy whose reply has an address of no kind is broken',
	isBroken,
	{onRequest: Buffer.from([5, 0, 0, 9, 0, 0, 0, 0, 0, 0])},
	/its answer is not SOCKS5/,
);
test(
	'a proxy that closes within the bound address is broken',
	isBroken,
	{onRequest: socks5Reply(0).subarray(0, 7), thenCloses: true},
	/closed/,
);

test('a proxy that is not there is our fault, not the target’s', async t => {
	const port = await closedPort();

	const error = await t.throwsAsync(dialThroughSocks5(`127.0.0.1:${port}`, local, 80, never), {
		instanceOf: CannotLookError,
	});

	t.is(error?.reason, 'vantage');
});

test('a name is never handed to the proxy', async t => {
	const proxy = await startSocks5(t);

	await t.throwsAsync(dialThroughSocks5(proxy.address, {address: 'livekit', family: 4}, 80, never));

	t.deepEqual(proxy.asked, []);
});

const silentUntilStopped = test.macro(
	async (t: ExecutionContext, manners: Socks5Manners, isWaiting: (proxy: Socks5Server) => boolean) => {
		const proxy = await startSocks5(t, manners);
		const deadline = new AbortController();
		const running = dialThroughSocks5(proxy.address, local, 80, deadline.signal);
		running.catch(() => {});
		await until(() => isWaiting(proxy));

		deadline.abort(new DOMException('late', 'TimeoutError'));

		await t.throwsAsync(running, {name: 'TimeoutError'});
		await until(() => proxy.open.size === 0);
	},
);

test(
	'silence at the greeting lasts until the deadline',
	silentUntilStopped,
	{onGreeting: ''},
	proxy => proxy.open.size === 1,
);
test(
	'silence at the request lasts until the deadline',
	silentUntilStopped,
	{onRequest: ''},
	proxy => proxy.asked.length === 1,
);
test(
	'half an answer and then silence lasts until the deadline',
	silentUntilStopped,
	{onRequest: socks5Reply(0).subarray(0, 7)},
	proxy => proxy.asked.length === 1,
);
