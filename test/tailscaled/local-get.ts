import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {readLines, readText, TailscaledError} from '../../src/tailscaled/local-get.ts';
import {until} from '../helpers/until.ts';

/** A socket whose other end does this with each connection, and who is connected now. */
async function listening(t: ExecutionContext, manner: (socket: Socket) => void) {
	const directory = await mkdtemp(join(tmpdir(), 'local-get-'));
	const path = join(directory, 'tailscaled.sock');
	const open = new Set<Socket>();
	const server = createServer(socket => {
		open.add(socket);
		socket.on('close', () => open.delete(socket)).on('error', () => {});
		socket.once('data', () => manner(socket));
	});
	server.listen(path);
	await once(server, 'listening');
	t.teardown(async () => {
		for (const socket of open) socket.destroy();
		server.close();
		await rm(directory, {recursive: true});
	});
	return {path, open};
}

const never = new AbortController().signal;
const limits = {timeoutMs: 5000, maxBytes: 1000};

/** What reading fails with, when all connections were closed behind it. */
async function failure(t: ExecutionContext, manner: (socket: Socket) => void, over: Partial<typeof limits> = {}) {
	const {path, open} = await listening(t, manner);
	const error = await t.throwsAsync(readText(path, 'status', {...limits, ...over}, never), {
		instanceOf: TailscaledError,
	});
	await until(() => open.size === 0);
	return error?.message ?? '';
}

test('the body of a 200 is handed over, and no connection is kept', async t => {
	const {path, open} = await listening(t, socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));

	t.is(await readText(path, 'status', limits, never), 'ok');
	await until(() => open.size === 0, 2000);
});

test('silence ends at the deadline', async t => {
	t.regex(await failure(t, () => {}, {timeoutMs: 50}), /did not answer GET status on .* within 0\.05 s/);
});

test('an answer that drips ends at the deadline too', async t => {
	const drip = (socket: Socket) => {
		socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
		const timer = setInterval(() => socket.write('1\r\nx\r\n'), 5);
		socket.on('close', () => clearInterval(timer));
	};

	t.regex(await failure(t, drip, {timeoutMs: 100}), /within 0\.1 s/);
});

test('a longer answer is refused as soon as it is seen to be longer', async t => {
	const endless = (socket: Socket) => {
		socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n${'x'.repeat(2000)}`);
	};

	t.regex(await failure(t, endless), /longer than 1000 bytes/);
});

test('garbage, half an answer and a hang-up are told in a sentence', async t => {
	const manners = [
		(socket: Socket) => socket.end('garbage\r\n\r\n'),
		(socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
		(socket: Socket) => socket.destroy(),
	];

	for (const manner of manners) t.regex(await failure(t, manner), /gave no proper answer to GET status: /);
});

test('an answer with another status is quoted, bounded and on one line', async t => {
	const message = await failure(t, socket =>
		socket.end(`HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\na\nb${'x'.repeat(9000)}`),
	);

	t.regex(message, /^tailscaled answered GET status with 500 "a bx+…"\.$/);
	t.true(message.length < 200);
});

test('an abort ends it with the signal’s reason', async t => {
	const {path, open} = await listening(t, () => {});
	const stop = new AbortController();
	const reading = readText(path, 'status', limits, stop.signal);
	await until(() => open.size === 1);

	stop.abort(new Error('enough'));

	await t.throwsAsync(reading, {message: 'enough'});
	await until(() => open.size === 0);
});

test('JSON that would block everything is refused in a sentence', async t => {
	const deep = (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${'['.repeat(100)}`);

	t.regex(await failure(t, deep), /holds more than 64 levels, one in another/);
});

test('a line that comes byte by byte is put together', async t => {
	const {path} = await listening(t, socket => {
		socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
		for (const letter of 'one\n\ntwo\n') socket.write(`1\r\n${letter}\r\n`);
		socket.end(`${(9).toString(16)}\r\ntoo long\n\r\n4\r\nend\n\r\n0\r\n\r\n`);
	});
	const lines: string[] = [];

	await t.throwsAsync(
		readLines(path, 'bus', {maxLineBytes: 5, maxBytes: 1000}, line => void lines.push(line.toString()), never),
		{message: /ended the stream/},
	);

	t.deepEqual(lines, ['one', 'two', 'end']);
});

test('a stream in pieces of single bytes is a flood', async t => {
	const {path} = await listening(t, socket => {
		socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
		socket.write('1\r\nx\r\n'.repeat(110_000));
	});

	await t.throwsAsync(
		readLines(path, 'bus', {maxLineBytes: 1e6, maxBytes: 1e6}, () => {}, never),
		{message: /pieces of a few bytes.*flooding us/},
	);
});
