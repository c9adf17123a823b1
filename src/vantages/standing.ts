/** How each vantage stands, for people: since when, and whether something nearer to us explains that it cannot look. */

import type {Clock} from '../util/clock.ts';
import {formatSpan} from '../util/readable.ts';
import type {VantageState} from './types.ts';

/** A vantage as it says itself, with what is known of its machine. */
export interface Standing {
	state: VantageState;
	/** headscale lists its node no more: milliseconds since 1970 from when on, and how long it is kept. */
	left?: {sinceMs: number; graceMs: number};
}

export interface Standings {
	/** To be asked at least every second: what is asked for late is dated late. */
	look(standings: readonly Standing[]): VantageState[];
}

export function createStandings(clock: Pick<Clock, 'wall'>): Standings {
	const known = new Map<string, {condition: VantageState['condition']; sinceMs: number}>();

	return {
		look(standings) {
			const states = explain(standings, clock.wall());
			const names = new Set(states.map(({name}) => name));
			for (const name of known.keys()) if (!names.has(name)) known.delete(name);
			return states.map(state => {
				const before = known.get(state.name);
				const sinceMs = before?.condition === state.condition ? before.sinceMs : clock.wall();
				known.set(state.name, {condition: state.condition, sinceMs});
				return {...state, sinceMs};
			});
		},
	};
}

/** What is dialled through the tailnet is lost with our own way into it, and a machine that left has no agent to blame. Pure. */
function explain(standings: readonly Standing[], nowMs: number): VantageState[] {
	const local = standings.find(({state: {group, condition}}) => group === undefined && isOut(condition))?.state;
	return standings.map(({state, left}) => {
		if (state.group === undefined || state.condition !== 'gone' || state.unsupported) return state;
		if (left)
			return {
				...state,
				leftSinceMs: left.sinceMs,
				detail: `headscale has not listed ${state.name} for ${formatSpan(nowMs - left.sinceMs)}: it left the tailnet. Its checks end ${formatSpan(left.graceMs)} after it left, unless it comes back.`,
			};
		// Exec goes by the Kubernetes API.
		const goesByTailnet = state.ways?.some(({type}) => type !== 'pod') ?? false;
		if (!local || !goesByTailnet) return state;
		return {
			...state,
			behind: local.name,
			detail: `It is reached through the tailnet, and vantage ${local.name} is ${local.condition}: nothing can be said of it.`,
		};
	});
}

function isOut(condition: VantageState['condition']): boolean {
	return condition === 'sick' || condition === 'gone';
}
