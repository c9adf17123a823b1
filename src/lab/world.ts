/** Which faults are on, and who must be told when that changes. */

import {type Clock, systemClock} from '../util/clock.ts';
import type {Conditions} from './conditions.ts';
import {conditionsUnder, findFault} from './faults.ts';

export interface World {
	readonly conditions: Conditions;
	/** Name and time (milliseconds since 1970) of each fault that is on, in the order in which they came. */
	readonly active: ReadonlyMap<string, number>;
	/** Switches a fault on; resolves when every part behaves so. False: there is no such fault. */
	break(name: string): Promise<boolean>;
	/** Switches a fault off, or all. False: there is no such fault. */
	heal(name?: string): Promise<boolean>;
	/** Calls at each change; what the listener returns is waited for. */
	onChange(listener: (now: Conditions, before: Conditions) => void | Promise<void>): void;
}

/** A world where everything works. `report` hears of each fault that goes on or off. */
export function createWorld(report: (name: string, on: boolean) => void, clock: Clock = systemClock): World {
	const active = new Map<string, number>();
	const timers = new Map<string, () => void>();
	const listeners: ((now: Conditions, before: Conditions) => void | Promise<void>)[] = [];
	let conditions = conditionsUnder(active);
	// Changes go one after the other: a port that is being closed must not be opened at the same time.
	let changing: Promise<void> = Promise.resolve();

	function settle(): Promise<void> {
		const now = conditionsUnder(active);
		const before = conditions;
		conditions = now;
		changing = changing
			.catch(() => {})
			.then(async () => {
				await Promise.all(listeners.map(listener => listener(now, before)));
			});
		return changing;
	}

	function end(name: string): void {
		timers.get(name)?.();
		timers.delete(name);
		if (active.delete(name)) report(name, false);
	}

	return {
		get conditions() {
			return conditions;
		},
		active,
		async break(name) {
			const fault = findFault(name);
			if (!fault) return false;
			if (active.has(name)) return true;
			active.set(name, clock.wall());
			if (fault.lastsMs !== undefined) {
				const mend = () => {
					end(name);
					// A part that fails here has failed before whoever broke it, and was told then.
					settle().catch(() => {});
				};
				timers.set(name, clock.after(fault.lastsMs, mend));
			}
			report(name, true);
			await settle();
			return true;
		},
		async heal(name) {
			if (name !== undefined && !findFault(name)) return false;
			for (const one of name === undefined ? [...active.keys()] : [name]) end(one);
			await settle();
			return true;
		},
		onChange(listener) {
			listeners.push(listener);
		},
	};
}
