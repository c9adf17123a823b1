/** vast.ai as the daemon holds it: all instances, read over and over, at a pace that gives way to trouble. */

import {type SourceReading, sourceReading} from '../collectors/sources.ts';
import {readSecret} from '../config/secrets.ts';
import type {VastConfig} from '../config/types.ts';
import {createSourceLog} from '../sinks/source-log.ts';
import {afterTry, type Brought, freshValue} from '../sources/read.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {oneLine} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {formatSpan} from '../util/readable.ts';
import {createVastClient, type VastClient} from './client.ts';
import {VastError} from './faults.ts';
import type {InstanceList, VastState} from './types.ts';

export interface VastSource {
	readonly intervalMs: number;
	state(): VastState;
	/** The list while it is no older than three intervals; otherwise nothing is known of any instance. */
	fresh(): InstanceList | undefined;
	/** `vast-instances`. */
	sources(): SourceReading[];
	/** What could not be used, as sentences. */
	problems(): string[];
	/** It was tried once. */
	tried(): boolean;
	/** Ends a read in flight; nothing is told afterwards. */
	stop(): Promise<void>;
}

export interface VastSourceOptions {
	log: Logger;
	/** After each try. */
	onChange(): void;
	/** What an earlier source of the same account knew, for a reload. */
	continuing?: VastState;
	/** For tests. */
	clock?: Clock;
	client?: VastClient;
	/** 0 to 1. */
	random?: () => number;
}

/** A failing vast.ai is asked at least so often. */
export const maxDelayMs = 600_000;

/** Starts reading. Throws a UserError when the configuration cannot be used. */
export function startVast(config: VastConfig, options: VastSourceOptions): VastSource {
	const {log, onChange, clock = systemClock, random = Math.random} = options;
	const {intervalMs} = config;
	const read = options.client ?? clientOf(config);
	const sourceLog = createSourceLog(log, clock);
	const stopping = new AbortController();
	let state: VastState = options.continuing ?? {instances: {}};
	let failuresInRow = 0;
	let delayMs = intervalMs;
	let cancelTimer = () => {};
	let flight: Promise<void> = Promise.resolve();
	go();

	return {
		intervalMs,
		state: () => state,
		fresh: () => freshValue(state.instances, intervalMs, clock.wall()),
		sources: () => [sourceReading('vast-instances', state.instances, Math.max(intervalMs, delayMs))],
		problems: () => [...(state.instances.value?.problems ?? [])],
		tried: () => state.instances.triedAt !== undefined,
		async stop() {
			stopping.abort();
			cancelTimer();
			await flight;
			sourceLog.flush();
		},
	};

	function go(): void {
		const begun = clock.now();
		flight = tryOnce().then(() => {
			if (stopping.signal.aborted) return;
			cancelTimer = clock.after(begun + delayMs - clock.now(), go);
			onChange();
		});
	}

	async function tryOnce(): Promise<void> {
		const triedAt = clock.wall();
		const begun = clock.now();
		let brought: Brought<InstanceList>;
		try {
			brought = {value: await read(stopping.signal)};
			failuresInRow = 0;
			delayMs = intervalMs;
		} catch (error) {
			const backOff = !(error instanceof VastError) || error.backOff;
			failuresInRow = backOff ? failuresInRow + 1 : 0;
			delayMs = delayAfter(failuresInRow, intervalMs, random());
			brought = {error: explain(error), failure: error instanceof VastError ? error.failure : undefined};
		}
		if (stopping.signal.aborted) return;
		const times = {triedAt, endedAt: clock.wall(), seconds: (clock.now() - begun) / 1000};
		state = {instances: afterTry(state.instances, times, brought)};
		const {error, failure} = state.instances;
		sourceLog.tried({name: 'vast-instances', system: 'vast', error, failure});
	}

	function explain(error: unknown): string {
		const words = oneLine(error instanceof Error ? error.message : String(error), 600);
		return delayMs > intervalMs ? `${words} It is asked again ${formatSpan(delayMs)} after that try.` : words;
	}
}

/** Milliseconds from the begin of a try until the next, by the number of failures in a row that ask for patience. */
export function delayAfter(failures: number, intervalMs: number, random: number): number {
	if (failures === 0) return intervalMs;
	const grownMs = Math.min(Math.max(maxDelayMs, intervalMs), intervalMs * 2 ** Math.min(failures, 20));
	// Whoever shares the key or the address with us must not come back at the same moment.
	return Math.round(Math.max(intervalMs, grownMs * (0.75 + 0.25 * random)));
}

function clientOf({apiKey, url, timeoutMs, labels, maxInstances}: VastConfig): VastClient {
	return createVastClient({url, apiKey: () => readSecret(apiKey), timeoutMs, labels, maxInstances});
}
