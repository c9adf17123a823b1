/** Reads one tailscaled over and over and keeps what came. Each part has its own pace and its own failures; none waits for another. */

import {ExpositionError, parseExposition} from '../headscale/exposition.ts';
import type {Read} from '../headscale/types.ts';
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
	onRead?: (part: Part, error: string | undefined) => void;
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
const mebibyte = 1024 * 1024;

/** Begins to read at once. */
export function startTailscaledReader(options: TailscaledReaderOptions): TailscaledReader {
	const {socket, clock, onRead} = options;
	const stopping = new AbortController();
	const flights = new Set<Promise<void>>();
	const cancels = new Map<PolledPart, () => void>();
	let state: TailscaledState = {status: {}, health: {}, metrics: {}, derpmap: {}};

	for (const part of ['status', 'metrics', 'derpmap'] as const) tick(part, clock.now());
	const bus: HealthWatch = watchHealth({
		socket,
		clock,
		onHealth: (warnings, seconds) => note('health', clock.wall(), seconds, {value: warnings}),
		onFailure: (error, seconds) => note('health', clock.wall(), seconds, {error}),
		...(options.busTimes === undefined ? {} : {times: options.busTimes}),
	});

	return {
		state: () => state,
		async stop() {
			stopping.abort();
			for (const cancel of cancels.values()) cancel();
			await Promise.all([bus.stop(), ...flights]);
		},
	};

	/** One read, and the next an interval after the slot of this one, or as soon as this one is over. */
	function tick(part: PolledPart, slot: number): void {
		const flight = read(part).then(() => {
			flights.delete(flight);
			if (stopping.signal.aborted) return;
			const next = Math.max(slot + (options.intervalsMs?.[part] ?? partIntervalsMs[part]), clock.now());
			cancels.set(
				part,
				clock.after(next - clock.now(), () => tick(part, next)),
			);
		});
		flights.add(flight);
	}

	async function read(part: PolledPart): Promise<void> {
		const triedAt = clock.wall();
		const begun = clock.now();
		let result: {value: unknown} | {error: string};
		try {
			result = {value: await readers[part](socket, options.timeoutMs ?? defaultTimeoutMs, stopping.signal)};
		} catch (error) {
			result = {error: messageOf(error)};
		}
		if (!stopping.signal.aborted) note(part, triedAt, (clock.now() - begun) / 1000, result);
	}

	function note(part: Part, triedAt: number, seconds: number, result: {value: unknown} | {error: string}): void {
		const {value, succeededAt} = state[part];
		const read: Read<unknown> = {
			triedAt,
			seconds,
			...('error' in result
				? {
						error: result.error,
						...(value === undefined ? {} : {value}),
						...(succeededAt === undefined ? {} : {succeededAt}),
					}
				: {value: result.value, succeededAt: clock.wall()}),
		};
		// The readers are typed: what is written to a part is of that part.
		state = {...state, [part]: read} as TailscaledState;
		onRead?.(part, read.error);
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
		parseStatus(await readText(socket, 'status?peers=false', {timeoutMs, maxBytes: mebibyte}, signal)),
	derpmap: async (socket, timeoutMs, signal) =>
		parseDerpMap(await readText(socket, 'derpmap', {timeoutMs, maxBytes: mebibyte}, signal)),
	async metrics(socket, timeoutMs, signal) {
		const text = await readText(socket, 'usermetrics', {timeoutMs, maxBytes: mebibyte}, signal);
		try {
			return {text, families: parseExposition(text)};
		} catch (error) {
			if (!(error instanceof ExpositionError)) throw error;
			throw new TailscaledError(`What tailscaled answers to GET usermetrics is no Prometheus text: ${error.message}`);
		}
	},
};
