import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startTailscaledReader, type TailscaledReader} from '../../src/tailscaled/reader.ts';
import {systemClock} from '../../src/util/clock.ts';
import {until} from '../helpers/until.ts';

const intervalsMs = {status: 20, metrics: 20, derpmap: 20};

/** A reader of a tailscaled that answers each path so, at the nth call of that path (from 1). */
async function reading(
	t: ExecutionContext,
	answer: (path: string, nth: number, response: ServerResponse) => void,
	paces: Partial<Parameters<typeof startTailscaledReader>[0]> = {intervalsMs},
) {
	const directory = await mkdtemp(join(tmpdir(), 'reader-'));
	const socket = join(directory, 'tailscaled.sock');
	const calls = new Map<string, number>();
	let open = 0;
	const server = createServer((request, response) => {
		const path = new URL(request.url ?? '/', 'http://local').pathname.replace('/localapi/v0/', '');
		calls.set(path, (calls.get(path) ?? 0) + 1);
		answer(path, calls.get(path) ?? 0, response);
	});
	server.on('connection', connection => {
		open++;
		connection.on('close', () => open--);
	});
	server.listen(socket);
	await once(server, 'listening');
	const reader: TailscaledReader = startTailscaledReader({socket, clock: systemClock, timeoutMs: 2000, ...paces});
	t.teardown(async () => {
		await reader.stop();
		server.closeAllConnections();
		server.close();
		await rm(directory, {recursive: true});
	});
	return {reader, calls, open: () => open};
}

test('a failure is told, what was known before stays with its age, and it heals', async t => {
	const {reader} = await reading(t, (path, nth, response) => {
		if (path !== 'status') return;
		if (nth === 2) response.writeHead(500).end('no');
		else if (nth !== 3) response.end('{"BackendState":"Running"}');
	});

	await until(() => reader.state().status.error !== undefined);
	const failed = reader.state().status;

	t.regex(failed.error ?? '', /with 500 "no"/);
	t.is(failed.value?.backendState, 'Running');
	t.true((failed.succeededAt ?? 0) > 0);
	await until(() => reader.state().status.error === undefined);
	t.true((reader.state().status.succeededAt ?? 0) >= (failed.succeededAt ?? 0));
});

test('when its status can be read again, all that failed is read at once', async t => {
	let isAway = true;
	const never = 3_600_000;
	const {reader, calls} = await reading(
		t,
		(path, _nth, response) => {
			if (isAway) response.writeHead(500).end('no');
			else if (path === 'status') response.end('{"BackendState":"Running","Version":"1.102.3"}');
			else if (path === 'derpmap') response.end('{"Regions":{}}');
			else if (path === 'usermetrics') response.end('up 1\n');
			else response.write('{"Health":{"Warnings":null}}\n');
		},
		{
			intervalsMs: {status: 50, metrics: never, derpmap: never},
			busTimes: {firstBackoffMs: never, maxBackoffMs: never},
		},
	);
	const all = () => Object.values(reader.state());
	await until(() => all().every(({error}) => error !== undefined) && (calls.get('status') ?? 0) > 2);
	t.true(all().every(({failingSince, failure}) => failingSince !== undefined && failure === 'status 500'));
	t.true((reader.state().status.failingSince ?? 0) < (reader.state().status.triedAt ?? 0));

	isAway = false;

	await until(() => all().every(({error, succeededAt}) => error === undefined && succeededAt !== undefined));
	t.is(calls.get('derpmap'), 2);
	t.is(calls.get('watch-ipn-bus'), 2);
});

test('a part that hangs keeps none of the others waiting', async t => {
	const {reader, calls} = await reading(t, (path, _nth, response) => {
		if (path === 'status') response.end('{"BackendState":"Running"}');
	});

	await until(() => (calls.get('status') ?? 0) > 5);

	t.is(calls.get('usermetrics'), 1);
	t.is(reader.state().metrics.triedAt, undefined);
});

test('a counter that began anew is kept as it came', async t => {
	let total = 900;
	const {reader} = await reading(t, (path, _nth, response) => {
		if (path === 'usermetrics') response.end(`tailscaled_inbound_bytes_total{path="derp"} ${total}\n`);
	});
	const bytes = () => reader.state().metrics.value?.families.get('tailscaled_inbound_bytes_total')?.samples[0]?.value;

	await until(() => bytes() === 900);
	total = 2;
	await until(() => bytes() === 2);

	t.is(reader.state().metrics.value?.text, 'tailscaled_inbound_bytes_total{path="derp"} 2\n');
});

test('stopping ends what is under way and leaves no connection', async t => {
	const {reader, open} = await reading(t, () => {});
	await until(() => open() === 4);

	await reader.stop();

	await until(() => open() === 0);
	t.deepEqual(reader.state(), {status: {}, health: {}, metrics: {}, derpmap: {}});
});
