/** How reading went, for every source alike: so that "no data" can be told from "nothing wrong". */

import {type HeadscalePoller, isInventory, isUnsupported, type Part, versionIntervalMs} from '../headscale/poll.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import type {SourceView} from '../server/types.ts';
import {isFresh, type Read} from '../sources/read.ts';
import type {Collector} from './types.ts';

/** A source as pages and metrics show it, with how often it is read. */
export interface SourceReading extends SourceView {
	intervalMs: number;
}

/** `headscale-nodes`, `headscale-pre-auth-keys`, … */
export function sourceName(part: Part): string {
	return `headscale-${part.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

/** What is known of a read, as a source. */
export function sourceReading(
	name: string,
	{triedAt, succeededAt, seconds, error, failure, obstacle, failingSince}: Read<unknown>,
	intervalMs: number,
): SourceReading {
	return {
		name,
		ok: triedAt === undefined ? undefined : error === undefined,
		...(succeededAt === undefined ? {} : {lastSuccessAt: succeededAt}),
		...(triedAt === undefined ? {} : {lastTriedAt: triedAt}),
		...(failingSince === undefined ? {} : {failingSince}),
		...(seconds === undefined ? {} : {seconds}),
		...(error === undefined ? {} : {detail: error}),
		...(failure === undefined ? {} : {failure}),
		...(obstacle === undefined ? {} : {obstacle}),
		intervalMs,
	};
}

/** The parts of headscale that a poller reads, as sources; how often each is read depends on its kind. */
export function headscaleSources(
	poller: Pick<HeadscalePoller, 'parts' | 'state'>,
	{intervalMs, inventoryIntervalMs}: {intervalMs: number; inventoryIntervalMs: number},
): SourceReading[] {
	const state = poller.state();
	return poller.parts.map(part => {
		const read: Read<unknown> = state[part] ?? {};
		const isMissing = isUnsupported(read);
		const paceMs = isInventory(part) ? inventoryIntervalMs : intervalMs;
		const sourceIntervalMs = part === 'version' || isMissing ? Math.max(paceMs, versionIntervalMs) : paceMs;
		const whole = sourceReading(sourceName(part), read, sourceIntervalMs);
		if (!isMissing) return whole;
		// What is not there does not fail with the rest.
		const {failingSince: _since, failure: _failure, obstacle: _obstacle, ...reading} = whole;
		return {...reading, ok: true, detail: 'This version of headscale has no such thing.', isUnsupported: true};
	});
}

export const sourceMetrics = {
	success: {
		name: 'tailprobe_source_read_success',
		type: 'gauge',
		help: '1 if the last read of the source succeeded, 0 if it failed; absent before the first and when nothing was tried for three intervals.',
		labels: ['source'],
	},
	lastSuccess: {
		name: 'tailprobe_source_last_success_timestamp_seconds',
		type: 'gauge',
		help: 'When the source was last read with success; absent before the first time.',
		labels: ['source'],
	},
	duration: {
		name: 'tailprobe_source_read_duration_seconds',
		type: 'gauge',
		help: 'How long the last read of the source took, also when it failed.',
		labels: ['source'],
	},
} as const satisfies Record<string, MetricDef>;

export const sourceCollector: Collector<readonly SourceReading[]> = {
	name: 'sources',
	metrics: Object.values(sourceMetrics),
	collect: (sources, nowMs) => sources.flatMap(source => describe(source, nowMs)),
};

function describe(source: SourceReading, nowMs: number): Sample[] {
	const labels = {source: source.name};
	const samples: Sample[] = [];
	if (source.ok !== undefined && isFresh(source.lastTriedAt, source.intervalMs, nowMs)) {
		samples.push({name: sourceMetrics.success.name, labels, value: Number(source.ok)});
		if (source.seconds !== undefined) samples.push({name: sourceMetrics.duration.name, labels, value: source.seconds});
	}
	if (source.lastSuccessAt !== undefined) {
		samples.push({name: sourceMetrics.lastSuccess.name, labels, value: source.lastSuccessAt / 1000});
	}
	return samples;
}
