/** Whether another place is sound enough for its failures to be believed. */

import type {Check, DownReason, Outcome} from '../engine/types.ts';
import type {Clock} from '../util/clock.ts';
import {ambiguous, defaultTimes} from '../vantages/own-health.ts';
import {notBelieved} from '../vantages/unknown-outcome.ts';
import type {OwnStatus} from './own-status.ts';

export interface Soundness {
	/** What its tailscaled said just now. */
	learn(status: OwnStatus): void;
	/** Why its tailnet checks mean nothing, as a sentence; undefined when they do. */
	trouble(): string | undefined;
	facts(): Record<string, string>;
	addresses(): readonly string[];
	/** The outcome as it stands, or unknown. `answered`: something answered in the same round. */
	excuse(check: Check, outcome: Outcome, answered: boolean): Outcome;
}

export interface SoundnessOptions {
	clock: Pick<Clock, 'now'>;
	/** There is a SOCKS5 proxy there, by which connections enter the tailnet. */
	proxied: boolean;
}

/** After trouble, or with another key, peers answer only once headscale has told them, as for the local vantage. */
const {joiningMs} = defaultTimes;
/** Failures in which nothing came back. */
const silent: ReadonlySet<DownReason> = new Set(['resolve', 'unreachable', 'timeout', 'loss']);

export function createSoundness({clock, proxied}: SoundnessOptions): Soundness {
	let last: OwnStatus | undefined;
	let troubledAt = Number.NEGATIVE_INFINITY;

	return {
		learn(status) {
			const {sound, addresses, nodeKey} = status;
			const before = last?.nodeKey ?? '';
			if (!sound || (before !== '' && nodeKey !== '' && nodeKey !== before)) troubledAt = clock.now();
			// What a silent tailscaled had told before is still the last that is known.
			last = {
				...status,
				addresses: addresses.length > 0 ? addresses : (last?.addresses ?? []),
				nodeKey: nodeKey || before,
			};
		},
		trouble: () => (last?.sound === false ? `Its tailnet checks mean nothing: ${last.detail}.` : undefined),
		facts: () => last?.facts ?? {},
		addresses: () => last?.addresses ?? [],
		excuse(check, outcome, answered) {
			const {verdict, reason} = outcome;
			if (verdict === 'unknown') return outcome;
			if (check.target.via === 'tailnet' && check.type !== 'tunnel' && last?.tun === false && !proxied) {
				if (outcome.reading?.facts.address === undefined) return outcome;
				return unknown(outcome, 'unsupported', noWayIn);
			}
			if (verdict !== 'down' || reason === undefined) return outcome;
			if (check.target.via === 'tailnet') return ambiguous.has(reason) ? doubtTailnet(outcome) : outcome;
			// Of silence it is proof only where the place is known to have a network.
			const sees = answered || (last?.sound === true && last.facts.online === 'true');
			if (check.expect !== 'unreachable' || sees || !silent.has(reason as DownReason)) return outcome;
			return unknown(outcome, 'vantage', 'Nothing else answered there, so its silence proves nothing.');
		},
	};

	function doubtTailnet(outcome: Outcome): Outcome {
		if (last?.sound === false) return unknown(outcome, 'vantage', `${notBelieved} ${last.detail}.`);
		if (clock.now() - troubledAt >= joiningMs + outcome.durationMs) return outcome;
		return unknown(
			outcome,
			'vantage',
			`${notBelieved} its tailscaled was not sound, or had just joined the tailnet, a moment ago.`,
		);
	}
}

function unknown(outcome: Outcome, reason: 'vantage' | 'unsupported', detail: string): Outcome {
	return {...outcome, verdict: 'unknown', reason, detail};
}

const noWayIn =
	'The tailscaled there has no tunnel device, so connections cannot enter the tailnet: start it with --socks5-server=127.0.0.2:1055 and name that address in socks5 of this way.';
