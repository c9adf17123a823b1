/** Latency of 200 targets while scrapes of a /metrics of 50,000 series go on. */

import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import type {Bench} from './bench.ts';
import {type MetricsRead, runsOf, startCloudprober} from './cloudprober.ts';
import {countSamples, parseSamples, sumOf} from './exposition.ts';
import {addressOf} from './namespace.ts';
import {type AtWork, getText, plainPort, type Task} from './probers.ts';
import {memoryOf} from './process-figures.ts';
import {spreadOf} from './statistics.ts';
import {startTailprobe, tailprobeUrl} from './tailprobe.ts';
import type {LatencyFigures, ProberName, ScrapeFigures} from './types.ts';
import {measureWindow} from './window.ts';

const wantedSeries = 50_000;
const scrapeEveryMs = 500;
const targets = 200;
const longestWaitMs = 45_000;

/** tailprobe: beside the 200 targets it watches thousands of others, each seldom, whose series are there all the same. */
export async function measureTailprobeScrapes(bench: Bench): Promise<ScrapeFigures | undefined> {
	// A check has six series before its first run.
	const others = Array.from({length: 8100}, (_, index) => ({
		name: `other-${index}`,
		target: `http://${addressOf(10_000 + index)}:${plainPort}/tailprobe/other-${index}`,
	}));
	const seldom = {name: 'others', prober: 'http', via: 'direct', interval: '30m', detail: 'lean', targets: others};
	const prober = await startTailprobe(bench.compiled, taskOf(bench), {
		checks: [seldom],
		// It counts what a check may come to have.
		limits: {max_series: 100_000},
	});
	await wait(bench.options.warmUpMs);
	const figures = await measureScrapes(bench, prober, 'tailprobe', `${tailprobeUrl}/metrics`);
	const text = (await getText(`${tailprobeUrl}/metrics`)) ?? '';
	await prober.running.stop();
	return (
		figures && {
			...figures,
			latenessMs: sumOf(parseSamples(text), 'tailprobe_vantage_lateness_seconds') * 1000,
		}
	);
}

/** cloudprober: beside the 200 targets it probes some hundreds every ten seconds, with a histogram of a hundred edges for each. */
export async function measureCloudproberScrapes(bench: Bench, program: string): Promise<ScrapeFigures | undefined> {
	const endpoints = Array.from({length: 460}, (_, index) => {
		const url = `http://${addressOf(10_000 + index)}:${plainPort}/cloudprober/other-${index}`;
		return `endpoint { name: "other-${index}" url: "${url}" }`;
	});
	const edges = Array.from({length: 100}, (_, index) => (index + 1) * 500).join();
	const more = `probe {
	name: "others"
	type: HTTP
	interval_msec: 10000
	timeout_msec: 900
	latency_distribution { explicit_buckets: "${edges}" }
	targets { ${endpoints.join('\n')} }
}`;
	const prober = await startCloudprober(program, taskOf(bench), {everyRun: true, more});
	await wait(bench.options.warmUpMs);
	const figures = await measureScrapes(bench, prober, 'cloudprober', prober.metricsUrl);
	await prober.running.stop();
	return figures;
}

async function measureScrapes(
	bench: Bench,
	prober: AtWork,
	owner: ProberName,
	metricsUrl: string,
): Promise<ScrapeFigures | undefined> {
	const text = await untilSeries(metricsUrl);
	const series = countSamples(text);
	if (series < wantedSeries) {
		bench.miss(
			`${owner} showed ${series} series and not ${wantedSeries} after ${longestWaitMs / 1000} s: no scrapes of it.`,
		);
		return undefined;
	}
	const window = {owner, windowMs: bench.options.scrapeWindowMs, withinMs: 500};
	// cloudprober tells its latencies by its metrics only: there is no time before the scrapes.
	const byScrapes = owner === 'cloudprober';
	const before = byScrapes ? undefined : await latencyWithout(bench, prober, window);
	const scraping = scrapeOn(metricsUrl, byScrapes);
	const read = byScrapes ? {begin: async () => {}, readings: async () => runsOf(scraping.texts)} : {};
	const {figures} = await measureWindow({...prober, ...read}, bench.server, window);
	const scrapeMs = await scraping.end();
	const memory = memoryOf(prober.running.pid);
	if (!figures.latency || (!byScrapes && !before)) {
		bench.miss(`${owner} told no latency while it was scraped.`);
		return undefined;
	}
	bench.tell(
		`scrapes of ${series} series: ${owner} ${spreadOf(scrapeMs).p50.toFixed(0)} ms each, latency p99 ${figures.latency.reported.p99.toFixed(1)} ms${before ? ` (${before.reported.p99.toFixed(1)} before)` : ''}`,
	);
	return {
		series,
		bytes: text.length,
		scrapes: scrapeMs.length,
		scrapeMs: {...spreadOf(scrapeMs), max: Math.max(...scrapeMs)},
		...(before ? {before} : {}),
		during: figures.latency,
		...memory,
	};
}

async function latencyWithout(
	bench: Bench,
	prober: AtWork,
	window: Parameters<typeof measureWindow>[2],
): Promise<LatencyFigures | undefined> {
	const {figures} = await measureWindow({...prober, scrape: async () => {}}, bench.server, window);
	return figures.latency;
}

interface Scraping {
	/** So far, where they are kept. */
	texts: MetricsRead[];
	/** Resolves with the milliseconds of each scrape. */
	end(): Promise<number[]>;
}

function scrapeOn(url: string, keepTexts: boolean): Scraping {
	const times: number[] = [];
	const texts: MetricsRead[] = [];
	let scraping: Promise<void> = Promise.resolve();
	const timer = setInterval(() => {
		scraping = scraping.then(async () => {
			const begunAt = performance.now();
			const text = await getText(url).catch(() => undefined);
			if (text === undefined) return;
			times.push(performance.now() - begunAt);
			if (keepTexts) texts.push({text, atWallMs: Date.now()});
		});
	}, scrapeEveryMs);
	return {
		texts,
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
	return {scheme: 'http', targets, intervalMs: 1000, timeoutMs: 900, scratch};
}
