/** Reads headscale over and over and keeps what came. Each part has its own pace and its own failures; none waits for another. */

import {raceAbort} from '../net/shared.ts';
import {createCatchUp} from '../sources/catch-up.ts';
import {afterTry, type Brought, type Read} from '../sources/read.ts';
import type {Calendar} from '../util/calendar.ts';
import type {Clock} from '../util/clock.ts';
import {oneLine} from '../util/errors.ts';
import type {HeadscaleClient} from './client.ts';
import {parseExposition} from './exposition.ts';
import {HeadscaleError} from './get.ts';
import {known} from './lenient.ts';
import {restartSeen} from './restart.ts';
import {withRoutes} from './routes.ts';
import type {HeadscaleState, InventoryReads, PromptReads} from './types.ts';

export type Part = keyof PromptReads | keyof InventoryReads;

/** Whether it is read at the times of the inventory schedule; otherwise at every interval. */
export function isInventory(part: Part): part is keyof InventoryReads {
	return !['health', 'nodes', 'metrics', 'version'].includes(part);
}

/** The version only changes with a restart, which is noticed otherwise; and so does what a version does not have. */
export const versionIntervalMs = 600_000;

/** Whether headscale answered that its version has no such thing; while no read of it comes through, that is what it said last. */
export function isUnsupported({succeededAt, error, failure, value}: Read<unknown>): boolean {
	return succeededAt !== undefined && value === undefined && (error === undefined || failure !== undefined);
}

export interface HeadscalePollerOptions {
	client: HeadscaleClient;
	intervalMs: number;
	/** How long after a restart "offline" may only mean that a node has not come back yet. */
	restartGraceMs: number;
	clock: Clock;
	/** A cron line: when inventories are read besides at the start. */
	inventorySchedule: string;
	calendar: Calendar;
	/** What an earlier poller of the same headscale knew, for a reload. */
	initial?: HeadscaleState;
	/** Called after each try; the state is already the new one. */
	onRead?: (part: Part, state: HeadscaleState) => void;
}

export interface HeadscalePoller {
	/** What is known now: a value that is never changed, only replaced. */
	state(): HeadscaleState;
	/** The parts that this client can read. */
	readonly parts: readonly Part[];
	/**
	 * Reads everything at once, then at every interval, and inventories at the times of their schedule; besides, when a part recovers,
	 * all that is still told as broken.
	 */
	start(): void;
	/** Ends reads in flight and resolves when they are gone. Nothing is told afterwards. */
	stop(): Promise<void>;
	/** Reads these parts now (default: all), joining reads in flight, and resolves when all were tried. Rejects only with the signal's reason. */
	refresh(signal: AbortSignal, only?: readonly Part[]): Promise<void>;
}

