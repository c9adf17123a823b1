/**
 * One lease that several replicas compete for, held as the controllers of Kubernetes hold theirs: whoever holds it renews it, and it is
 * free for others once nobody has seen it change for its duration. That is reckoned on the own monotonic clock; the times in the record
 * are for people.
 */

import {raceAbort} from '../net/shared.ts';
import type {Read} from '../sources/read.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import type {Call} from './client.ts';
import {pathPart} from './client.ts';
import {KubernetesError} from './errors.ts';
import {type LeaseRecord, parseLeaseRecord, releasedRecord, takenRecord} from './lease-record.ts';
import {startRepeat} from './repeat.ts';
import {joinSignals} from './signals.ts';

/** A lease is free after `durationMs` without a change; its holder renews it every `renewMs`, everybody else looks every `retryMs`. */
export const leaseTimes = {durationMs: 15_000, renewMs: 5000, retryMs: 2000} as const;

export type LeaseStanding =
	/** It is not known yet who holds it. */
	| {kind: 'starting'}
	/** Nobody else can hold it. */
	| {kind: 'holds'}
	/** Somebody else holds it, or may. */
	| {kind: 'waits'; holder?: string}
	/** For the whole of its duration it could not be asked for. `why`: a sentence. */
	| {kind: 'without'; why: string};

export interface LeaseKeeper {
	/** As of this moment: what was so at the last try may have run out since. */
	standing(): LeaseStanding;
	/**
	 * Whether this one does what two must never do, not even when nobody can be asked: who had the lease when it was last known goes on,
	 * who waited does not begin. Where it was never known at all, everybody does, after its duration.
	 */
	leads(): boolean;
	/** Somebody else was seen to lead: while it is not known who holds the lease, this one leads no more. */
	yield(): void;
	read(): Read<unknown>;
	/** Gives the lease back, within two seconds, so that another replica need not wait for its end. */
	stop(): Promise<void>;
}

export interface LeaseOptions {
	/** Rejects with a KubernetesError. */
	ask(call: Call): Promise<unknown>;
	/** Asked anew at each try. Throws a KubernetesError where it is not known. */
	namespace(): string;
	name: string;
	/** No other replica may have the same. */
	identity: string;
	/**
	 * Whether this one is fit to hold it; default: always. Who turns unfit, and is so at two renewals in a row, gives it back once. Who is
	 * unfit takes it only when it was free for one more duration, and then keeps it: somebody must.
	 */
	isFit?(): boolean;
	/** For each try. */
	timeoutMs: number;
	/** After each try. */
	onTried(): void;
	clock?: Clock;
}

