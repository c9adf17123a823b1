/** The comparison: the probers take turns on the same targets, round after round. */

import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import type {Bench} from './bench.ts';
import {startBlackbox} from './blackbox.ts';
import {startCloudprober} from './cloudprober.ts';
import type {Case} from './options.ts';
import type {AtWork, Task} from './probers.ts';
import {startTailprobe} from './tailprobe.ts';
import type {Comparison, ProberName, SourceForm, WindowFigures} from './types.ts';
import {measureWindow} from './window.ts';

/** After a pause: what was under way when it began has then failed, and all runs again as ever. */
const settleMs = 1500;

/** Measures one case. All probers start and warm up together; afterwards only one at a time is awake. */
export async function compareCase(bench: Bench, each: Case): Promise<Comparison> {
	const task = taskOf(bench, each);
	const entries: Entry[] = [];
	entries.push({name: 'tailprobe', prober: await startTailprobe(bench.compiled, task)});
	const {blackbox_exporter, cloudprober} = bench.peers;
	if (blackbox_exporter)
		entries.push({name: 'blackbox_exporter', prober: await startBlackbox(blackbox_exporter, task)});
	if (cloudprober)
		entries.push({name: 'cloudprober', prober: await startCloudprober(cloudprober, task, {everyRun: false})});
	await wait(bench.options.warmUpMs);
	for (const {prober} of entries) prober.pause();

	const windows: Comparison['windows'] = {};
	for (let round = 1; round <= each.rounds; round++) {
		for (const {name, prober} of entries) {
			prober.resume();
			await wait(settleMs);
			const {figures} = await measureWindow(prober, bench.server, {
				owner: name,
				windowMs: each.windowMs,
				withinMs: each.intervalMs / 2,
			});
			prober.pause();
			if (figures.latency === undefined && name === 'cloudprober' && each.everyLatency && cloudprober) {
				const latency = await latencyOfCloudprober(bench, cloudprober, each);
				if (latency) figures.latency = latency;
			}
			windows[name] = [...(windows[name] ?? []), figures];
			bench.tell(`${describeCase(each)}, round ${round} of ${each.rounds}: ${name} ${describeWindow(figures)}`);
		}
	}
	for (const {prober} of entries) await prober.running.stop();
	return {scheme: each.scheme, targets: each.targets, intervalMs: each.intervalMs, windows};
}

interface Entry {
	name: ProberName;
	prober: AtWork;
}

/** A second cloudprober, whose metrics move with every run: its latencies only, because that costs it more. */
async function latencyOfCloudprober(bench: Bench, program: string, each: Case): Promise<WindowFigures['latency']> {
	const prober = await startCloudprober(program, taskOf(bench, each), {everyRun: true});
	// It begins one target every 10 ms.
	await wait(each.targets * 10 + settleMs);
	const {figures} = await measureWindow(prober, bench.server, {
		owner: 'cloudprober',
		windowMs: Math.min(each.windowMs, 5000),
		withinMs: each.intervalMs / 2,
	});
	await prober.running.stop();
	return figures.latency;
}

/** tailprobe from its source, for its memory beside the compiled one's. */
export async function measureSourceForm(bench: Bench, each: Case): Promise<SourceForm> {
	const prober = await startTailprobe(bench.source, taskOf(bench, each));
	await wait(bench.options.warmUpMs);
	const {figures} = await measureWindow(prober, bench.server, {
		owner: 'tailprobe',
		windowMs: each.windowMs,
		withinMs: each.intervalMs / 2,
	});
	await prober.running.stop();
	bench.tell(`${describeCase(each)}, from source: tailprobe ${describeWindow(figures)}`);
	return {targets: each.targets, window: figures};
}

function taskOf(bench: Bench, {scheme, targets, intervalMs}: Case): Task {
	const scratch = join(bench.scratch, `${scheme}-${targets}`);
	mkdirSync(scratch, {recursive: true});
	return {scheme, targets, intervalMs, timeoutMs: 900, scratch};
}

export function describeCase({scheme, targets, intervalMs}: Pick<Case, 'scheme' | 'targets' | 'intervalMs'>): string {
	return `${targets} targets over ${scheme} every ${intervalMs / 1000} s`;
}

function describeWindow({cpuMsPerProbe, residentMb, probes, latency}: WindowFigures): string {
	const cost = `${cpuMsPerProbe.toFixed(2)} ms CPU per probe (${probes}), ${residentMb.toFixed(0)} MB`;
	if (!latency) return cost;
	const {reported, late} = latency;
	return `${cost}, p50 ${reported.p50.toFixed(1)} ms, p99 ${reported.p99.toFixed(1)} ms${late > 0 ? `, ${late} late` : ''}`;
}
