/** cloudprober in the bench. */

import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type AtWork, certificate, getText, type Task, targetsOf} from './probers.ts';
import {startProgram, waitFor} from './processes.ts';
import {onProcessors} from './processors.ts';
import type {ReportedRun} from './types.ts';

export interface CloudproberOptions {
	/**
	 * Its metrics move every ten seconds; that is how its CPU time is measured. Only when they move with every run can one run's
	 * latency be had (the difference of two sums). It then writes them to a file, a line a run: nobody has to ask for them while
	 * it measures.
	 */
	everyRun: boolean;
}

/** Starts it. */
export async function startCloudprober(program: string, task: Task, options: CloudproberOptions): Promise<AtWork> {
	// A second one may be there beside one that rests.
	const port = options.everyRun ? 9314 : 9313;
	const metricsUrl = `http://127.0.0.1:${port}/metrics`;
	const configFile = join(task.scratch, `cloudprober-${port}.cfg`);
	const runsFile = join(task.scratch, `cloudprober-${port}.runs`);
	writeFileSync(configFile, configOf(task, options.everyRun ? runsFile : undefined));
	const running = startProgram(
		onProcessors(task.processors, [program, `--config_file=${configFile}`, '--min_log_level=ERROR']),
		{
			logFile: join(task.scratch, 'cloudprober.log'),
			env: {...process.env, CLOUDPROBER_PORT: String(port)},
		},
	);
	await waitFor('cloudprober did not start', running, 20_000, () => getText(metricsUrl));
	let fromSeconds = 0;
	return {
		running,
		pause: () => running.pause(),
		resume: () => running.resume(),
		async begin() {
			// The first whole second: its lines tell no more of the time.
			fromSeconds = Math.ceil(Date.now() / 1000);
		},
		scrape: async () => void (await getText(metricsUrl)),
		async readings() {
			if (!options.everyRun) return [];
			return runsOf(readFileSync(runsFile, 'utf8'), fromSeconds, Math.floor(Date.now() / 1000));
		},
	};
}

function configOf(task: Task, runsFile: string | undefined): string {
	const tls = `tls_config { ca_cert_file: "${certificate.authority}" server_name: "${certificate.name}" }`;
	const endpoints = targetsOf('cloudprober', task).map(({name, url}) => `endpoint { name: "${name}" url: "${url}" }`);
	// Spread over the interval as the others are; by default they start 10 ms apart, which puts all that fall together into pairs.
	const spacing = Math.max(1, Math.floor(task.intervalMs / task.targets));
	// Without the surfacer that writes all metrics to standard output, which is there by default.
	return `surfacer { type: PROMETHEUS }
${runsFile === undefined ? '' : `surfacer { type: FILE file_surfacer { file_path: "${runsFile}" } }`}
probe {
	name: "bench"
	type: HTTP
	interval_msec: ${task.intervalMs}
	timeout_msec: ${task.timeoutMs}
	${runsFile ? `stats_export_interval_msec: ${task.intervalMs}` : ''}
	targets { ${endpoints.join('\n')} }
	http_probe { interval_between_targets_msec: ${spacing} ${task.scheme === 'https' ? tls : ''} }
}`;
}

/**
 * One run for each step by one of a target's `total`, of the lines of these seconds of the wall clock (the last not included): its
 * latency is the difference of the sums. A line is `cloudprober NUMBER SECONDS labels=… total=… success=… latency=…`.
 */
export function runsOf(lines: string, fromSeconds: number, toSeconds: number): ReportedRun[] {
	const before = new Map<string, Counters>();
	return lines.split('\n').flatMap(line => {
		const found = /(\d+) labels=\S*?probe=bench,dst=([^\s,:]+)\S* (.*)$/.exec(line);
		if (!found) return [];
		const [, seconds = '', target = '', values = ''] = found;
		const now = {
			total: readValue(values, 'total'),
			success: readValue(values, 'success'),
			latency: readValue(values, 'latency'),
		};
		const last = before.get(target);
		before.set(target, now);
		if (last === undefined || now.total !== last.total + 1 || now.success !== last.success + 1) return [];
		if (Number(seconds) < fromSeconds || Number(seconds) >= toSeconds) return [];
		// The sums are microseconds.
		return [{path: `/cloudprober/${target}`, reportedMs: (now.latency - last.latency) / 1000}];
	});
}

interface Counters {
	total: number;
	success: number;
	latency: number;
}

function readValue(values: string, name: string): number {
	return Number(new RegExp(`(?:^| )${name}=([\\d.e+]+)`).exec(values)?.[1]);
}
