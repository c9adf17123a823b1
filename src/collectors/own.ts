/** Samples about vantages and about tailprobe itself. */

import {readdirSync, readFileSync} from 'node:fs';
import {type EventLoopUtilization, performance} from 'node:perf_hooks';
import {getHeapStatistics} from 'node:v8';
import {ownMetrics, vantageMetrics} from '../metrics/core.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import type {VantageState, WayState} from '../vantages/types.ts';

export interface OwnState {
	version: string;
	/** Milliseconds since 1970. */
	startedAt: number;
	lastReload: {ok: boolean; succeededAt: number};
	checks: number;
	planProblems: number;
	inventoryExported: boolean;
}

/** The rows that `collectOwnSamples` feeds. */
export const collectedOwnMetrics: readonly MetricDef[] = [
	ownMetrics.buildInfo,
	ownMetrics.reloadOk,
	ownMetrics.reloadAt,
	ownMetrics.checks,
	ownMetrics.planProblems,
	ownMetrics.inventoryExported,
	ownMetrics.cpu,
	ownMetrics.resident,
	ownMetrics.startTime,
	ownMetrics.openFds,
	ownMetrics.maxFds,
	ownMetrics.heapUsed,
	ownMetrics.heapTotal,
	ownMetrics.loopUtilization,
];

/** The rows that `collectVantageSamples` feeds. */
export const collectedVantageMetrics: readonly MetricDef[] = [
	vantageMetrics.up,
	vantageMetrics.lateness,
	vantageMetrics.inFlight,
	vantageMetrics.started,
	vantageMetrics.runs,
	vantageMetrics.skipped,
	vantageMetrics.restarts,
	vantageMetrics.controlReachable,
	vantageMetrics.rejected,
	vantageMetrics.lost,
	vantageMetrics.info,
	vantageMetrics.way,
];

const verdicts = ['up', 'down', 'unknown'] as const;

export function collectVantageSamples(states: readonly VantageState[]): Sample[] {
	return states.flatMap(state => {
		const {name: vantage, condition, facts} = state;
		const samples: Sample[] = [
			sample(vantageMetrics.lateness, state.latenessMs / 1000, {vantage}),
			sample(vantageMetrics.inFlight, state.runsInFlight, {vantage}),
			sample(vantageMetrics.started, state.runs.started, {vantage}),
			...verdicts.map(verdict => sample(vantageMetrics.runs, state.runs[verdict], {vantage, verdict})),
			sample(vantageMetrics.skipped, state.skippedSlots.overlap, {vantage, reason: 'overlap'}),
			sample(vantageMetrics.skipped, state.skippedSlots.late, {vantage, reason: 'late'}),
			sample(vantageMetrics.restarts, state.threadRestarts, {vantage}),
		];
		if (condition !== 'starting' && !state.unsupported)
			samples.push(sample(vantageMetrics.up, condition === 'sound' ? 1 : 0, {vantage}));
		if (facts.online !== undefined)
			samples.push(sample(vantageMetrics.controlReachable, facts.online === 'true' ? 1 : 0, {vantage}));
		return [...samples, ...describeIntake(state), ...describeWays(state)];
	});
}

function describeIntake({name: vantage, intake}: VantageState): Sample[] {
	if (!intake) return [];
	return [
		...Object.entries(intake.rejected).map(([reason, number]) =>
			sample(vantageMetrics.rejected, number, {vantage, reason}),
		),
		sample(vantageMetrics.lost, intake.lost, {vantage}),
	];
}

const wayStates = ['used', 'ready', 'failing', 'unsupported', 'idle'] as const;

function describeWays({name: vantage, type, group = vantage, ways = []}: VantageState): Sample[] {
	const used = ways.length === 0 ? type : (ways.find(({inUse}) => inUse)?.type ?? 'none');
	return [
		sample(vantageMetrics.info, 1, {vantage, group, way: used}),
		...ways.flatMap(way =>
			wayStates.map(state =>
				sample(vantageMetrics.way, wayStateOf(way) === state ? 1 : 0, {vantage, way: way.type, state}),
			),
		),
	];
}

function wayStateOf({inUse, condition}: WayState): (typeof wayStates)[number] {
	if (inUse) return 'used';
	if (condition === 'unsupported' || condition === 'idle') return condition;
	return condition === 'sound' || condition === 'sick' ? 'ready' : 'failing';
}

let lastUtilization: EventLoopUtilization | undefined;

export function collectOwnSamples(state: OwnState): Sample[] {
	const {user, system} = process.cpuUsage();
	const heap = getHeapStatistics();
	const utilization = performance.eventLoopUtilization();
	const busy = performance.eventLoopUtilization(utilization, lastUtilization).utilization;
	lastUtilization = utilization;
	const fds = countOpenFds();
	const maxFds = readMaxFds();
	return [
		sample(ownMetrics.buildInfo, 1, {version: state.version, node_version: process.version}),
		sample(ownMetrics.reloadOk, state.lastReload.ok ? 1 : 0),
		sample(ownMetrics.reloadAt, state.lastReload.succeededAt / 1000),
		sample(ownMetrics.checks, state.checks),
		sample(ownMetrics.planProblems, state.planProblems),
		sample(ownMetrics.inventoryExported, state.inventoryExported ? 1 : 0),
		sample(ownMetrics.cpu, (user + system) / 1e6),
		sample(ownMetrics.resident, process.memoryUsage.rss()),
		sample(ownMetrics.startTime, performance.timeOrigin / 1000),
		...(fds === undefined ? [] : [sample(ownMetrics.openFds, fds)]),
		...(maxFds === undefined ? [] : [sample(ownMetrics.maxFds, maxFds)]),
		sample(ownMetrics.heapUsed, heap.used_heap_size),
		sample(ownMetrics.heapTotal, heap.total_heap_size),
		sample(ownMetrics.loopUtilization, busy),
	];
}

function sample(def: MetricDef, value: number, labels: Record<string, string> = {}): Sample {
	return {name: def.name, labels, value};
}

function countOpenFds(): number | undefined {
	try {
		return readdirSync('/proc/self/fd').length;
	} catch {
		return undefined; // Only Linux has /proc.
	}
}

function readMaxFds(): number | undefined {
	try {
		const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
		return soft === undefined ? undefined : Number(soft);
	} catch {
		return undefined; // Only Linux has /proc.
	}
}
