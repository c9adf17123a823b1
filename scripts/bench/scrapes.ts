/** Latency of 200 targets while scrapes of a /metrics of 50,000 series go on. */

import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import type {Bench} from './bench.ts';
import {countSamples, parseSamples, sumOf} from './exposition.ts';
import {addressOf} from './namespace.ts';
import {type AtWork, getText, plainPort, type Task} from './probers.ts';
import {memoryOf} from './process-figures.ts';
import {spreadOf} from './statistics.ts';
import {startTailprobe, tailprobeUrl} from './tailprobe.ts';
import type {LatencyFigures, ScrapeFigures} from './types.ts';
import {measureWindow} from './window.ts';

const metricsUrl = `${tailprobeUrl}/metrics`;
const wantedSeries = 50_000;
const scrapeEveryMs = 500;
const targets = 200;
const longestWaitMs = 45_000;

/** tailprobe: beside the 200 targets it watches thousands of others, each seldom, whose series are there all the same. */
export async function measureScrapedLatency(bench: Bench): Promise<ScrapeFigures | undefined> {
	// A check has six series before its first run.
	const others = Array.from({length: 8100}, (_, index) => ({
		name: `other-${index}`,
		target: `http://${addressOf(10_000 + index)}:${plainPort}/tailprobe/other-${index}`,
	}));
	const seldom = {name: 'others', prober: 'http', via: 'direct', interval: '30m', detail: 'lean', targets: others};
	const task = taskOf(bench);
	const prober = await startTailprobe(bench.compiled, task, {
		checks: [seldom],
		// It counts what a check may come to have.
		limits: {max_series: 100_000},
	});
	await wait(bench.options.warmUpMs);
	const figures = await measureScrapes(bench, prober, task);
	await prober.running.stop();
	return figures;
}

async function measureScrapes(bench: Bench, prober: AtWork, task: Task): Promise<ScrapeFigures | undefined> {
	const text = await untilSeries(metricsUrl);
	const series = countSamples(text);
	if (series < wantedSeries) {
		bench.miss(
			`tailprobe showed ${series} series and not ${wantedSeries} after ${longestWaitMs / 1000} s: no scrapes.`,
		);
		return undefined;
	}
	const window = {owner: 'tailprobe', windowMs: bench.options.scrapeWindowMs, task} as const;
	const {latency: before} = await measureWindow({...prober, scrape: async () => {}}, bench.server, window);
	const scraping = scrapeOn(metricsUrl);
	const {latency: during} = await measureWindow(prober, bench.server, window);
	const scrapeMs = await scraping.end();
	const memory = memoryOf(prober.running.pid);
	if (!during || !before) {
		bench.miss('tailprobe told no latency while it was scraped.');
		return undefined;
	}
	const p99 = ({whole, reported}: LatencyFigures) => (whole ?? reported).p99.toFixed(1);
	bench.tell(
		`scrapes of ${series} series: ${spreadOf(scrapeMs).p50.toFixed(0)} ms each, latency p99 ${p99(during)} ms (${p99(before)} before)`,
	);
	return {
		series,
		bytes: text.length,
		scrapes: scrapeMs.length,
		scrapeMs: {...spreadOf(scrapeMs), max: Math.max(...scrapeMs)},
		before,
		during,
		...memory,
		latenessMs: sumOf(parseSamples((await getText(metricsUrl)) ?? ''), 'tailprobe_vantage_lateness_seconds') * 1000,
	};
}

interface Scraping {
	/** Resolves with the milliseconds of each scrape. */
	end(): Promise<number[]>;
}

function scrapeOn(url: string): Scraping {
	const times: number[] = [];
	let scraping: Promise<void> = Promise.resolve();
	const timer = setInterval(() => {
		scraping = scraping.then(async () => {
			const begunAt = performance.now();
			const text = await getText(url).catch(() => undefined);
			if (text === undefined) return;
			times.push(performance.now() - begunAt);
		});
	}, scrapeEveryMs);
	return {
		async end() {
			clearInterval(timer);
			await scraping;
			return times;
		},
	};
}

/** The text once it has enough series, or after the longest wait. */
async function untilSeries(url: string): Promise<string> {
	const giveUpAt = performance.now() + longestWaitMs;
	for (;;) {
		const text = (await getText(url)) ?? '';
		if (countSamples(text) >= wantedSeries || performance.now() > giveUpAt) return text;
		await wait(2000);
	}
}

function taskOf(bench: Bench): Task {
	const scratch = join(bench.scratch, 'scrapes');
	mkdirSync(scratch, {recursive: true});
	return {scheme: 'http', targets, intervalMs: 1000, timeoutMs: 900, processors: bench.processors.measured, scratch};
}
