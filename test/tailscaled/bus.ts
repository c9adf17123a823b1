import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pipeline, Readable} from 'node:stream';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import test, {type ExecutionContext} from 'ava';
import {type HealthWatchTimes, watchHealth} from '../../src/tailscaled/bus.ts';
import type {HealthWarning} from '../../src/tailscaled/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import {until} from '../helpers/until.ts';

type Manner = (response: ServerResponse, nth: number) => void;

/** A bus that behaves so at the nth opening (from 1), and what a watch of it told. */
async function watched(t: ExecutionContext, manner: Manner, times: Partial<HealthWatchTimes> = {}, version?: string) {
	const directory = await mkdtemp(join(tmpdir(), 'bus-'));
	const socket = join(directory, 'tailscaled.sock');
	const told: (readonly HealthWarning[] | string)[] = [];
	const seen = {told, opened: 0, closed: 0, paths: new Set<string>()};
	const server = createServer((request, response) => {
		seen.opened++;
		seen.paths.add(`${request.headers.host} ${request.url}`);
		response.on('close', () => seen.closed++);
		manner(response, seen.opened);
	});
	server.listen(socket);
	await once(server, 'listening');
	const watch = watchHealth({
		socket,
		clock: systemClock,
		onHealth: warnings => told.push(warnings),
		onFailure: error => told.push(error),
		version: () => version,
		times: {firstMs: 5000, renewMs: 60_000, firstBackoffMs: 10, maxBackoffMs: 20, ...times},
	});
	t.teardown(async () => {
		await watch.stop();
		server.closeAllConnections();
		server.close();
		await rm(directory, {recursive: true});
	});
	return {...seen, seen, watch};
}

const health = (...codes: string[]) =>
	`${JSON.stringify({Health: {Warnings: Object.fromEntries(codes.map(code => [code, {Severity: 'medium'}]))}})}\n`;
/** Bytes of buffers that are still in use. */
function usedMemory(): number {
	setFlagsFromString('--expose-gc');
	runInNewContext('gc')();
	return process.memoryUsage().arrayBuffers;
}
const codesOf = (told: readonly HealthWarning[] | string | undefined) =>
	typeof told === 'string' ? told : told?.map(({code}) => code);

test('the state at the begin and each change are told, in whatever pieces they come', async t => {
	const {told, seen} = await watched(t, response => {
		response.write('{"State":6,"Health":{"Warnings":null}}\n{"State":6}\n');
		const line = health('no-derp-connection');
		response.write(line.slice(0, 20));
		setImmediate(() => response.write(line.slice(20)));
	});

	await until(() => told.length === 2);

	t.deepEqual(told.map(codesOf), [[], ['no-derp-connection']]);
	t.deepEqual([...seen.paths], ['local-tailscaled.sock /localapi/v0/watch-ipn-bus?mask=130']);
});

test('a stream that breaks is told and opened again', async t => {
	const {told} = await watched(t, (response, nth) => {
		if (nth === 1) response.end(health('login-state'));
		else if (nth === 2) response.destroy();
		else response.write(health());
	});

	await until(() => told.length === 4);

	t.deepEqual(codesOf(told[0]), ['login-state']);
	t.regex(String(told[1]), /ended the stream/);
	t.regex(String(told[2]), /gave no proper answer/);
	t.deepEqual(told[3], []);
});

test('a stream that says nothing at its begin is given up, and its connection closed', async t => {
	const {told, seen} = await watched(
		t,
		(response, nth) => {
			response.writeHead(200).flushHeaders();
			if (nth > 1) response.write(health());
		},
		{firstMs: 200},
	);

	await until(() => told.length === 2);

	t.regex(String(told[0]), /told no health on its IPN bus within 0\.2 s/);
	await until(() => seen.closed === 1);
});

test('a tailscaled that never answers is given up the same way', async t => {
	const {told} = await watched(t, () => {}, {firstMs: 100});

	await until(() => told.length > 0);

	t.regex(String(told[0]), /within 0\.1 s/);
});