/** Begins to compete for the lease. */
export function startLease(options: LeaseOptions): LeaseKeeper {
	const {ask, name, identity, onTried, isFit = () => true, clock = systemClock} = options;
	const {durationMs, renewMs, retryMs} = leaseTimes;
	const deadlineMs = Math.min(options.timeoutMs, renewMs);
	/** Until then nobody else can take it. */
	let heldUntilMs = Number.NEGATIVE_INFINITY;
	/** The record as it was when it was last seen to have changed. */
	let seen: {record: LeaseRecord; atMs: number} | undefined;
	/** When it was last known who holds it. */
	let knownAtMs = clock.now();
	/** When the next step is due, at the latest: who is later than that stood still, and knows nothing of the time between. */
	let dueMs = clock.now() + deadlineMs;
	let hasWritten = false;
	/** It is known, or was when it last was, who holds it. */
	let everKnown = false;
	let hadItLast = false;
	/** Since it was taken. */
	let wasFit = false;
	let unfitRenewals = 0;
	/** Since when there was nobody to hold it, because there is no record. */
	let absentSinceMs: number | undefined;
	let isStopped = false;
	const repeat = startRepeat<number>({ask: tryOnce, pauseMs: ms => ms, retryMs, onChange: onTried, clock});

	return {
		standing,
		leads() {
			const {kind} = standing();
			if (kind === 'starting') return false;
			return kind === 'holds' || (everKnown ? hadItLast : kind === 'without');
		},
		yield() {
			if (standing().kind !== 'holds') hadItLast = false;
		},
		read: () => repeat.read(),
		async stop() {
			isStopped = true;
			await repeat.stop();
			if (hasWritten) await within(new AbortController().signal, releaseMs, release).catch(() => {});
		},
	};

	function standing(): LeaseStanding {
		const {triedAt, error} = repeat.read();
		const nowMs = clock.now();
		if (isStopped || triedAt === undefined) return {kind: 'starting'};
		if (nowMs < heldUntilMs) return {kind: 'holds'};
		const stoodStill = nowMs > dueMs + slackMs;
		if (error !== undefined && !stoodStill && nowMs - knownAtMs >= durationMs) return {kind: 'without', why: error};
		const holder = seen?.record.holder;
		return {kind: 'waits', ...(holder === undefined || holder === identity ? {} : {holder})};
	}

	/** How long to wait for the next try. */
	async function tryOnce(signal: AbortSignal): Promise<number> {
		const begunMs = clock.now();
		step(deadlineMs);
		try {
			await within(signal, deadlineMs, compete);
			knownAtMs = begunMs;
			everKnown = true;
			hadItLast = clock.now() < heldUntilMs;
			const pauseMs = clock.now() < heldUntilMs ? renewMs : Math.min(retryMs, Math.max(takeableInMs(), 50));
			step(pauseMs);
			return pauseMs;
		} catch (error) {
			step(retryMs);
			throw error;
		}
	}

	/** Notes that something goes on, and when it goes on next. */
	function step(nextMs: number): void {
		const nowMs = clock.now();
		if (nowMs > dueMs + slackMs) knownAtMs = nowMs;
		dueMs = nowMs + nextMs;
	}

	/** Takes or renews the lease, unless somebody else has it. */
	async function compete(signal: AbortSignal): Promise<void> {
		// Who holds it knows the record already.
		const holds = clock.now() < heldUntilMs;
		noteFitness(holds);
		if (wasFit && unfitRenewals >= unfitAtMost) return giveBack(signal);
		let found = holds ? seen?.record : await look(signal);
		for (let turn = 1; ; turn++) {
			if (found?.holder !== identity && takeableInMs() > 0) {
				heldUntilMs = Number.NEGATIVE_INFINITY;
				wasFit = false;
				unfitRenewals = 0;
				return;
			}
			const begunMs = clock.now();
			try {
				hasWritten = true;
				see(await write(found, signal));
				// From before it was written: others reckon from when they saw it, which is later.
				heldUntilMs = begunMs + durationMs;
				absentSinceMs = undefined;
				return;
			} catch (error) {
				if (!isOutdated(error, found) || turn === mostTurns) throw error;
				found = await look(signal);
			}
		}
	}

	/** While it holds it only: who waits is unfit for nothing. */
	function noteFitness(holds: boolean): void {
		if (isFit()) {
			wasFit ||= holds;
			unfitRenewals = 0;
		} else if (holds) unfitRenewals++;
	}

	/** Certain of nothing from before it is asked: others may have it as soon as it arrives. Tried again until it is known that it is not ours. */
	async function giveBack(signal: AbortSignal): Promise<void> {
		heldUntilMs = Number.NEGATIVE_INFINITY;
		await release(signal);
		wasFit = false;
		unfitRenewals = 0;
	}

	/** Until we may take what was last seen, which is not ours. */
	function takeableInMs(): number {
		const {record, atMs} = seen ?? {};
		const lastsMs = record?.holder === undefined ? 0 : (record.durationMs ?? durationMs);
		const freeAtMs = (atMs ?? absentSinceMs ?? clock.now()) + lastsMs;
		return freeAtMs + (isFit() ? 0 : durationMs) - clock.now();
	}

	function see(record: LeaseRecord): void {
		absentSinceMs = undefined;
		seen = {record, atMs: seen?.record.mark === record.mark ? seen.atMs : clock.now()};
	}

	/** undefined: there is none. */
	async function look(signal: AbortSignal): Promise<LeaseRecord | undefined> {
		try {
			see(parseLeaseRecord(await call({path: pathOf(name)}, signal)));
		} catch (error) {
			if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
			seen = undefined;
			absentSinceMs ??= clock.now();
		}
		return seen?.record;
	}

	async function write(found: LeaseRecord | undefined, signal: AbortSignal): Promise<LeaseRecord> {
		const namespace = options.namespace();
		const body = takenRecord({namespace, name, identity, durationMs}, found, clock.wall());
		if (found) return parseLeaseRecord(await call({method: 'PUT', path: pathOf(name), body}, signal));
		try {
			return parseLeaseRecord(await call({method: 'POST', path: pathOf(), body}, signal));
		} catch (error) {
			if (!(error instanceof KubernetesError) || error.status !== 404) throw error;
			throw new KubernetesError(
				`There is no namespace ${namespace} to make the lease ${name} in: name one that is there under kubernetes.inventory_lease.namespace. ${error.message}`,
				{status: 404},
			);
		}
	}

	async function release(signal: AbortSignal): Promise<void> {
		const found = await look(signal);
		if (found?.holder !== identity) return;
		see(
			parseLeaseRecord(
				await call({method: 'PUT', path: pathOf(name), body: releasedRecord(found, clock.wall())}, signal),
			),
		);
	}

	function call(what: Call, signal: AbortSignal): Promise<unknown> {
		return ask({...what, timeoutMs: deadlineMs, maxBytes: 256 * 1024, signal});
	}

	function pathOf(lease?: string): string {
		const list = `/apis/coordination.k8s.io/v1/namespaces/${pathPart(options.namespace())}/leases`;
		return lease === undefined ? list : `${list}/${pathPart(lease)}`;
	}

	async function within<T>(
		signal: AbortSignal,
		limitMs: number,
		work: (signal: AbortSignal) => Promise<T>,
	): Promise<T> {
		const joined = joinSignals(signal);
		const cancel = clock.after(limitMs, () => {
			const message = `The lease ${name} could not be read and renewed within ${limitMs} ms: the API server, its database or the way to it stands still.`;
			joined.abort(new KubernetesError(message, {failure: 'unanswered'}));
		});
		try {
			return await raceAbort(work(joined.signal), joined.signal);
		} finally {
			cancel();
			joined.leave();
		}
	}
}

/** A process that has much to do is this late at times. */
const slackMs = 2000;
const releaseMs = 2000;
/** A restart of the own tailscaled shows at one renewal at most. */
const unfitAtMost = 2;
/** Somebody else may write in between, but hardly again and again. */
const mostTurns = 3;

/** The record is not any more what was written over: somebody wrote it, made it or took it away meanwhile. */
function isOutdated(error: unknown, found: LeaseRecord | undefined): boolean {
	if (!(error instanceof KubernetesError)) return false;
	return error.status === 409 || (error.status === 404 && found !== undefined);
}
