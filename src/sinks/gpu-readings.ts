/** Keeps the newest reading of each check that looks at GPUs: its many numbers are told from it, and kept nowhere else. */

import type {GpuReading} from '../collectors/gpus.ts';
import type {Check, Outcome} from '../engine/types.ts';
import type {Sink} from './types.ts';

export interface GpuReadings extends Sink {
	/** Of each such check that had one. */
	latest(): readonly GpuReading[];
}

export function createGpuReadings(): GpuReadings {
	const entries = new Map<string, {check: Check; outcome: Outcome | undefined}>();

	return {
		name: 'gpu readings',
		begin(check) {
			if (check.type === 'gpu') entries.set(check.key, {check, outcome: entries.get(check.key)?.outcome});
			else entries.delete(check.key);
		},
		accept(check, outcome) {
			const entry = entries.get(check.key);
			// One that could not look says nothing, and what is known grows old.
			if (entry && outcome.reading && outcome.kind !== 'adhoc' && !outcome.belated) entry.outcome = outcome;
		},
		forget: ({key}) => void entries.delete(key),
		latest: () =>
			[...entries.values()].flatMap(({check: {name, vantage, target, intervalMs}, outcome}) =>
				outcome ? [{check: name, vantage, peer: target.peer, intervalMs, outcome}] : [],
			),
	};
}
