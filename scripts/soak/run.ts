/** One soak, from the first target to the last check. */

import {fork} from 'node:child_process';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {describeConfig} from './config.ts';
import {type SoakedDaemon, startDaemon} from './daemon.ts';
import {startHeadscale} from './headscale.ts';
import {judgeEnd, judgeHeld, judgeLeft, judgeRest, judgeSums, judgeVerdicts} from './judgement.ts';
import {nodeCount} from './kinds.ts';
import {type HeldPoint, type Look, type Notes, notesOf} from './notes.ts';
import {readHeld} from './process-watch.ts';
import {seededRandom} from './random.ts';
import type {Report} from './report.ts';
import {readSamples, sumOf} from './samples.ts';
import type {FromTargets} from './targets/messages.ts';

export interface SoakOptions {
	probes: number;
	seconds: number;
	scale: number;
	seed: number;
	isShort: boolean;
	/** Between two kills of the measuring thread. */
	killSeconds: number;
	/** File that gets what was held at each look, as CSV. */
	trace: string | undefined;
}

const listenPort = 9753;
const warmUpMs = 8000;
/** Longer than connections are kept open that nobody uses. */
const restMs = 13_000;
/** The hook runs in the daemon: this is the one word of it that is needed here. */
const atRestFile = 'at-rest';
const caFile = fileURLToPath(new URL('../../test/fixtures/tls/ca.pem', import.meta.url));

export async function runSoak(options: SoakOptions, folder: string, report: Report): Promise<void> {
	const {scale, seed} = options;
	const draw = seededRandom(seed);
	const notes = notesOf(scale);
	const targets = await startTargets(scale, notes);
	const headscale = await startHeadscale();
	headscale.list(drawNodes(draw));
	const configPath = join(folder, 'tailprobe.yaml');
	const apiKeyFile = join(folder, 'api-key');
	writeFileSync(apiKeyFile, 'soak-api-key\n');
	const writeConfig = (isEmpty = false) =>
		writeFileSync(
			configPath,
			describeConfig({scale, caFile, listenPort, headscaleUrl: headscale.url, apiKeyFile, draw, isEmpty}),
		);
	const daemon = await start();
	say(`seed ${seed}, scale ${scale}, daemon ${daemon.pid}; until ${options.probes} probes or ${options.seconds} s\n`);

	// First everything once, so that what is loaded and opened for good is there.
	headscale.list(drawNodes(draw));
	writeConfig();
	await reload(daemon, notes);
	await sleep(warmUpMs);
	const before = await comeToRest();
	// Series begin anew from here.
	notes.servedBefore = notes.served;

	writeConfig();
	await reload(daemon, notes);
	const began = performance.now();
	const isOver = () =>
		(performance.now() - began) / 1000 >= options.seconds || notes.started() >= options.probes || hasEnded(daemon);
	await Promise.all([
		every(isOver, 5000, () => reload(daemon, notes, writeConfig).then(() => progress(notes, began))),
		every(isOver, 3000, async () => headscale.list(drawNodes(draw))),
		every(isOver, 2000, () => readPages(daemon)),
		every(isOver, 300, () => askAdhoc(daemon, notes, draw)),
		every(isOver, 2000, async () => void notes.held.push(held(daemon, folder, notes))),
		every(isOver, 1000 * options.killSeconds, async () => void killThread(daemon, notes, began)),
	]);
	const seconds = (performance.now() - began) / 1000;

	if (options.trace !== undefined) writeFileSync(options.trace, describeHeld(notes));
	await look(daemon, notes);
	judgeVerdicts(report, notes);
	judgeHeld(report, notes, options.isShort);
	const after = await comeToRest();
	judgeRest(report, before.held, after.held);
	judgeSums(report, notes, after.found);
	judgeLeft(report, await (await fetch(`${daemon.url}/metrics`)).text());
	// The end comes in the middle of work.
	headscale.list(drawNodes(draw));
	writeConfig();
	await reload(daemon, notes);
	await sleep(3000);
	const end = await daemon.end();
	judgeEnd(report, daemon.lines, end, notes);
	const started = after.found.started;
	say(`\n${started} probes in ${Math.round(seconds)} s: ${Math.round(started / seconds)} a second\n`);
	headscale.close();
	targets.disconnect();

	async function start(): Promise<SoakedDaemon> {
		writeConfig(true);
		return startDaemon(configPath, listenPort, {
			hook: fileURLToPath(new URL('hook.ts', import.meta.url)),
			environment: {TAILPROBE_SOAK_FOLDER: folder},
		});
	}

	/** Everything goes; what is then left over is what was forgotten. */
	async function comeToRest(): Promise<{found: Look; held: HeldPoint}> {
		headscale.list([]);
		writeConfig(true);
		await reload(daemon, notes);
		await settle(daemon, notes);
		writeFileSync(join(folder, atRestFile), '');
		await sleep(restMs);
		const rest = held(daemon, folder, notes);
		rmSync(join(folder, atRestFile));
		return {found: await look(daemon, notes), held: rest};
	}
}

async function startTargets(scale: number, notes: Notes) {
	const child = fork(fileURLToPath(new URL('targets/main.ts', import.meta.url)), [String(scale)]);
	process.on('exit', () => child.kill('SIGKILL'));
	await new Promise<void>((resolve, reject) => {
		child.on('message', (message: FromTargets) => {
			if (message.kind === 'ready') resolve();
			else {
				notes.served = message.served;
				notes.targetsLate.push({at: performance.now(), ms: message.worstMs});
			}
		});
		child.on('exit', code => reject(new Error(`the targets ended with ${code}`)));
	});
	return child;
}

