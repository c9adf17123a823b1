import {mkdtempSync, writeFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {VastConfig} from '../../src/config/types.ts';
import type {Logger} from '../../src/util/log.ts';
import {VastError} from '../../src/vast/faults.ts';
import {delayAfter, maxDelayMs, startVast, type VastSourceOptions} from '../../src/vast/source.ts';
import type {InstanceList} from '../../src/vast/types.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {until} from '../helpers/until.ts';
import {aRawInstance, serveVast, type VastServerOptions, vastKey} from '../helpers/vast-server.ts';

const minute = 60_000;

/** A source of a fake vast.ai with its key in a file, and the lines that it logs. */
async function start(t: ExecutionContext, options: VastServerOptions = {}) {
	const server = await serveVast(t, options);
	const directory = mkdtempSync(join(tmpdir(), 'tailprobe-vast-'));
	t.teardown(() => rm(directory, {recursive: true}));
	const keyFile = join(directory, 'key');
	writeFileSync(keyFile, `${vastKey}\n`);
	const clock = fakeClock();
	const {lines, log} = aLog();
	const source = startVast(aConfig({url: server.url, apiKey: {file: keyFile}}), {
		log,
		onChange() {},
		clock,
		random: () => 1,
	});
	t.teardown(() => source.stop());
	await until(() => source.tried());
	return {server, source, clock, lines, keyFile};
}

function aConfig(over: Partial<VastConfig> = {}): VastConfig {
	return {
		apiKey: {env: 'TAILPROBE_TEST_VAST_KEY'},
		url: 'http://127.0.0.1:1',
		intervalMs: minute,
		timeoutMs: 5000,
		maxInstances: 1000,
		joinGraceMs: 10 * minute,
		nodeBy: ['{label}'],
		podBy: {label: '{name}'},
		...over,
	};
}

function aLog() {
	const lines: unknown[][] = [];
	const note = (...line: unknown[]) => lines.push(line);
	return {lines, log: {info: note, warn: note, error: note, debug: note} as unknown as Logger};
}

/** A source whose reads end as the test says, one after the other. */
async function scripted(
	t: ExecutionContext,
	outcomes: readonly (InstanceList | Error)[],
	over: Partial<VastSourceOptions> = {},
) {
	const clock = fakeClock();
	const triedAt: number[] = [];
	const source = startVast(aConfig(), {
		...aLog(),
		onChange() {},
		clock,
		random: () => 1,
		async client() {
			triedAt.push(clock.now());
			const outcome = outcomes[Math.min(triedAt.length, outcomes.length) - 1];
			if (outcome instanceof Error) throw outcome;
			return outcome as InstanceList;
		},
		...over,
	});
	t.teardown(() => source.stop());
	// The first try ends, so that its timer is there.
	await clock.advance(0);
	return {clock, triedAt, source};
}

const aList: InstanceList = {instances: [], complete: true, problems: [], api: 'v1'};

test('instances are read at once, then every interval, and are told while they are fresh', async t => {
	const {server, source, clock} = await start(t);

	t.is(source.fresh()?.instances[0]?.id, '27711234');
	t.like(source.sources()[0], {name: 'vast-instances', ok: true, intervalMs: minute});

	await clock.advance(minute);
	await until(() => server.requests.length === 2);
	t.deepEqual(source.problems(), []);
});

test('nothing secret of an answer is anywhere in what is kept, told or logged', async t => {
	let sick = false;
	const {source, clock, lines, server} = await start(t, {
		instances: () => [aRawInstance(), {...aRawInstance(), id: null}],
		onlyOld: true,
		instead(_request, response) {
			if (sick) response.writeHead(500).end(JSON.stringify({instances: [aRawInstance()], trace: 'SECRET-trace'}));
			return sick;
		},
	});

	sick = true;
	await clock.advance(minute);
	await until(() => source.sources()[0]?.ok === false);
	await clock.advance(2000);

	const told = JSON.stringify([source.state(), source.sources(), source.problems(), lines]);
	t.true(server.requests.length > 1);
	t.regex(told, /entries of vast\.ai's list have no id/);
	t.regex(told, /answered 500/);
	t.false(told.includes('SECRET'));
	t.false(told.includes(vastKey));
});

test('a rotated key is used at the next read, and a refused one is asked for again at the usual pace', async t => {
	let keys = [vastKey];
	const {server, source, clock, keyFile} = await start(t, {keys: () => keys});

	keys = ['f'.repeat(64)];
	await clock.advance(minute);
	await until(() => source.sources()[0]?.ok === false);
	t.regex(source.sources()[0]?.detail ?? '', /refused with 401: the API key is wrong/);
	t.is(source.sources()[0]?.intervalMs, minute);

	writeFileSync(keyFile, 'f'.repeat(64));
	await clock.advance(minute);
	await until(() => source.sources()[0]?.ok === true);
	t.is(server.requests.at(-1)?.headers.authorization, `Bearer ${'f'.repeat(64)}`);
});

test('a vast.ai in trouble is given twice as long each time, up to ten minutes, until it answers', async t => {
	const busy = new VastError('GET … was answered 429: too often.', {failure: 'status 429'});
	const {clock, triedAt, source} = await scripted(t, [busy, busy, busy, busy, busy, aList]);

	await clock.advance(60 * minute);

	t.deepEqual(
		triedAt.slice(0, 8).map(at => at / minute),
		[0, 2, 6, 14, 24, 34, 35, 36],
	);
	t.is(source.sources()[0]?.ok, true);
});

test('while it waits the source says how long, and does not fall silent', async t => {
	const {clock, source} = await scripted(t, [new VastError('GET … answered 503.', {failure: 'status 503'})]);

	await clock.advance(30 * minute);

	t.like(source.sources()[0], {
		ok: false,
		detail: 'GET … answered 503. It is asked again 10 min after that try.',
		intervalMs: maxDelayMs,
	});
	t.is(source.state().instances.failure, 'status 503');
});

test('instances that were read are not told any more when three intervals brought nothing', async t => {
	const {clock, source} = await scripted(t, [aList, new VastError('GET … answered 503.')]);
	await clock.advance(3 * minute);
	t.truthy(source.fresh());

	await clock.advance(1);

	t.is(source.fresh(), undefined);
	t.truthy(source.state().instances.value);
});

test('the wait grows with the failures, spread by up to a quarter, and is never shorter than the interval', t => {
	t.is(delayAfter(0, minute, 0.5), minute);
	t.is(delayAfter(1, minute, 1), 2 * minute);
	t.is(delayAfter(1, minute, 0), 1.5 * minute);
	t.is(delayAfter(1000, minute, 1), maxDelayMs);
	t.is(delayAfter(3, 20 * minute, 0), 20 * minute);
});

test('stopping ends a read in flight, and nothing is told afterwards', async t => {
	let changes = 0;
	const {source, clock, triedAt} = await scripted(t, [], {
		onChange: () => changes++,
		client: signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
	});

	await source.stop();
	await clock.advance(10 * minute);

	t.is(changes, 0);
	t.deepEqual(triedAt, []);
	t.false(source.tried());
});
