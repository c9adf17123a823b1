/** Many nodes with five checks each, every 30 s, tailprobe on one core. */

import {setTimeout as wait} from 'node:timers/promises';
import type {Bench} from './bench.ts';
import {countSamples, parseSamples, type Sample, sumOf} from './exposition.ts';
import {beginPlatform, nodeChecks} from './nodes.ts';
import {getText} from './probers.ts';
import {cpuMsOf, memoryOf} from './process-figures.ts';
import {startServe, tailprobeUrl, untilReady} from './tailprobe.ts';
import type {Scale} from './types.ts';

const nodes = 1000;
const checks = nodes * 5;
const intervalMs = 30_000;
const scrapeEveryMs = 15_000;

/** Measures it, once every check has run. */
export async function measureScale(bench: Bench): Promise<Scale> {
	const {platform, config} = await beginPlatform(bench, nodes);
	const running = startServe(
		bench.compiled,
		{...config, checks: nodeChecks({interval: `${intervalMs}ms`, detail: 'least'})},
		{scratch: bench.scratch, processors: bench.processors.measured},
	);
	await untilReady(running);
	bench.tell(`${nodes} nodes × 5 checks: ready, waiting until each has run once`);
	await wait(intervalMs + 5000);

	const first = await scrape();
	const scrapes = [first];
	const cpuBefore = cpuMsOf(running.pid);
	const from = performance.now();
	while (performance.now() - from < bench.options.scaleWindowMs) {
		await wait(scrapeEveryMs);
		scrapes.push(await scrape());
	}
	const cpuMs = cpuMsOf(running.pid) - cpuBefore;
	const seconds = (performance.now() - from) / 1000;
	const memory = memoryOf(running.pid);
	await running.stop();
	await platform.stop();
	const last = scrapes.at(-1) ?? first;
	const grown = (name: string, labels: Record<string, string> = {}) =>
		sumOf(last.samples, name, labels) - sumOf(first.samples, name, labels);
	const runs = grown('tailprobe_check_runs_total');
	const result: Scale = {
		nodes,
		checks,
		seconds,
		wantedRuns: (checks * seconds * 1000) / intervalMs,
		runs,
		up: grown('tailprobe_check_runs_total', {verdict: 'up'}),
		down: grown('tailprobe_check_runs_total', {verdict: 'down'}),
		unknown: grown('tailprobe_check_runs_total', {verdict: 'unknown'}),
		skipped: grown('tailprobe_vantage_skipped_slots_total'),
		lateRuns: grown('tailprobe_vantage_late_runs_total'),
		cpuPercent: cpuMs / seconds / 10,
		cpuMsPerProbe: cpuMs / runs,
		...memory,
		samples: countSamples(last.text),
		series: sumOf(last.samples, 'tailprobe_series'),
		bytes: last.text.length,
		scrapeMs: scrapes.map(({ms}) => ms),
		latenessMs: Math.max(...scrapes.map(({samples}) => sumOf(samples, 'tailprobe_vantage_lateness_seconds') * 1000)),
	};
	bench.tell(
		`${nodes} nodes × 5 checks: ${runs} runs of ${result.wantedRuns.toFixed(0)}, ${result.cpuPercent.toFixed(0)} % of a core, ${result.samples} series, scrapes ${result.scrapeMs.map(ms => ms.toFixed(0)).join(', ')} ms`,
	);
	return result;
}

interface Scrape {
	ms: number;
	text: string;
	samples: Sample[];
}

async function scrape(): Promise<Scrape> {
	const begunAt = performance.now();
	const text = (await getText(`${tailprobeUrl}/metrics`)) ?? '';
	const ms = performance.now() - begunAt;
	const wanted = /^tailprobe_(check_runs_total|vantage_.*|series)$/;
	return {ms, text, samples: parseSamples(text, name => wanted.test(name))};
}
