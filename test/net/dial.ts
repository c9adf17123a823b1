import {networkInterfaces} from 'node:os';
import test from 'ava';
import {dial} from '../../src/net/dial.ts';
import {TargetDownError} from '../../src/util/errors.ts';
import {closedPort, serve} from '../helpers/servers.ts';

const never = new AbortController().signal;
const loopback = {address: '127.0.0.1', family: 4} as const;
const hasIpv6 = Object.values(networkInterfaces())
	.flat()
	.some(one => one?.address === '::1');

test('a connection is open when it comes back, and without listeners of ours but one for late errors', async t => {
	const server = await serve(t, {});

	const socket = await dial(loopback, server.port, never);

	t.is(socket.readyState, 'open');
	t.is(socket.listenerCount('error'), 1);
	t.is(socket.listenerCount('connect'), 0);
	socket.destroy();
});

(hasIpv6 ? test : test.skip)('an IPv6 address is dialled', async t => {
	const server = await serve(t, {}, '::1');

	const socket = await dial({address: '::1', family: 6}, server.port, never);

	t.is(socket.remoteFamily, 'IPv6');
	socket.destroy();
});

test('a closed port is refused', async t => {
	const port = await closedPort();

	const error = await t.throwsAsync(dial(loopback, port, never), {instanceOf: TargetDownError});

	t.is(error?.reason, 'refused');
});

test('a name is a mistake of the caller', async t => {
	await t.throwsAsync(dial({address: 'localhost', family: 4}, 80, never), {instanceOf: TypeError});
});

test('an abort while connecting rejects at once with its reason', async t => {
	const server = await serve(t, {});
	const controller = new AbortController();
	const running = dial(loopback, server.port, controller.signal);

	controller.abort(new DOMException('late', 'TimeoutError'));

	await t.throwsAsync(running, {name: 'TimeoutError'});
});

test('an abort before rejects without a connection', async t => {
	const server = await serve(t, {});

	await t.throwsAsync(dial(loopback, server.port, AbortSignal.abort(new Error('stopped'))), {message: 'stopped'});

	t.is(server.accepted, 0);
});
