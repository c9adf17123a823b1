/** Binding requests one after the other, each repeated while it is unanswered. */

import {bindingRequest, type MappedAddress, readBinding, transactionOf} from '../../net/stun.ts';
import type {Resolved} from '../../net/types.ts';
import {exchangeDatagrams} from '../../net/udp-exchange.ts';

export interface Binding {
	answer?: {mapped: MappedAddress; seconds: number};
	/** Datagrams, repeated ones included. */
	sent: number;
	/** Datagrams that came and answered none of them. */
	strays: number;
}

/** Uses at most 95 % of `budgetMs`, in equal shares. Rejects as exchangeDatagrams and readBinding do. */
export async function askOften(
	to: Resolved,
	port: number,
	count: number,
	budgetMs: number,
	signal: AbortSignal,
): Promise<Binding[]> {
	const endsAt = performance.now() + budgetMs * 0.95;
	const bindings: Binding[] = [];
	while (bindings.length < count) {
		const limitMs = (endsAt - performance.now()) / (count - bindings.length);
		bindings.push(await askOnce(to, port, limitMs, signal));
	}
	return bindings;
}

async function askOnce(to: Resolved, port: number, limitMs: number, signal: AbortSignal): Promise<Binding> {
	// Each repetition has an id of its own, so that the round trip of its answer is not taken for that of another.
	const requests = repetitionsMs.map(afterMs => ({...bindingRequest(), afterMs}));
	const {answer, sentAt, endAt, strays} = await exchangeDatagrams(
		to,
		port,
		{
			transmissions: requests,
			limitMs,
			read(datagram) {
				const transaction = transactionOf(datagram);
				const nth = requests.findIndex(({transactionId}) => transaction?.equals(transactionId));
				return nth < 0 ? undefined : {nth, mapped: readBinding(datagram)};
			},
		},
		signal,
	);
	const sent = sentAt.length;
	if (answer === undefined) return {sent, strays};
	const seconds = (endAt - (sentAt[answer.nth] ?? endAt)) / 1000;
	return {answer: {mapped: answer.mapped, seconds}, sent, strays};
}

/** RFC 8489 §6.2.1: seven requests, the pause doubling from half a second. */
const repetitionsMs = [0, 500, 1500, 3500, 7500, 15_500, 31_500];
