/** Reads one tailscaled over and over and keeps what came. Each part has its own pace and its own failures; none waits for another. */

import {ExpositionError, parseExposition} from '../headscale/exposition.ts';
import {createCatchUp} from '../sources/catch-up.ts';
import {afterTry, type Brought, type Read} from '../sources/read.ts';
import type {Clock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import {type HealthWatch, type HealthWatchTimes, watchHealth} from './bus.ts';
import {readText, TailscaledError} from './local-get.ts';
import {parseDerpMap, parseStatus} from './status.ts';
import {type Part, partIntervalsMs, type TailscaledState} from './types.ts';

export interface TailscaledReaderOptions {
	socket: string;
	clock: Clock;
	/** Called after each try; the state is already the new one. */
	onRead?: (part: Part, read: Read<unknown>) => void;
	/** For tests: other paces and limits. */
	intervalsMs?: Partial<Record<PolledPart, number>>;
	timeoutMs?: number;
	busTimes?: Partial<HealthWatchTimes>;
}

export interface TailscaledReader {
	/** What is known now: a value that is never changed, only replaced. */
	state(): TailscaledState;
	/** Ends reads in flight and resolves when they are gone. Nothing is told afterwards. */
	stop(): Promise<void>;
}

type PolledPart = Exclude<Part, 'health'>;

/** Everything here answers in under a millisecond when it is well. */
const defaultTimeoutMs = 3000;
/** Each has a few kilobytes; a private network's own relay map may have more. */
const maxBytes = 256 * 1024;
const partNames = Object.keys(partIntervalsMs) as Part[];

/** Begins to read at once. */
export function startTailscaledReader(options: TailscaledReaderOptions): TailscaledReader {
	const {socket, clock, onRead} = options;
	const stopping = new AbortController();
	const flights = new Map<PolledPart, Promise<void>>();
	const cancels = new Map<PolledPart, () => void>();
	let state: TailscaledState = {status: {}, health: {}, metrics: {}, derpmap: {}};

	const catchUp = createCatchUp<Part>({
		clock,
		standing: () => partNames.filter(part => state[part].error !== undefined),
		flight: part => (part === 'health' ? undefined : flights.get(part)),
		read: part => (part === 'health' ? bus.hurry() : hurry(part)),
	});
	for (const part of partNames) if (part !== 'health') tick(part, clock.now());
	const bus: HealthWatch = watchHealth({
		socket,
		clock,
		onHealth: (warnings, seconds) => note('health', clock.wall(), seconds, {value: warnings}),
		onFailure: (error, seconds, failure) => note('health', clock.wall(), seconds, {error, failure}),
		version: () => state.status.value?.version,
		...(options.busTimes === undefined ? {} : {times: options.busTimes}),
	});

	return {
		state: () => state,
		async stop() {
			stopping.abort();
			for (const cancel of cancels.values()) cancel();
			catchUp.stop();
			await Promise.all([bus.stop(), ...flights.values()]);
		},
	};

	/** One read, and the next an interval after the slot of this one, or as soon as this one is over. */
	function tick(part: PolledPart, slot: number): void {
		const flight = read(part).then(() => {
			flights.delete(part);
			if (stopping.signal.aborted) return;
			const next = Math.max(slot + (options.intervalsMs?.[part] ?? partIntervalsMs[part]), clock.now());
			cancels.set(
				part,
				clock.after(next - clock.now(), () => tick(part, next)),
			);
		});
		flights.set(part, flight);
	}

	/** Instead of at its next time. */
	function hurry(part: PolledPart): void {
		cancels.get(part)?.();
		tick(part, clock.now());
	}

	async function read(part: PolledPart): Promise<void> {
		const triedAt = clock.wall();
		const begun = clock.now();
		let brought: Brought<unknown>;
		try {
			brought = {value: await readers[part](socket, options.timeoutMs ?? defaultTimeoutMs, stopping.signal)};
		} catch (error) {
			brought = {error: messageOf(error), failure: error instanceof TailscaledError ? error.failure : undefined};
		}
		if (!stopping.signal.aborted) note(part, triedAt, (clock.now() - begun) / 1000, brought);
	}

	function note(part: Part, triedAt: number, seconds: number, brought: Brought<unknown>): void {
		const last: Read<unknown> = state[part];
		const read = afterTry(last, {triedAt, endedAt: clock.wall(), seconds}, brought);
		// The readers are typed: what is written to a part is of that part.
		state = {...state, [part]: read} as TailscaledState;
		if (last.error !== undefined && read.error === undefined) catchUp.recovered();
		onRead?.(part, read);
	}
}

type Readers = {
	[P in PolledPart]: (
		socket: string,
		timeoutMs: number,
		signal: AbortSignal,
	) => Promise<NonNullable<TailscaledState[P]['value']>>;
};

const readers: Readers = {
	status: async (socket, timeoutMs, signal) =>
		parseStatus(await readText(socket, 'status?peers=false', {timeoutMs, maxBytes}, signal)),
	derpmap: async (socket, timeoutMs, signal) =>
		parseDerpMap(await readText(socket, 'derpmap', {timeoutMs, maxBytes}, signal)),
	async metrics(socket, timeoutMs, signal) {
		const text = await readText(socket, 'usermetrics', {timeoutMs, maxBytes}, signal);
		try {
			return {text, families: parseExposition(text)};
		} catch (error) {
			if (!(error instanceof ExpositionError)) throw error;
			throw new TailscaledError(`What tailscaled answers to GET usermetrics is no Prometheus text: ${error.message}`);
		}
	},
};
