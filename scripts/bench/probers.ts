/** What the three probers have in common for the bench. */

import {fileURLToPath} from 'node:url';
import {addressOf} from './namespace.ts';
import type {Running} from './processes.ts';
import type {ProberName, ReportedRun, Scheme} from './types.ts';

/** What a prober is to do. */
export interface Task {
	scheme: Scheme;
	targets: number;
	intervalMs: number;
	timeoutMs: number;
	/** Where the prober may run, as `taskset --cpu-list` takes it. */
	processors: string;
	/** A folder for its configuration and its log. */
	scratch: string;
}

export interface RunCounts {
	runs: number;
	succeeded: number;
}

/** A prober at work. */
export interface AtWork {
	running: Running;
	/** Let it rest, and go on, while another is measured. */
	pause(): void;
	resume(): void;
	/** From now on readings are wanted. */
	begin(): Promise<void>;
	/** Reads its metrics, as a Prometheus does every few seconds; nothing where that is how it probes. */
	scrape(): Promise<void>;
	/** Runs since its start, and those of them that succeeded; absent where it tells that too seldom. */
	counts?(): Promise<RunCounts>;
	/** What it reported since `begin`, at least. */
	readings(): Promise<ReportedRun[]>;
}

export const plainPort = 8000;
export const securePort = 8443;

const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/tls/${name}`, import.meta.url));

/** Of the record server: signed by an authority of its own, for this name. */
export const certificate = {
	file: fixture('good.pem'),
	key: fixture('server.key'),
	authority: fixture('ca.pem'),
	name: 'livekit',
};

export interface BenchTarget {
	name: string;
	url: string;
}

/** The targets of a task: each with an address and a path of its own, the path under the name of who asks. */
export function targetsOf(who: ProberName, {scheme, targets}: Pick<Task, 'scheme' | 'targets'>): BenchTarget[] {
	const port = scheme === 'http' ? plainPort : securePort;
	return Array.from({length: targets}, (_, index) => ({
		name: `t${index}`,
		url: `${scheme}://${addressOf(index)}:${port}/${who}/t${index}`,
	}));
}

/** The text of an answer with status 200, or undefined. */
export async function getText(url: string, timeoutMs = 10_000): Promise<string | undefined> {
	const answer = await fetch(url, {signal: AbortSignal.timeout(timeoutMs)});
	const text = await answer.text();
	return answer.status === 200 ? text : undefined;
}
