/** The vantage that cannot look: which it is, what that does to a link, and where to type commands. Pure. */

import type {UnknownReason} from '../../engine/types.ts';
import {formatSpan} from '../../util/readable.ts';
import {asSentence} from '../../util/words.ts';
import type {VantageState, VantageTrouble} from '../../vantages/types.ts';
import {notBelieved} from '../../vantages/unknown-outcome.ts';
import {tailscaleCommand} from '../commands.ts';
import {evidenceOf, evidenceOfSource} from '../evidence.ts';
import type {Scene} from '../scene.ts';
import type {Command, Evidence, Finding} from '../types.ts';

/** The vantage of the scene, or the local one through which it is reached and whose trouble explains that it is not. */
export function rootVantage({world, vantage}: Pick<Scene, 'world' | 'vantage'>): VantageState | undefined {
	return vantage?.behind === undefined ? vantage : (world.vantage(vantage.behind) ?? vantage);
}

/** `local`: the daemon's own; it cannot be reached through anything else. */
export function isLocal({group}: VantageState): boolean {
	return group === undefined;
}

/** What makes it sick although its tailscaled does not say so. */
export function troubleOf({condition, facts}: VantageState): VantageTrouble | undefined {
	if (condition !== 'sick') return undefined;
	return (['tailscaled-silent', 'tunnels-lost', 'network-gone', 'late'] as const).find(code => code === facts.trouble);
}

/** The state that its tailscaled tells while the vantage cannot look; undefined where that is not why. */
export function backendOf(state: VantageState): string | undefined {
	if (state.condition === 'sound' || (state.condition === 'gone' && !isLocal(state))) return undefined;
	return troubleOf(state) === 'tailscaled-silent' ? undefined : state.facts.backendState;
}

/**
 * What a vantage that cannot look does to the link. `tailnet`: only what goes through the tailnet is lost with it; of another machine
 * everything is, where it is reached through the tailnet itself.
 */
export function effectOfVantage(scene: Scene, reach: 'tailnet' | 'all' = 'all'): Finding['effect'] {
	const {check, vantage} = scene;
	if (!check) return 'breaks';
	if (check.verdict !== 'unknown' || hasOwnReason(scene)) return 'beside';
	return reach === 'tailnet' && vantage?.behind === undefined && check.view.check.target.via === 'direct'
		? 'beside'
		: 'breaks';
}

/** The run could not look for a reason that says something about the check itself, whatever the vantage is like. */
export function hasOwnReason({check}: Scene): boolean {
	const own: readonly string[] = ['unsupported', 'denied', 'incomplete', 'internal'] satisfies UnknownReason[];
	return check?.verdict === 'unknown' && own.includes(check.outcome?.reason ?? '');
}

/** The run found the target down, and was not believed because the vantage was not sound. */
export function isNotBelieved({check}: Scene): boolean {
	const {verdict, reason, detail = ''} = check?.outcome ?? {};
	return verdict === 'unknown' && reason === 'vantage' && detail.startsWith(notBelieved);
}

/** Nobody could look at the last slot, and the vantage has come back since: its next run tells. */
export function isFromBefore({check, vantage}: Scene): boolean {
	const {verdict, reason, startedAt = 0} = check?.outcome ?? {};
	return (
		vantage?.condition === 'sound' &&
		verdict === 'unknown' &&
		reason === 'vantage' &&
		startedAt < (vantage.sinceMs ?? 0)
	);
}

/** How the vantage stands, then the link, then what cannot be read of its tailscaled. */
export function evidenceOfVantage(scene: Scene, state: VantageState): Evidence[] {
	const {check, world} = scene;
	const failing = world.sources.filter(({name, ok}) => ok === false && name.startsWith('tailscaled-')).slice(0, 2);
	return [
		{
			says: sayStanding(state, world.nowMs),
			...(state.condition === 'sound' ? {} : {wanted: 'a vantage that can look'}),
			atMs: world.nowMs,
		},
		...(check && check.verdict !== 'up' ? [evidenceOf(check)] : []),
		...(isLocal(state) ? failing.map(evidenceOfSource) : []),
	];
}

/** `Vantage cluster is sick for 12 min: …` */
export function sayStanding({name, condition, detail, sinceMs}: VantageState, nowMs: number): string {
	const since = sinceMs === undefined ? '' : ` for ${formatSpan(nowMs - sinceMs)}`;
	return asSentence(`Vantage ${name} is ${condition}${since}${detail === undefined ? '' : `: ${detail}`}`);
}

/** ` for 12 min`, since it is as it is; '' where that is not known. */
export function spanOf({sinceMs}: VantageState, nowMs: number): string {
	return sinceMs === undefined ? '' : ` for ${formatSpan(nowMs - sinceMs)}`;
}

/** `tailscale …` there, with the socket that the configuration names. */
export function tailscaleThere(scene: Scene, state: VantageState, args: readonly string[], why: string): Command {
	return tailscaleCommand(scene, state.name, args, why);
}
