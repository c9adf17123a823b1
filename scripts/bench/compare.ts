/** The comparison: the probers take turns on the same targets, round after round. */

import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import type {Bench} from './bench.ts';
import {startBlackbox} from './blackbox.ts';
import {startCloudprober} from './cloudprober.ts';
import type {Case} from './options.ts';
import type {AtWork, Task} from './probers.ts';
import {memoryOf} from './process-figures.ts';
import {startTailprobe} from './tailprobe.ts';
import type {Afterwards, Comparison, Contender, ProberName, WindowFigures} from './types.ts';
import {measureWindow} from './window.ts';

/** After a pause: what was under way when it began has then failed, and all runs again as ever. */
const settleMs = 1000;
/** Enough for some hundred latencies. */
const latencyWindowMs = 4000;

/** Measures one case. All probers start and warm up together; afterwards only one at a time is awake. */
export async function compareCase(bench: Bench, each: Case): Promise<Comparison> {
	const task = taskOf(bench, each);
	const startedAt = performance.now();
	const entries = await startAll(bench, each, task);
	await wait(bench.options.warmUpMs);
	for (const {prober} of entries) prober.pause();

	const windows: Comparison['windows'] = {};
	for (let round = 0; round < each.rounds; round++) {
		const first = round % entries.length;
		// Another begins each round: nobody always comes after the same one.
		for (const {name, owner, prober, latencyOnly} of [...entries.slice(first), ...entries.slice(0, first)]) {
			prober.resume();
			await wait(settleMs);
			const windowMs = latencyOnly ? Math.min(latencyWindowMs, each.windowMs) : each.windowMs;
			const figures = await measureWindow(prober, bench.server, {owner, windowMs, task});
			prober.pause();
			bench.tell(`${describeCase(each)}, round ${round + 1} of ${each.rounds}: ${name} ${describeWindow(figures)}`);
			if (latencyOnly) addLatency(windows[name], figures, round);
			else windows[name] = [...(windows[name] ?? []), figures];
		}
	}
	const [ours] = entries;
	const afterwards = ours && (await lookAfterwards(ours.prober, startedAt));
	for (const {prober} of entries) await prober.running.stop();
	const {scheme, targets, intervalMs} = each;
	return {scheme, targets, intervalMs, windows, ...(afterwards ? {afterwards} : {})};
}

interface Entry {
	name: Contender;
	owner: ProberName;
	prober: AtWork;
	/** Its windows give their latency to those of the same name. */
	latencyOnly?: boolean;
}

async function startAll(bench: Bench, each: Case, task: Task): Promise<Entry[]> {
	const entries: Entry[] = [];
	const ours = async (name: Contender, start: Promise<AtWork>) =>
		void entries.push({name, owner: 'tailprobe', prober: await start});
	await ours('tailprobe', startTailprobe(bench.compiled, task));
	const {blackbox_exporter, cloudprober} = bench.peers;
	if (blackbox_exporter)
		entries.push({
			name: 'blackbox_exporter',
			owner: 'blackbox_exporter',
			prober: await startBlackbox(blackbox_exporter, task),
		});
	const other: Omit<Entry, 'prober'> = {name: 'cloudprober', owner: 'cloudprober'};
	if (cloudprober) entries.push({...other, prober: await startCloudprober(cloudprober, task, {everyRun: false})});
	if (each.everyWay) {
		await ours('tailprobe, from source', startTailprobe(bench.source, task, {port: 9754}));
		const everywhere = {...task, processors: bench.processors.all};
		await ours('tailprobe, all processors', startTailprobe(bench.compiled, everywhere, {port: 9755}));
	}
	if (cloudprober && each.everyLatency)
		entries.push({
			...other,
			prober: await startCloudprober(cloudprober, task, {everyRun: true}),
			latencyOnly: true,
		});
	return entries;
}

/** The window of the same round may be still to come: then the latency is that of the one before. */
function addLatency(windows: WindowFigures[] | undefined, {latency, latencyThrownFor}: WindowFigures, round: number) {
	const window = windows?.[round] ?? windows?.at(-1);
	if (!window || !latency) return;
	window.latency = latency;
	delete window.latencyThrownFor;
	if (latencyThrownFor !== undefined) window.latencyThrownFor = latencyThrownFor;
}

async function lookAfterwards(prober: AtWork, startedAt: number): Promise<Afterwards | undefined> {
	prober.resume();
	const counts = await prober.counts?.();
	return (
		counts && {minutes: (performance.now() - startedAt) / 60_000, runs: counts.runs, ...memoryOf(prober.running.pid)}
	);
}

function taskOf(bench: Bench, {scheme, targets, intervalMs}: Case): Task {
	const scratch = join(bench.scratch, `${scheme}-${targets}`);
	mkdirSync(scratch, {recursive: true});
	return {scheme, targets, intervalMs, timeoutMs: 900, processors: bench.processors.measured, scratch};
}

export function describeCase({scheme, targets, intervalMs}: Pick<Case, 'scheme' | 'targets' | 'intervalMs'>): string {
	return `${targets} targets over ${scheme} every ${intervalMs / 1000} s`;
}

function describeWindow(figures: WindowFigures): string {
	const {cpuMsPerProbe, residentMb, wanted, asked, succeeded, latency, thrownFor, latencyThrownFor} = figures;
	const cost = `${cpuMsPerProbe.toFixed(2)} ms CPU per probe (${wanted}/${asked}/${succeeded}), ${residentMb.toFixed(0)} MB`;
	const thrown = [thrownFor, latencyThrownFor].flatMap(why => (why === undefined ? [] : `; thrown away: ${why}`));
	if (!latency) return `${cost}${thrown.join('')}`;
	const {p50, p99} = latency.whole ?? latency.reported;
	return `${cost}, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${latency.late} late${thrown.join('')}`;
}
