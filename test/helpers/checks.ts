/** Checks and outcomes for tests, with only what matters said. */

import type {Check, Outcome, Reading} from '../../src/engine/types.ts';
import type {Probe} from '../../src/probes/types.ts';

export function aCheck(over: Partial<Check> = {}): Check {
	return {
		key: 'orchestrator/cluster/june-orchestrator',
		name: 'orchestrator',
		type: 'http',
		vantage: 'cluster',
		target: {
			name: 'june-orchestrator',
			address: 'http://june-orchestrator:8080/healthz',
			via: 'tailnet',
			peer: 'june-orchestrator',
		},
		options: {},
		intervalMs: 15_000,
		timeoutMs: 5000,
		confirm: 1,
		detail: 'lean',
		histogram: false,
		...over,
	};
}

export function anOutcome(over: Partial<Outcome> = {}): Outcome {
	return {
		key: 'orchestrator/cluster/june-orchestrator',
		startedAt: 1_700_000_000_000,
		durationMs: 20,
		latenessMs: 0,
		late: false,
		kind: 'scheduled',
		verdict: 'up',
		...over,
	};
}

export function aReading(over: Partial<Reading> = {}): Reading {
	return {ok: true, values: {}, facts: {}, ...over};
}

/** A type of probe that takes any options and has no metrics of its own. */
export function aProbe(over: Partial<Probe> = {}): Probe {
	return {
		type: 'http',
		summary: '',
		options: z => z.unknown(),
		address: 'url',
		vias: ['tailnet'],
		durationIsLatency: true,
		metrics: [],
		...over,
	};
}
