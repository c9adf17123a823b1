/** Tells state changes to the log: never a line per probe, and one line for all that change because of the vantage. */

import type {Logger} from 'pino';
import type {Check} from '../engine/types.ts';
import type {Clock} from '../util/clock.ts';
import {formatDurationMs} from '../util/units.ts';
import type {Transition} from './history.ts';

export interface TransitionLog {
	/**
	 * Writes a line for the change at once; only checks that become unknown for the vantage's sake, and those that are up again after
	 * that, wait some seconds for others of their vantage, because one fault makes and ends them all.
	 */
	tell(check: Check, transition: Transition): void;
	/** Writes what still waits. */
	flush(): void;
}

/** About as long as a vantage's fault takes to reach all of its checks at usual intervals. */
const gatherMs = 10_000;
/** More names than this are told as a number. */
const namesTold = 10;

type Kind = 'lost' | 'back';

interface Waiting {
	check: Check;
	transition: Transition;
}

export function createTransitionLog(log: Logger, clock: Pick<Clock, 'after'>): TransitionLog {
	/** By kind and vantage, the checks by key. */
	const groups = new Map<string, {members: Map<string, Waiting>; cancel: () => void}>();

	return {
		tell(check, transition) {
			const kind = kindOf(transition);
			const lostUntold = kind !== 'lost' && take('lost', check);
			const backUntold = kind !== 'back' && take('back', check);
			// Back before the loss was told, or lost again before the return was: nothing changed for a reader.
			if (kind !== undefined && (lostUntold || backUntold)) return;
			if (kind === undefined) logTransition(log, check, transition);
			else gather(kind, check, transition);
		},
		flush() {
			for (const name of groups.keys()) write(name);
		},
	};

	function take(kind: Kind, {vantage, key}: Check): boolean {
		return groups.get(`${kind} ${vantage}`)?.members.delete(key) === true;
	}

	function gather(kind: Kind, check: Check, transition: Transition): void {
		const name = `${kind} ${check.vantage}`;
		let group = groups.get(name);
		if (!group) {
			group = {members: new Map(), cancel: clock.after(gatherMs, () => write(name))};
			groups.set(name, group);
		}
		group.members.set(check.key, {check, transition});
	}

	function write(name: string): void {
		const group = groups.get(name);
		groups.delete(name);
		group?.cancel();
		const members = [...(group?.members.values() ?? [])];
		const [first] = members;
		if (!first) return;
		if (members.length === 1) logTransition(log, first.check, first.transition);
		else logTogether(log, first, members);
	}
}

function kindOf({from, to, outcome, downForMs}: Transition): Kind | undefined {
	if (to === 'unknown') return outcome.reason === 'vantage' ? 'lost' : undefined;
	return from === 'unknown' && to === 'up' && downForMs === undefined ? 'back' : undefined;
}

function logTogether(log: Logger, {check, transition}: Waiting, members: readonly Waiting[]): void {
	const names = members.slice(0, namesTold).map(({check: {name, target}}) => `${name} ${target.name}`);
	const untold = members.length - names.length;
	const fields = {
		vantage: check.vantage,
		count: members.length,
		checks: untold > 0 ? [...names, `and ${untold} more`] : names,
		since: new Date(Math.min(...members.map(({transition: {sinceMs}}) => sinceMs))).toISOString(),
	};
	if (transition.to === 'up') log.info(fields, 'checks are up, and can be looked at again');
	else {
		const {reason, detail} = transition.outcome;
		log.warn({...fields, reason, ...(detail === undefined ? {} : {detail})}, 'checks cannot be looked at');
	}
}

/** Writes one line for the change. A target being down is news, not an error of ours. */
function logTransition(log: Logger, check: Check, transition: Transition): void {
	const {outcome, from, to} = transition;
	const fields = {
		check: check.name,
		type: check.type,
		vantage: check.vantage,
		target: check.target.name,
		...(check.target.peer === '' ? {} : {peer: check.target.peer}),
		from,
		to,
		since: new Date(transition.sinceMs).toISOString(),
		...(outcome.reason === undefined ? {} : {reason: outcome.reason}),
		...(transition.downForMs === undefined ? {} : {down_for: formatDurationMs(transition.downForMs)}),
		...(outcome.detail === undefined ? {} : {detail: outcome.detail}),
	};
	if (to === 'up') log.info(fields, 'check is up');
	else if (to === 'down') log.warn(fields, 'check is down');
	else log.warn(fields, 'check cannot be looked at');
}
