import {createSocket, type Socket} from 'node:dgram';
import {subscribe, unsubscribe} from 'node:diagnostics_channel';
import {once} from 'node:events';
import {networkInterfaces} from 'node:os';
import test, {type ExecutionContext} from 'ava';
import {type DatagramTimes, exchangeDatagrams, type Transmission} from '../../src/net/udp-exchange.ts';

const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({address}) => address === '::1'));
const never = new AbortController().signal;

async function echo(t: ExecutionContext, address = '127.0.0.1', from = 0): Promise<{socket: Socket; port: number}> {
	const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
	let nth = 0;
	socket.on('message', (message, {port, address: back}) => {
		if (nth++ >= from) socket.send(message, port, back);
	});
	socket.bind(0, address);
	await once(socket, 'listening');
	t.teardown(() => void socket.close());
	return {socket, port: socket.address().port};
}

const four = {address: '127.0.0.1', family: 4} as const;
const once0: readonly Transmission[] = [{bytes: Buffer.from('question'), afterMs: 0}];

test('the answer comes with its time', async t => {
	const {port} = await echo(t);

	const times: DatagramTimes = {sentAt: []};

	const {answer, strays} = await exchangeDatagrams(
		four,
		port,
		{transmissions: once0, limitMs: 5000, read: datagram => ({text: datagram.toString()})},
		never,
		times,
	);
	const overAt = performance.now();

	t.deepEqual(answer, {text: 'question'});
	t.is(times.sentAt.length, 1);
	const {sentAt: [sentAt = 0] = [], endAt = 0} = times;
	t.true(sentAt > 0 && sentAt <= endAt && endAt <= overAt, `${sentAt} ${endAt} ${overAt}`);
	t.is(strays, 0);
});

(hasIpv6 ? test : test.skip)('IPv6 is spoken', async t => {
	const {port} = await echo(t, '::1');

	const {answer} = await exchangeDatagrams(
		{address: '::1', family: 6},
		port,
		{transmissions: once0, limitMs: 5000, read: datagram => ({length: datagram.length})},
		never,
		{sentAt: []},
	);

	t.deepEqual(answer, {length: 8});
});

test('what is not answered is sent again at its time, and no further than the limit', async t => {
	const {port} = await echo(t, '127.0.0.1', 1);
	const transmissions = [0, 20, 60_000].map((afterMs, nth) => ({bytes: Buffer.from(`${nth}`), afterMs}));

	const times: DatagramTimes = {sentAt: []};

	const {answer} = await exchangeDatagrams(
		four,
		port,
		{transmissions, limitMs: 5000, read: datagram => ({nth: datagram.toString()})},
		never,
		times,
	);

	t.deepEqual(answer, {nth: '1'});
	t.is(times.sentAt.length, 2);
});

test('what the reader passes over is counted, and the limit ends the waiting', async t => {
	const {port} = await echo(t);

	const {answer, strays} = await exchangeDatagrams(
		four,
		port,
		{transmissions: once0, limitMs: 100, read: () => undefined},
		never,
		{sentAt: []},
	);

	t.is(answer, undefined);
	t.is(strays, 1);
});

test('what the reader throws ends it', async t => {
	const {port} = await echo(t);
	const read = () => {
		throw new TypeError('garbage');
	};

	await t.throwsAsync(exchangeDatagrams(four, port, {transmissions: once0, limitMs: 5000, read}, never, {sentAt: []}), {
		message: 'garbage',
	});
});

const comesFrom = test.macro(async (t, from: (port: number) => {address: string; port: number}) => {
	const {port} = await echo(t, '127.0.0.1', 9);
	const sockets: Socket[] = [];
	const onSocket = (message: unknown) => void sockets.push((message as {socket: Socket}).socket);
	subscribe('udp.socket', onSocket);
	const running = exchangeDatagrams(
		four,
		port,
		{transmissions: once0, limitMs: 100, read: datagram => ({text: datagram.toString()})},
		never,
		{sentAt: []},
	);
	unsubscribe('udp.socket', onSocket);

	// One that the system let through: it came while the socket was bound and not yet connected.
	sockets[0]?.emit('message', Buffer.from('forged'), from(port));

	t.is(sockets.length, 1);
	t.deepEqual(await running, {answer: undefined, strays: 0});
});

test('a datagram from another port is none of ours', comesFrom, port => ({address: '127.0.0.1', port: port ^ 1}));
test('a datagram from another address is none of ours', comesFrom, port => ({address: '127.0.0.2', port}));

test('an exchange that fails has its times', async t => {
	const socket = createSocket('udp4').bind(0, '127.0.0.1');
	await once(socket, 'listening');
	const {port} = socket.address();
	socket.close();
	await once(socket, 'close');
	const times: DatagramTimes = {sentAt: []};

	const running = exchangeDatagrams(
		four,
		port,
		{transmissions: once0, limitMs: 5000, read: () => undefined},
		never,
		times,
	);

	await t.throwsAsync(running, {message: /nothing listens/});
	t.is(times.sentAt.length, 1);
	t.true((times.endAt ?? 0) >= (times.sentAt[0] ?? Number.POSITIVE_INFINITY));
});

test('an abort ends it at once with its reason', async t => {
	const {port} = await echo(t, '127.0.0.1', 9);
	const stop = new AbortController();
	const running = exchangeDatagrams(
		four,
		port,
		{transmissions: once0, limitMs: 60_000, read: () => undefined},
		stop.signal,
		{sentAt: []},
	);

	stop.abort(new Error('ending'));

	await t.throwsAsync(running, {message: 'ending'});
});

test('a name is never asked for', async t => {
	const running = exchangeDatagrams(
		{address: 'localhost', family: 4},
		53,
		{transmissions: once0, limitMs: 100, read: () => undefined},
		never,
		{sentAt: []},
	);

	await t.throwsAsync(running, {instanceOf: TypeError});
});
