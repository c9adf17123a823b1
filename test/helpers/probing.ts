/** Runs a probe type as the engine would, against servers on loopback. */

import type {ExecutionContext} from 'ava';
import {z} from 'zod';
import type {PhaseName, Reading, Target} from '../../src/engine/types.ts';
import type {Place, Probe} from '../../src/probes/types.ts';

export interface Circumstances {
	target?: Partial<Target>;
	place?: Partial<Place>;
	signal?: AbortSignal;
	/** By default far away. */
	deadlineMs?: number;
}

export const testPlace: Place = {
	vantage: 'here',
	timeoutMs: 10_000,
	tailnet: {prefixes: ['100.64.0.0/10'], domain: 'tail.test', dnsServer: '127.0.0.1:1', overheadObjectiveSeconds: 0.01},
	allowLoopback: true,
};

/** Measures `address` once; `options` are as a user writes them. */
export async function measure<O>(
	probe: Probe<O>,
	address: string,
	options: Record<string, unknown> = {},
	{target, place, signal, deadlineMs = 10_000}: Circumstances = {},
): Promise<Reading> {
	if (!probe.measure) throw new TypeError('this probe measures in rounds');
	const deadline = new AbortController();
	const timer = setTimeout(() => deadline.abort(new DOMException('the deadline passed', 'TimeoutError')), deadlineMs);
	try {
		return await probe.measure(
			{name: 'target', address, via: 'direct', peer: '', ...target},
			probe.options(z).parse(options),
			{...testPlace, ...place},
			signal ?? deadline.signal,
		);
	} finally {
		clearTimeout(timer);
	}
}

/** What a failed run must say. */
export interface Wanted {
	reason: NonNullable<Reading['reason']>;
	phase: PhaseName;
	detail: RegExp;
}

/** Asserts that the run was down for this reason, in this phase, with such a sentence. */
export function isDown(t: ExecutionContext, reading: Reading, {reason, phase, detail}: Wanted): void {
	t.false(reading.ok);
	t.is(reading.reason, reason, reading.detail);
	t.is(reading.facts.phase, phase);
	t.is(Object.keys(reading.phases ?? {}).at(-1), phase);
	t.regex(reading.detail ?? '', detail);
	t.true((reading.detail ?? '').length <= 300);
}

/** Lets the deadline pass soon. What a server sent until then is read first: immediates come after reading. */
export function passSoon(deadline: AbortController): void {
	const pass = () => deadline.abort(new DOMException('the deadline passed', 'TimeoutError'));
	setTimeout(() => setImmediate(() => setImmediate(pass)), 100);
}
