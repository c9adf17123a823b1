/** One window: what a prober cost and reported while it probed the record server. */

import {setTimeout as wait} from 'node:timers/promises';
import {latencyOf, pairRuns, reportedOnly} from './pair.ts';
import type {AtWork, RunCounts, Task} from './probers.ts';
import {cpuMsOf, machineCpuMs, memoryOf} from './process-figures.ts';
import {type Helper, ownCpuMs} from './processes.ts';
import type {Recorded} from './record-server.ts';
import type {LatencyFigures, ProberName, WindowFigures} from './types.ts';

/** A window in which less of the work was done tells nothing of what the work costs. */
const leastDone = 0.99;
/** Later than this, p99, the record server itself stands in the latencies. */
const worstServerDelayMs = 2;

/** Measures the prober for so long; it must be at work already. `owner`: the first part of its paths. */
export async function measureWindow(
	prober: AtWork,
	server: Helper,
	{owner, windowMs, task}: {owner: ProberName; windowMs: number; task: Pick<Task, 'targets' | 'intervalMs'>},
): Promise<WindowFigures> {
	const {pid} = prober.running;
	await prober.begin();
	const countsBefore = await prober.counts?.();
	await server.ask({do: 'take'});
	const fromMs = clockMs();
	const cpuBefore = cpuMsOf(pid);
	const othersBefore = machineCpuMs() - ownCpuMs();
	await wait(windowMs / 2);
	await prober.scrape();
	await wait(windowMs / 2);
	const cpuMs = cpuMsOf(pid) - cpuBefore;
	const toMs = clockMs();
	const othersMs = machineCpuMs() - ownCpuMs() - othersBefore;
	// At once: what is read next keeps the server from its work.
	const recorded = await server.ask<Recorded>({do: 'take'});
	const countsAfter = await prober.counts?.();
	const memory = memoryOf(pid);
	const runs = await prober.readings();
	const requests = recorded.requests.filter(
		({path, sentMs}) => path.startsWith(`/${owner}/`) && sentMs >= fromMs && sentMs < toMs,
	);
	const answered = requests.filter(({gone}) => !gone);
	const pairs = pairRuns(runs, answered, task.intervalMs / 2);
	const latency: LatencyFigures | undefined = owner === 'cloudprober' ? reportedOnly(runs) : latencyOf(pairs);
	const work = {
		wanted: Math.round((task.targets * (toMs - fromMs)) / task.intervalMs),
		asked: requests.length,
		succeeded: Math.round(answered.length * shareOf(countsBefore, countsAfter)),
	};
	return {
		seconds: (toMs - fromMs) / 1000,
		...work,
		cpuMsPerProbe: cpuMs / requests.length,
		othersCpu: Math.max(0, othersMs / (toMs - fromMs)),
		...memory,
		serverDelayMs: recorded.delayP99Ms,
		...(latency === undefined ? {} : {latency}),
		...faultsOf({...work, serverDelayMs: recorded.delayP99Ms}),
	};
}

/** Why a window, or its latency alone, counts for nothing; neither when it is sound. */
export function faultsOf({
	wanted,
	asked,
	succeeded,
	serverDelayMs,
}: Pick<WindowFigures, 'wanted' | 'asked' | 'succeeded' | 'serverDelayMs'>): Pick<
	WindowFigures,
	'thrownFor' | 'latencyThrownFor'
> {
	const done = `of ${wanted} runs ${asked} asked the server and ${succeeded} succeeded`;
	return {
		...(Math.min(asked, succeeded) < leastDone * wanted ? {thrownFor: done} : {}),
		...(serverDelayMs > worstServerDelayMs
			? {latencyThrownFor: `the record server was ${serverDelayMs.toFixed(1)} ms late (p99)`}
			: {}),
	};
}

/** Of the runs that ended in between, how many succeeded; all where the prober does not count, and 0 where none ended. */
function shareOf(before: RunCounts | undefined, after: RunCounts | undefined): number {
	if (!before || !after) return 1;
	const runs = after.runs - before.runs;
	return runs === 0 ? 0 : (after.succeeded - before.succeeded) / runs;
}

/** The record server's clock, which is the machine's. */
function clockMs(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}
