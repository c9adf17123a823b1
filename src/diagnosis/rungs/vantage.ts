/** The rung of the own vantage: whether the place that looks can look, and whether it can run this check. */

import {formatSpan} from '../../util/readable.ts';
import type {VantageState} from '../../vantages/types.ts';
import {evidenceOf} from '../evidence.ts';
import type {Scene} from '../scene.ts';
import {hasOwnReason, isFromBefore, isNotBelieved, rootVantage, sayStanding} from '../seen/vantage-words.ts';
import type {Evidence} from '../types.ts';
import type {RungLook} from './types.ts';

/** Whether the place that looks can look. */
export const vantageRung: RungLook = {
	name: 'vantage',
	look(scene) {
		const {vantage: state, vantageName, nowMs, check} = scene;
		if (!state) {
			if (vantageName === '') return undefined;
			return {
				state: 'broken',
				says: `There is no vantage ${vantageName} any more.`,
				evidence: [
					{says: `No vantage goes by the name ${vantageName}.`, wanted: 'a vantage that can look', atMs: nowMs},
				],
			};
		}
		const root = rootVantage(scene) ?? state;
		const evidence = [
			...(root === state ? [] : evidenceOfState(root, scene)),
			...evidenceOfState(state, scene),
			...evidenceOfWays(state, nowMs),
			...(check?.verdict === 'unknown' && check.outcome ? [evidenceOf(check, 'a run that can look')] : []),
		];
		if (state.condition === 'starting')
			return {state: 'unseen', says: `It is not known yet whether ${state.name} can look.`, evidence};
		if (state.condition !== 'sound') return {state: 'broken', says: sayStanding(root, nowMs), evidence};
		if (hasOwnReason(scene) || isLame(scene))
			return {
				state: 'broken',
				says: check?.outcome?.detail ?? `${state.name} could not run this check.`,
				evidence,
			};
		return {state: 'holds', says: sayHolding(state), evidence};
	},
};

/** The vantage is sound, and its last run here could not look. */
function isLame(scene: Scene): boolean {
	const {verdict, reason} = scene.check?.outcome ?? {};
	if (verdict !== 'unknown' || isFromBefore(scene)) return false;
	return reason === 'late' || reason === 'canceled' || (reason === 'vantage' && !isNotBelieved(scene));
}

function sayHolding({name, facts, type}: VantageState): string {
	const own = facts.backendState === undefined ? '' : `, its tailscaled is ${facts.backendState}`;
	const mode = facts.tun === 'false' ? ' without a tunnel device' : '';
	return `${name} can look${type === 'local' ? '' : ` by ${type}`}${own}${mode}.`;
}

function evidenceOfState(state: VantageState, {nowMs, world}: Scene): Evidence[] {
	const {condition, facts, latenessMs, sinceMs, name} = state;
	const own = world.platform.tailscaled.find(({vantage}) => vantage === name);
	const online = own?.online ?? (facts.online === undefined ? undefined : facts.online === 'true');
	return [
		{
			says:
				condition === 'sound'
					? `Vantage ${name} has been sound${sinceMs === undefined ? '' : ` for ${formatSpan(nowMs - sinceMs)}`}.`
					: sayStanding(state, nowMs),
			...(condition === 'sound' ? {} : {wanted: 'a vantage that can look'}),
			atMs: nowMs,
		},
		...(facts.backendState === undefined
			? []
			: [
					{
						says: `Its tailscaled is in state ${facts.backendState}${facts.version ? `, version ${facts.version}` : ''}.`,
						...(facts.backendState === 'Running' ? {} : {wanted: 'Running'}),
						atMs: nowMs,
					},
				]),
		...(online === false
			? [{says: 'Its tailscaled is not connected to its control server.', wanted: 'a connection', atMs: nowMs}]
			: []),
		...(latenessMs > worthSayingMs
			? [
					{
						says: `Its measuring thread was ${Math.round(latenessMs)} ms late at worst lately.`,
						wanted: 'a few milliseconds',
						atMs: nowMs,
					},
				]
			: []),
	];
}

const worthSayingMs = 50;

function evidenceOfWays({ways = []}: VantageState, nowMs: number): Evidence[] {
	return ways
		.filter(({condition}) => condition !== 'sound' && condition !== 'idle')
		.map(({type, condition, detail}) => ({
			says: `Its way by ${type} is ${condition}${detail === undefined ? '.' : `: ${detail}`}`,
			wanted: 'a way that works',
			atMs: nowMs,
		}));
}
