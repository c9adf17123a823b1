/** cloudprober in the bench. */

import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseSamples, type Sample} from './exposition.ts';
import {type AtWork, certificate, getText, type Task, targetsOf} from './probers.ts';
import {startProgram, waitFor} from './processes.ts';
import type {ReportedRun} from './types.ts';

export interface CloudproberOptions {
	/**
	 * Its metrics move every ten seconds; that is how its CPU time is measured. Only when they move with every run can one run's
	 * latency be had (the difference of two sums), and it then works more.
	 */
	everyRun: boolean;
	/** Text of more probes in its configuration. */
	more?: string;
}

/** Starts it. */
export async function startCloudprober(
	program: string,
	task: Task,
	options: CloudproberOptions,
): Promise<AtWork & {metricsUrl: string}> {
	// A second one may be there beside one that rests.
	const port = options.everyRun ? 9314 : 9313;
	const metricsUrl = `http://127.0.0.1:${port}/metrics`;
	const configFile = join(task.scratch, `cloudprober-${port}.cfg`);
	writeFileSync(configFile, `${configOf(task, options)}\n${options.more ?? ''}`);
	const running = startProgram([program, `--config_file=${configFile}`, '--min_log_level=ERROR'], {
		logFile: join(task.scratch, 'cloudprober.log'),
		env: {...process.env, CLOUDPROBER_PORT: String(port)},
	});
	await waitFor('cloudprober did not start', running, 20_000, () => getText(metricsUrl));
	let collector: Collector | undefined;
	return {
		metricsUrl,
		running,
		pause: () => running.pause(),
		resume: () => running.resume(),
		async begin() {
			if (options.everyRun) collector = collect(metricsUrl, task.intervalMs / 3);
		},
		scrape: async () => void (await getText(metricsUrl)),
		readings: async () => (await collector?.end()) ?? [],
	};
}

function configOf(task: Task, {everyRun}: CloudproberOptions): string {
	const tls = `tls_config { ca_cert_file: "${certificate.authority}" server_name: "${certificate.name}" }`;
	const endpoints = targetsOf('cloudprober', task).map(({name, url}) => `endpoint { name: "${name}" url: "${url}" }`);
	// Without the surfacer that writes all metrics to standard output, which is there by default.
	return `surfacer { type: PROMETHEUS }
probe {
	name: "bench"
	type: HTTP
	interval_msec: ${task.intervalMs}
	timeout_msec: ${task.timeoutMs}
	${everyRun ? `stats_export_interval_msec: ${task.intervalMs}` : ''}
	targets { ${endpoints.join('\n')} }
	http_probe { ${task.scheme === 'https' ? tls : ''} }
}`;
}

interface Collector {
	end(): Promise<ReportedRun[]>;
}

/** Reads the metrics again and again, often enough to see each run of each target. */
function collect(metricsUrl: string, everyMs: number): Collector {
	const reads: MetricsRead[] = [];
	let reading: Promise<void> = Promise.resolve();
	const read = () => {
		reading = reading.then(async () => {
			const text = await getText(metricsUrl).catch(() => undefined);
			if (text !== undefined) reads.push({text, atWallMs: Date.now()});
		});
	};
	read();
	const timer = setInterval(read, everyMs);
	return {
		async end() {
			clearInterval(timer);
			read();
			await reading;
			return runsOf(reads);
		},
	};
}

export interface MetricsRead {
	text: string;
	atWallMs: number;
}

/**
 * One run for each step by one of a target's `total`: its latency is the difference of the sums. cloudprober does not tell when a
 * run began; it moves its metrics as soon as one ended, so it was between this read and the one before: far nearer to its own
 * request than to any other of that target.
 */
export function runsOf(reads: readonly MetricsRead[]): ReportedRun[] {
	const before = new Map<string, Counters>();
	const runs: ReportedRun[] = [];
	let lastAtMs = 0;
	for (const {text, atWallMs} of reads) {
		for (const [target, now] of countersOf(text)) {
			const last = before.get(target);
			before.set(target, now);
			if (last === undefined || now.total !== last.total + 1 || now.success !== last.success + 1) continue;
			// The sums are microseconds.
			const reportedMs = (now.latency - last.latency) / 1000;
			runs.push({path: `/cloudprober/${target}`, startedWallMs: (lastAtMs + atWallMs) / 2 - reportedMs, reportedMs});
		}
		lastAtMs = atWallMs;
	}
	return runs;
}

interface Counters {
	total: number;
	success: number;
	latency: number;
}

function countersOf(text: string): Map<string, Counters> {
	const samples = parseSamples(text, name => name === 'total' || name === 'success' || name === 'latency');
	const byTarget = Map.groupBy(
		samples.filter(({labels}) => labels.probe === 'bench'),
		// With the port behind the name.
		({labels}) => (labels.dst ?? '').replace(/:\d+$/, ''),
	);
	const found = new Map<string, Counters>();
	for (const [target, ofTarget] of byTarget) {
		const value = (name: string) => ofTarget.find(sample => sample.name === name);
		const [total, success, latency]: (Sample | undefined)[] = [value('total'), value('success'), value('latency')];
		if (!total || !success || !latency) continue;
		found.set(target, {total: total.value, success: success.value, latency: latency.value});
	}
	return found;
}