for (const [version, why] of [
	['1.102.3-ERR-BuildInfo', /within 0\.1 s: it hangs, or has no CPU\.$/],
	['1.68.2', /within 0\.1 s: it is 1\.68, and only 1\.72 and newer tell it there\. Update it\.$/],
	['', /within 0\.1 s: it hangs, or is older than 1\.72\.$/],
] as const) {
	test(`silence of a tailscaled ${version === '' ? 'of unknown version' : version} is told for what it is`, async t => {
		const {told} = await watched(t, () => {}, {firstMs: 100}, version);

		await until(() => told.length > 0);

		t.regex(String(told[0]), why);
	});
}

test('a watch that waits to open the stream again can be hurried', async t => {
	const {told, watch} = await watched(
		t,
		(response, nth) => (nth === 1 ? void response.destroy() : void response.write(health())),
		{firstBackoffMs: 3_600_000, maxBackoffMs: 3_600_000},
	);
	await until(() => told.length === 1);

	await until(() => {
		watch.hurry();
		return told.length === 2;
	});

	t.deepEqual(told[1], []);
});

test('a sound stream is opened anew now and then without being told as a failure', async t => {
	const {told, seen} = await watched(t, response => response.write(health()), {renewMs: 50});

	await until(() => seen.opened >= 3 && told.length >= 3);

	t.true(told.every(one => typeof one !== 'string'));
});

test('garbage is told, and the watch goes on with the next stream', async t => {
	const {told} = await watched(t, (response, nth) => response.write(nth === 1 ? 'garbage\n' : health()));

	await until(() => told.length === 2);

	t.regex(String(told[0]), /something else than messages/);
	t.deepEqual(told[1], []);
});

test.serial('a line of 50 MB is read over without being kept, and the next one is told', async t => {
	const {told} = await watched(t, async response => {
		const before = usedMemory();
		response.write('{"Health":{"Warnings":{"');
		const piece = Buffer.alloc(1024 * 1024, 'x');
		for (let sent = 0; sent < 50; sent++) await new Promise(resolve => response.write(piece, resolve));
		// With the line kept this would never be so, and the rest never be sent.
		await until(() => usedMemory() - before < 20 * 1024 * 1024);
		response.write(`":7}}}\n${health('no-derp-home')}`);
	});

	await until(() => told.length === 1);

	t.deepEqual(codesOf(told[0]), ['no-derp-home']);
});

test.serial('a flood without end is cut off', async t => {
	const {told} = await watched(t, response => {
		const piece = Buffer.alloc(1024 * 1024, 'x');
		const flood = new Readable({
			read() {
				this.push(piece);
			},
		});
		pipeline(flood, response, () => {});
	});

	await until(() => told.length >= 1);

	t.regex(String(told[0]), /it is flooding us/);
});

test('without rights the refusal says what to do', async t => {
	const {told} = await watched(t, response => {
		response.writeHead(403).end('watch ipn bus access denied\n');
	});

	await until(() => told.length >= 1);

	t.is(
		told[0],
		'tailscaled answered GET watch-ipn-bus?mask=130 with 403 "watch ipn bus access denied": run the prober as root, or as the user that tailscaled runs as.',
	);
});

test('a socket that does not exist is told with what to do', async t => {
	const told: string[] = [];
	const watch = watchHealth({
		socket: '/nonexistent/tailscaled.sock',
		clock: systemClock,
		onHealth() {},
		onFailure: error => told.push(error),
	});

	await until(() => told.length === 1);
	await watch.stop();

	t.regex(told[0] ?? '', /does not exist: start tailscaled/);
});

test('after stopping nothing is told and no connection is left', async t => {
	const {told, seen, watch} = await watched(t, response => response.write(health()));
	await until(() => told.length === 1);

	await watch.stop();

	await until(() => seen.closed === 1);
	t.is(told.length, 1);
});
