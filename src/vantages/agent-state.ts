/** What is known of an agent, put together for the state of its vantage: its own word, cleaned, and what we think of it. */

import type {AgentState} from '../agent/wire.ts';
import {canonicalAddress, isInside} from '../net/guard.ts';
import {oneLine} from '../util/errors.ts';
import {count} from '../util/words.ts';
import type {Intake, IntakeCounts} from './agent-intake.ts';
import type {RunCounts} from './run-tally.ts';
import type {VantageState} from './types.ts';

export interface AgentRecord {
	/** The agent's own word. `isNew`: the first after it was started. */
	note(state: AgentState, isNew: boolean): void;
	/** It cannot be used at present, because of this. */
	lose(detail: string, unsupported: boolean): void;
	/** The condition, with a mark where waiting does not mend it. */
	condition(intake: Intake): string;
	state(intake: Intake): Omit<VantageState, 'name' | 'group'>;
	addresses(): readonly string[];
}

/** Sums that only grow, over all starts of the agent. */
interface Sums {
	runs: RunCounts;
	skippedSlots: {overlap: number; late: number};
	threadRestarts: number;
	dropped: number;
}

const none: Sums = {
	runs: {started: 0, up: 0, down: 0, unknown: 0},
	skippedSlots: {overlap: 0, late: 0},
	threadRestarts: 0,
	dropped: 0,
};
const maxFacts = 30;

/** `prefixes`: where tailnet addresses lie. */
export function createAgentRecord(prefixes: readonly string[]): AgentRecord {
	let sums = none;
	let last: AgentState | undefined;
	let addresses: readonly string[] = [];
	let failure: {detail: string; unsupported: boolean} | undefined;
	let isKnown = false;

	return {
		note(state, isNew) {
			sums = grow(sums, isNew ? none : last, state);
			last = state;
			failure = undefined;
			isKnown = true;
			const own = state.addresses.flatMap(address => canonicalAddress(address) ?? []);
			// A tailscaled that stopped tells none; those it had are still its own.
			if (own.length > 0) addresses = own.filter(address => isInside(address, prefixes)).slice(0, 4);
		},
		lose(detail, unsupported) {
			failure = {detail, unsupported};
			isKnown = true;
		},
		condition(intake) {
			const now = condition();
			if (failure?.unsupported) return 'unsupported';
			return now === 'sound' && intake.liedLately() ? 'sick' : now;
		},
		state(intake) {
			const {detail, ...judged} = judge(intake);
			return {
				type: 'agent',
				...judged,
				...(detail === undefined ? {} : {detail}),
				latenessMs: last?.latenessMs ?? 0,
				runsInFlight: failure ? 0 : (last?.runsInFlight ?? 0),
				runs: sums.runs,
				skippedSlots: sums.skippedSlots,
				threadRestarts: sums.threadRestarts,
				facts: factsOf(intake.counts()),
				intake: {...intake.counts(), lost: Math.max(intake.counts().lost, sums.dropped)},
			};
		},
		addresses: () => addresses,
	};

	function condition(): VantageState['condition'] {
		if (failure) return 'gone';
		return isKnown ? (last?.condition ?? 'starting') : 'starting';
	}

	function judge(intake: Intake): Pick<VantageState, 'condition' | 'unsupported' | 'detail'> {
		if (failure)
			return {condition: 'gone', detail: failure.detail, ...(failure.unsupported ? {unsupported: true as const} : {})};
		const now = condition();
		if (intake.liedLately() && now !== 'starting')
			return {
				condition: now === 'gone' ? 'gone' : 'sick',
				detail: `The agent sends what nobody asked it for (${describeRejected(intake.counts())}), which was dropped: do not trust it, look at that machine.`,
			};
		if (now === 'sound' || last?.detail === undefined) return {condition: now};
		return {condition: now, detail: oneLine(last.detail, 300)};
	}

	function factsOf(counts: IntakeCounts): Record<string, string> {
		if (!last) return {};
		const told = Object.entries(last.facts)
			.filter(([name]) => /^[A-Za-z][A-Za-z0-9_]{0,40}$/.test(name))
			.slice(0, maxFacts)
			.map(([name, text]) => [name, oneLine(text, 200)] as const);
		const rejected = describeRejected(counts);
		return {
			...Object.fromEntries(told),
			agent: oneLine(last.version, 40),
			...(last.denied > 0 ? {denied: String(last.denied)} : {}),
			...(rejected === '' ? {} : {rejected}),
		};
	}
}

function describeRejected({rejected}: IntakeCounts): string {
	return Object.entries(rejected)
		.filter(([, number]) => number > 0)
		.map(([kind, number]) => `${count(number, 'outcome')} ${kind}`)
		.join(', ');
}

function grow(sums: Sums, before: Sums | undefined, now: AgentState): Sums {
	const more = (total: number, old: number, young: number) => total + Math.max(0, young - old);
	const {runs, skippedSlots, threadRestarts, dropped} = before ?? none;
	const addRuns = (key: keyof RunCounts) => more(sums.runs[key], runs[key], now.runs[key]);
	return {
		runs: {started: addRuns('started'), up: addRuns('up'), down: addRuns('down'), unknown: addRuns('unknown')},
		skippedSlots: {
			overlap: more(sums.skippedSlots.overlap, skippedSlots.overlap, now.skippedSlots.overlap),
			late: more(sums.skippedSlots.late, skippedSlots.late, now.skippedSlots.late),
		},
		threadRestarts: more(sums.threadRestarts, threadRestarts, now.threadRestarts),
		dropped: more(sums.dropped, dropped, now.dropped),
	};
}