/** Again and again until it is over; the next begins that long after the last began, or when it ended. */
async function every(isOver: () => boolean, everyMs: number, act: () => Promise<void>): Promise<void> {
	let nextAt = performance.now() + everyMs;
	while (!isOver()) {
		await sleep(Math.min(200, Math.max(1, nextAt - performance.now())));
		if (performance.now() < nextAt) continue;
		nextAt = performance.now() + everyMs;
		await act();
	}
}

const wanted: ReadonlySet<string> = new Set([
	'tailprobe_check_runs_total',
	'tailprobe_check_failures_total',
	'tailprobe_check_rechecks_total',
	'tailprobe_check_state',
	'tailprobe_vantage_runs_started_total',
	'tailprobe_vantage_runs_total',
	'tailprobe_vantage_runs_in_flight',
	'tailprobe_vantage_thread_restarts_total',
	'tailprobe_vantage_skipped_slots_total',
	'tailprobe_adhoc_probes_total',
	'tailprobe_internal_errors_total',
	'tailprobe_series',
]);

async function look(daemon: SoakedDaemon, notes: Notes): Promise<Look> {
	const response = await fetch(`${daemon.url}/metrics`);
	const samples = readSamples(await response.text(), wanted);
	const found: Look = {
		samples,
		started: sumOf(samples, 'tailprobe_vantage_runs_started_total'),
		inFlight: sumOf(samples, 'tailprobe_vantage_runs_in_flight'),
	};
	notes.look(found);
	return found;
}

async function reload(daemon: SoakedDaemon, notes: Notes, write?: () => void): Promise<void> {
	await look(daemon, notes);
	write?.();
	const response = await fetch(`${daemon.url}/-/reload`, {method: 'POST'});
	const text = await response.text();
	if (response.status !== 200) notes.oddities.push(`reload answered ${response.status}: ${text.slice(0, 300)}`);
	notes.reloads++;
	await look(daemon, notes);
}

async function readPages(daemon: SoakedDaemon): Promise<void> {
	for (const path of [
		'/',
		'/metrics',
		'/api/v1/checks',
		'/api/v1/status',
		'/api/v1/nodes',
		'/sd/nodes',
		'/api/v1/checks/http-ok%2Fsoak%2Fhttp-ok-0/history',
	]) {
		const response = await fetch(daemon.url + path);
		await response.arrayBuffer();
	}
}

async function askAdhoc(daemon: SoakedDaemon, notes: Notes, draw: () => number): Promise<void> {
	const check = draw() < 0.5 ? 'http-chunked' : 'http-silent';
	const query = new URLSearchParams({check, target: `${check}-0`});
	const response = await fetch(`${daemon.url}/probe?${query}`, {headers: {accept: 'application/json'}});
	const {outcome} = (await response.json()) as {outcome?: {verdict?: string}};
	const verdict = outcome?.verdict;
	if (verdict === undefined) notes.oddities.push(`/probe?${query} answered ${response.status} without a verdict`);
	else notes.adhoc.set(verdict, (notes.adhoc.get(verdict) ?? 0) + 1);
}

function killThread(daemon: SoakedDaemon, notes: Notes, began: number): void {
	// Once it holds what it holds; and what its successor holds must be the same.
	if (performance.now() - began < 10_000) return;
	notes.killedAt.push(performance.now());
	daemon.child.kill('SIGUSR2');
}

function held(daemon: SoakedDaemon, folder: string, notes: Notes): HeldPoint {
	const main = threadNote(folder, 'main');
	const measuring = threadNote(folder, 'measuring');
	return {
		...readHeld(daemon.pid),
		probes: notes.started(),
		timers: main.timers + measuring.timers,
		mainHeapBytes: main.heapBytes,
		measuringHeapBytes: measuring.heapBytes,
	};
}

/** What the hook wrote last. */
function threadNote(folder: string, thread: string): {timers: number; heapBytes: number} {
	try {
		return JSON.parse(readFileSync(join(folder, `thread-${thread}`), 'utf8'));
	} catch {
		return {timers: Number.NaN, heapBytes: Number.NaN};
	}
}

/** Waits until no run is under way any more. */
async function settle(daemon: SoakedDaemon, notes: Notes): Promise<Look> {
	for (let tries = 0; ; tries++) {
		await sleep(1000);
		const found = await look(daemon, notes);
		if ((found.inFlight === 0 && tries >= 3) || tries > 20) return found;
	}
}

function drawNodes(draw: () => number): number[] {
	return Array.from({length: nodeCount}, (_, at) => at).filter(at => at < nodeCount / 2 || draw() < 0.5);
}

function hasEnded({child}: SoakedDaemon): boolean {
	return child.exitCode !== null || child.signalCode !== null;
}

function describeHeld({held}: Notes): string {
	const columns = Object.keys(held[0] ?? {}) as (keyof HeldPoint)[];
	return [columns.join(), ...held.map(point => columns.map(column => point[column]).join()), ''].join('\n');
}

let toldAt = 0;

function progress(notes: Notes, began: number): void {
	const seconds = (performance.now() - began) / 1000;
	if (seconds - toldAt < 30) return;
	toldAt = seconds;
	const last = notes.held.at(-1);
	say(
		`  ${Math.round(seconds)} s: ${notes.started()} probes, ${Math.round((last?.anonymousBytes ?? 0) / 1e6)} MB anonymous, ${last?.descriptors} descriptors, ${notes.mismatches().size} kinds of mismatch\n`,
	);
}

function say(text: string): void {
	process.stdout.write(text);
}
