/** Binding requests one after the other, each repeated while it is unanswered. */

import {bindingRequest, type MappedAddress, readBinding, transactionOf} from '../../net/stun.ts';
import type {Resolved} from '../../net/types.ts';
import {type DatagramTimes, exchangeDatagrams} from '../../net/udp-exchange.ts';
import {noteDatagrams} from '../shared/datagram-phase.ts';
import type {Findings} from '../shared/failed-reading.ts';

export interface Binding {
	answer?: {mapped: MappedAddress; seconds: number};
	/** Datagrams, repeated ones included. */
	sent: number;
	/** Those before the one that was answered, or all. A repetition that left when the answer was on its way is not lost but undecided. */
	lost: number;
	/** Datagrams that came and answered none of them. */
	strays: number;
}

/** Uses at most 95 % of `budgetMs`, in equal shares; the phase `processing` is noted. Rejects as exchangeDatagrams and readBinding do. */
export async function askOften(
	to: Resolved,
	port: number,
	count: number,
	budgetMs: number,
	findings: Pick<Findings, 'clock' | 'facts'>,
	signal: AbortSignal,
): Promise<Binding[]> {
	const endsAt = performance.now() + budgetMs * 0.95;
	const bindings: Binding[] = [];
	while (bindings.length < count) {
		const limitMs = (endsAt - performance.now()) / (count - bindings.length);
		bindings.push(await askOnce(to, port, limitMs, findings, signal));
	}
	return bindings;
}

async function askOnce(
	to: Resolved,
	port: number,
	limitMs: number,
	findings: Pick<Findings, 'clock' | 'facts'>,
	signal: AbortSignal,
): Promise<Binding> {
	// Each repetition has an id of its own, so that the round trip of its answer is not taken for that of another.
	const requests = repetitionsMs.map(afterMs => ({...bindingRequest(), afterMs}));
	const times: DatagramTimes = {sentAt: []};
	let answered: number | undefined;
	const {answer, strays} = await exchangeDatagrams(
		to,
		port,
		{
			transmissions: requests,
			limitMs,
			read(datagram) {
				const transaction = transactionOf(datagram);
				const nth = requests.findIndex(({transactionId}) => transaction?.equals(transactionId));
				if (nth < 0) return undefined;
				answered = nth;
				return readBinding(datagram);
			},
		},
		signal,
		times,
	).finally(() => noteDatagrams(times, findings, answered));
	const sent = times.sentAt.length;
	if (answer === undefined) return {sent, lost: sent, strays};
	return {answer: {mapped: answer, seconds: findings.clock.lastMs() / 1000}, sent, lost: answered ?? 0, strays};
}

/** RFC 8489 §6.2.1: seven requests, the pause doubling from half a second. */
const repetitionsMs = [0, 500, 1500, 3500, 7500, 15_500, 31_500];
