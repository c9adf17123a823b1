/** One window: what a prober cost and reported while it probed the record server. */

import {setTimeout as wait} from 'node:timers/promises';
import {latencyOf, pairRuns} from './pair.ts';
import type {AtWork} from './probers.ts';
import {cpuMsOf, machineCpuMs, memoryOf} from './process-figures.ts';
import {type Helper, ownCpuMs} from './processes.ts';
import type {LatencyFigures, ReportedRun, ServedRequest, WindowFigures} from './types.ts';

/** A window with all that was seen in it. */
export interface Seen {
	figures: WindowFigures;
	/** What the prober reported, and the server recorded, in the window and somewhat around it. */
	runs: ReportedRun[];
	served: ServedRequest[];
}

/** Measures the prober for so long; it must be at work already. `owner`: the first part of its paths. */
export async function measureWindow(
	prober: AtWork,
	server: Helper,
	{owner, windowMs, withinMs}: {owner: string; windowMs: number; withinMs: number},
): Promise<Seen> {
	const {pid} = prober.running;
	await server.ask({do: 'take'});
	await prober.begin();
	const fromMs = clockMs();
	const cpuBefore = cpuMsOf(pid);
	const othersBefore = machineCpuMs() - ownCpuMs();
	await wait(windowMs / 2);
	await prober.scrape();
	await wait(windowMs / 2);
	const cpuMs = cpuMsOf(pid) - cpuBefore;
	const toMs = clockMs();
	const othersMs = machineCpuMs() - ownCpuMs() - othersBefore;
	const memory = memoryOf(pid);
	const runs = await prober.readings();
	const all = await server.ask<ServedRequest[]>({do: 'take'});
	const served = all.filter(({path}) => path.startsWith(`/${owner}/`));
	const inWindow = served.filter(({sentMs}) => sentMs >= fromMs && sentMs < toMs);
	const latency = latencyIn(runs, inWindow, withinMs);
	return {
		figures: {
			seconds: (toMs - fromMs) / 1000,
			probes: inWindow.length,
			cpuMsPerProbe: cpuMs / inWindow.length,
			othersCpu: Math.max(0, othersMs / (toMs - fromMs)),
			...memory,
			...(latency === undefined ? {} : {latency}),
		},
		runs,
		served,
	};
}

/** Latencies of the runs whose requests are given. */
export function latencyIn(
	runs: readonly ReportedRun[],
	served: readonly ServedRequest[],
	withinMs: number,
): LatencyFigures | undefined {
	return latencyOf(pairRuns(runs, served, withinMs));
}

/** The record server's clock, which is the machine's. */
function clockMs(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}
