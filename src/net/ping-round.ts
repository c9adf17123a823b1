/**
 * One round of pings to one peer through tailscaled: disco until the direct path is found, then TSMP pings at an even pace with a
 * disco ping between them while the path is direct, and one ICMP ping at the end.
 */

import type {LocalApi, PingAnswer, PingType} from './localapi.ts';

export interface PingPlan {
	/** TSMP pings to send. */
	count: number;
	/** Pause between two TSMP pings, milliseconds. */
	spacingMs: number;
	/** Time for finding the path, milliseconds. */
	pathMs: number;
	/** Every TSMP ping may take at least this long before it counts as lost, milliseconds. */
	patienceMs: number;
	/** The whole round, milliseconds. */
	totalMs: number;
}

export interface Ping {
	/** undefined: nothing came. */
	answer?: PingAnswer;
}

export interface PingRound {
	disco: readonly Ping[];
	tsmp: readonly Ping[];
	icmp: readonly Ping[];
	/** Set when tailscaled said that this peer cannot be pinged at all: its words. The rest of the round was left out. */
	refusal?: string;
}

/** Neither the pings nor the question about tailscaled itself were answered. */
export class SilentError extends Error {
	override name = 'SilentError';
}

/** Disco pings per round: the first ones commonly go by DERP until NAT traversal is done. */
const discoCount = 3;
/** What pings that nobody waits for any more end with; without a reason each round would make one, with its stack. */
const roundEnded = new Error('the round of pings is over');

/**
 * Divides a round's time. A short timeout makes the pings closer rather than fewer; patience is a second, or a third of the round
 * where that is less: a ping that is unanswered at the end of the round has waited at least so long and counts as lost.
 */
export function planRound(availableMs: number, count: number, intervalMs: number): PingPlan {
	const marginMs = Math.min(250, availableMs * 0.05);
	const totalMs = Math.max(0, availableMs - marginMs);
	const pathMs = Math.min(1500, totalMs * 0.3);
	const patienceMs = Math.min(1000, totalMs / 3);
	const spacingMs = Math.min(intervalMs, (totalMs - pathMs - patienceMs) / Math.max(1, count));
	return {count, spacingMs, pathMs, patienceMs, totalMs};
}

/**
 * Sends one round of pings and waits for the answers: for all of them as long as each had its patience, and while no TSMP ping was
 * answered until the end of the round, because a tunnel at rest may need seconds for its handshake.
 * `doubt` is called when finding the path met with silence: it rejects, or still waits at the end of the round, when the silence
 * is tailscaled's own. Throws what LocalAPI or `doubt` threw, SilentError, or the signal's reason.
 */
export async function pingRound(
	api: Pick<LocalApi, 'ping'>,
	address: string,
	plan: PingPlan,
	doubt: () => Promise<void>,
	signal: AbortSignal,
): Promise<PingRound> {
	const closing = new AbortController();
	const sent = {disco: [] as Ping[], tsmp: [] as Ping[], icmp: [] as Ping[]};
	const endsAt = performance.now() + plan.totalMs;
	let failure: unknown;
	let doubting = false;
	let wake = () => {};
	const abort = () => wake();
	signal.addEventListener('abort', abort, {once: true});

	try {
		await findPath();
		const refusal = sent.disco.map(ping => ping.answer?.error ?? '').find(isRefusal);
		if (refusal !== undefined) return {...sent, refusal};
		if (isSilent()) raiseDoubt();
		const patientUntil = await measure();
		await until(() => [...sent.tsmp, ...sent.icmp].every(isSettled), patientUntil);
		await until(() => sent.tsmp.some(isSettled), endsAt);
		if (isSilent() && doubting) throw new SilentError('tailscaled answered nothing at all, not even about itself');
		return sent;
	} finally {
		signal.removeEventListener('abort', abort);
		closing.abort(roundEnded);
	}

	async function findPath(): Promise<void> {
		const pathEndsAt = performance.now() + plan.pathMs;
		const known = () => sent.disco.some(({answer}) => answer && (answer.endpoint !== '' || answer.error !== ''));
		for (let at = 0; at < discoCount && !known(); at++) {
			send('disco', sent.disco);
			await until(known, performance.now() + Math.min(plan.spacingMs, plan.pathMs / 4));
		}
		await until(() => known() || sent.disco.every(isSettled), pathEndsAt);
	}

	function isSilent(): boolean {
		return ![...sent.disco, ...sent.tsmp, ...sent.icmp].some(isSettled);
	}

	function raiseDoubt(): void {
		doubting = true;
		doubt().then(
			() => {
				doubting = false;
			},
			error => {
				failure ??= error;
				wake();
			},
		);
	}

	/** Tells when the last ping has had its patience. */
	async function measure(): Promise<number> {
		const startedAt = performance.now();
		const direct = sent.disco.some(isDirect);
		for (let at = 0; at < plan.count; at++) {
			await until(never, startedAt + at * plan.spacingMs);
			send('TSMP', sent.tsmp);
			if (!direct || at + 1 >= plan.count || sent.disco.length >= discoCount) continue;
			await until(never, startedAt + (at + 0.5) * plan.spacingMs);
			send('disco', sent.disco);
		}
		const lastSentAt = performance.now();
		// Half a pause later, so that the ICMP ping does not stand in the way of the last TSMP one.
		await until(() => sent.tsmp.every(isSettled), lastSentAt + plan.spacingMs / 2);
		send('ICMP', sent.icmp);
		return Math.min(endsAt, performance.now() + plan.patienceMs);
	}

	function send(type: PingType, list: Ping[]): void {
		const ping: Ping = {};
		list.push(ping);
		api.ping(address, type, closing.signal).then(
			answer => {
				ping.answer = answer;
				wake();
			},
			error => {
				failure ??= error;
				wake();
			},
		);
	}

	/** Waits until `done` holds, or that time has come; throws when the round cannot go on. */
	async function until(done: () => boolean, at: number): Promise<void> {
		for (;;) {
			signal.throwIfAborted();
			if (failure !== undefined) throw failure;
			const restMs = at - performance.now();
			if (restMs <= 0 || done()) return;
			await new Promise<void>(resolve => {
				const timer = setTimeout(resolve, Math.ceil(restMs));
				wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
			wake = () => {};
		}
	}
}

/** Whether the answer came straight from the peer. */
export function isDirect(ping: Ping): boolean {
	return ping.answer?.seconds !== undefined && ping.answer.endpoint !== '';
}

/** Whether tailscaled says that this peer cannot be pinged at all. */
export function isRefusal(error: string): boolean {
	return /no matching peer|node key has expired|local tailscale ip/i.test(error);
}

function isSettled(ping: Ping): boolean {
	return ping.answer !== undefined;
}

function never(): boolean {
	return false;
}
