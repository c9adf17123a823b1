/** Gives each outcome to every sink. A sink that fails is reported and harms no other. */

import type {Sink} from '../sinks/types.ts';
import type {Check, Outcome} from './types.ts';

export interface Publisher {
	/** Takes the whole list of checks: new ones begin, changed ones begin again under their key, gone ones are forgotten. */
	update(checks: readonly Check[]): void;
	/** Outcomes of checks that are no longer planned are dropped. */
	publish(outcomes: readonly Outcome[]): void;
	check(key: string): Check | undefined;
	checks(): readonly Check[];
}

export function createPublisher(
	sinks: readonly Sink[],
	onSinkError: (sink: string, error: unknown) => void,
): Publisher {
	let current = new Map<string, Check>();

	return {
		update(checks) {
			const next = new Map(checks.map(check => [check.key, check]));
			for (const [key, check] of current) if (!next.has(key)) tell(sink => sink.forget(check));
			for (const [key, check] of next) {
				const before = current.get(key);
				if (before === undefined || JSON.stringify(before) !== JSON.stringify(check)) tell(sink => sink.begin(check));
			}
			current = next;
		},
		publish(outcomes) {
			for (const outcome of outcomes) {
				const check = current.get(outcome.key);
				if (check) tell(sink => sink.accept(check, outcome));
			}
		},
		check: key => current.get(key),
		checks: () => [...current.values()],
	};

	function tell(call: (sink: Sink) => void): void {
		for (const sink of sinks) {
			try {
				call(sink);
			} catch (error) {
				onSinkError(sink.name, error);
			}
		}
	}
}