/** Makes a poller that has read nothing yet. Its client must answer or fail in bounded time. */
export function createHeadscalePoller(options: HeadscalePollerOptions): HeadscalePoller {
	const {client, intervalMs, restartGraceMs, clock, calendar, inventorySchedule, onRead} = options;
	const readers = readersOf(client);
	const parts = Object.keys(readers) as Part[];
	const flights = new Map<Part, Promise<void>>();
	const stopping = new AbortController();
	let state: HeadscaleState = options.initial ?? {health: {}, nodes: {}, metrics: {}, version: {}};
	let cancelTimer = () => {};
	let cancelSchedule = () => {};
	const catchUp = createCatchUp({
		clock,
		standing: () => parts.filter(part => isBroken(part, state)),
		flight: part => flights.get(part),
		read: part => void read(part),
	});

	return {
		parts,
		state: () => state,
		start() {
			tick(clock.now());
			readInventories();
			if (parts.some(isInventory)) cancelSchedule = calendar.schedule(inventorySchedule, readInventories);
		},
		async stop() {
			stopping.abort();
			cancelTimer();
			cancelSchedule();
			catchUp.stop();
			await Promise.all(flights.values());
		},
		async refresh(signal, only = parts) {
			await raceAbort(Promise.all(only.map(read)), signal);
		},
	};

	function tick(slot: number): void {
		if (stopping.signal.aborted) return;
		for (const part of parts) {
			if (!isInventory(part) && (part !== 'version' || !isYoung(state.version))) void read(part);
		}
		const next = Math.max(slot + intervalMs, clock.now());
		cancelTimer = clock.after(next - clock.now(), () => tick(next));
	}

	function readInventories(): void {
		for (const part of parts) {
			const last = state[part];
			if (isInventory(part) && !(last && isUnsupported(last) && isYoung(last))) void read(part);
		}
	}

	/** Of what only changes with a restart: read so lately that it need not be read again. */
	function isYoung({succeededAt, error}: Read<unknown>): boolean {
		return succeededAt !== undefined && error === undefined && clock.wall() - succeededAt < versionIntervalMs;
	}

	/** One try, or the one in flight. Never rejects. */
	function read(part: Part): Promise<void> {
		const flight = flights.get(part) ?? tryOnce(part).finally(() => flights.delete(part));
		flights.set(part, flight);
		return flight;
	}

	async function tryOnce(part: Part): Promise<void> {
		const reader = readers[part];
		if (!reader || stopping.signal.aborted) return;
		const triedAt = clock.wall();
		const begun = clock.now();
		let brought: Brought<unknown>;
		try {
			brought = {value: await reader(stopping.signal)};
		} catch (error) {
			const {failure, obstacle}: Partial<HeadscaleError> = error instanceof HeadscaleError ? error : {};
			brought = {error: oneLine(error instanceof Error ? error.message : String(error), 600), failure, obstacle};
		}
		if (stopping.signal.aborted) return;
		const now = clock.wall();
		const before = state;
		const last: Read<unknown> = before[part] ?? {};
		const read = afterTry(last, {triedAt, endedAt: now, seconds: (clock.now() - begun) / 1000}, brought);
		// The readers are typed: what is written to a part is of that part.
		state = {...state, [part]: read} as HeadscaleState;
		if (part === 'nodes' || part === 'routes') joinRoutes();
		noticeRestart(part, before, now);
		if (last.error !== undefined && read.error === undefined) catchUp.recovered();
		onRead?.(part, state);
	}

	/** Nodes and the routes that come apart are read at different times: the nodes always have those of the last read, if it succeeded. */
	function joinRoutes(): void {
		const {nodes, routes} = state;
		if (!nodes.value || !routes?.value || routes.error !== undefined) return;
		state = {...state, nodes: {...nodes, value: withRoutes(nodes.value, routes.value)}};
	}

	function noticeRestart(part: Part, before: HeadscaleState, now: number): void {
		const seenAt = restartSeen(part, before, state, now);
		if (seenAt === undefined || seenAt + restartGraceMs <= now) return;
		state = {...state, graceUntil: Math.max(state.graceUntil ?? 0, seenAt + restartGraceMs)};
		// An upgrade is a restart too.
		if (before.version.succeededAt !== undefined) void read('version');
		for (const other of parts) if (isInventory(other) && isUnsupported(state[other] ?? {})) void read(other);
	}
}

/** Whether something bad is told of it, which a repair may have ended. */
function isBroken(part: Part, state: HeadscaleState): boolean {
	if (part === 'certificate' && state.certificate?.value?.trusted === false) return true;
	if (part === 'apiHealth' && state.apiHealth?.value === false) return true;
	if (part === 'policy' && state.policy?.value?.state === 'unreadable') return true;
	return state[part]?.error !== undefined;
}

type AllReads = PromptReads & InventoryReads;
type Readers = {[P in Part]?: (signal: AbortSignal) => Promise<AllReads[P]['value']>};

function readersOf({nodes, metrics, ...client}: HeadscaleClient): Readers {
	const {users, preAuthKeys, apiKeys, policy, routes, apiHealth, key, certificate} = client;
	return {
		health: signal => client.health(signal),
		...(nodes && {nodes}),
		...(metrics && {
			async metrics(signal) {
				const text = await metrics(signal);
				return {text, families: parsed(text)};
			},
		}),
		version: signal => client.version(signal),
		...known({users, preAuthKeys, apiKeys, policy, routes, apiHealth, key, certificate}),
	};
}

function parsed(text: string): ReturnType<typeof parseExposition> {
	try {
		return parseExposition(text);
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new Error(
			`What headscale.metrics_url answers is no Prometheus text: ${why} Check that it leads to headscale's metrics_listen_addr.`,
		);
	}
}
