/** Failing checks that have one explanation, so that it is looked for once. Pure. */

import {isSilence} from '../engine/silence.ts';
import type {UnknownReason} from '../engine/types.ts';
import {isUnsupported} from '../notes/unsupported-notes.ts';
import type {CheckView} from '../server/types.ts';
import type {VantageState} from '../vantages/types.ts';
import {isUnsound} from '../vantages/unsound.ts';
import {firstBlind} from './incident-since.ts';
import type {World} from './scene.ts';

/** A vantage that cannot look, with all that is unknown for it, also from vantages that are reached through it. */
export interface Blind {
	vantage: VantageState;
	views: readonly CheckView[];
	sinceMs?: number | undefined;
}

/** Checks that ran and are not up; not those that cannot run where they are asked to, nor those whose next run tells. */
export function listBad(world: World): CheckView[] {
	return world.checks.filter(
		view => view.verdict !== 'up' && view.ran && !isUnsupported(view) && !isToBeLookedAt(view, world),
	);
}

/** Its vantage was out of reach at its last slot and is not any more. */
function isToBeLookedAt({check, verdict, last}: CheckView, world: World): boolean {
	if (verdict !== 'unknown' || last?.reason !== 'vantage') return false;
	const vantage = world.vantage(check.vantage);
	return vantage?.group !== undefined && vantage.condition === 'sound';
}

/** One for each vantage that cannot look for a reason of its own, local ones first. */
export function groupBlind(bad: readonly CheckView[], world: World): Blind[] {
	const unsound = world.vantages.filter(isUnsound);
	const isIn = new Set(unsound.map(({name}) => name));
	const root = ({name, behind}: VantageState) => (behind !== undefined && isIn.has(behind) ? behind : name);
	const rootOf = new Map(unsound.map(state => [state.name, root(state)]));
	const unseen = bad.filter(
		({check, verdict, last}) =>
			verdict === 'unknown' && rootOf.has(check.vantage) && !ownReasons.includes(last?.reason ?? ''),
	);
	const byRoot = Map.groupBy(unseen, ({check}) => rootOf.get(check.vantage));
	return unsound
		.filter(state => root(state) === state.name)
		.toSorted((one, other) => Number(one.group !== undefined) - Number(other.group !== undefined))
		.map(vantage => {
			const views = byRoot.get(vantage.name) ?? [];
			// The local vantage's own checks date its trouble better than a look once a second does.
			const sinceMs = (vantage.group === undefined ? firstBlind(views) : undefined) ?? vantage.sinceMs;
			return {vantage, views, sinceMs};
		});
}

/** Unknown for a reason that says something about the check itself, whatever the vantage is like. */
const ownReasons: readonly string[] = ['unsupported', 'denied', 'incomplete', 'internal'] satisfies UnknownReason[];

/** The rest, those together whose scenes tell the same: the first of each group speaks for it. */
export function groupAlike(bad: readonly CheckView[], blind: readonly Blind[], world: World): CheckView[][] {
	const told = new Set(blind.flatMap(({views}) => views));
	const dead = listDeadTunnels(world);
	const rest = bad.filter(view => !told.has(view));
	const groups = Map.groupBy(rest, view => sceneKey(view, dead));
	return Array.from(groups.values(), views => views.toSorted(tunnelsFirst));
}

const tunnelsFirst = (one: CheckView, other: CheckView) =>
	Number(other.check.type === 'tunnel') - Number(one.check.type === 'tunnel');

/** By the place that they lead to. */
function listDeadTunnels(world: World): Set<string> {
	const dead = world.ofType('tunnel').filter(({verdict, check}) => verdict === 'down' && check.target.peer !== '');
	return new Set(dead.map(placeOf));
}

/** Where from, and to which machine; names hold no blanks. */
function placeOf({check}: CheckView): string {
	return `${check.vantage} ${check.target.peer}`;
}

function sceneKey(view: CheckView, dead: ReadonlySet<string>): string {
	const {check, verdict, last} = view;
	const place = placeOf(view);
	const reason = last?.reason ?? '';
	const phase = last?.reading?.facts.phase ?? '';
	// What gets no answer through a tunnel that is down is down with it; what came further is not.
	const isBehind =
		verdict === 'down' &&
		dead.has(place) &&
		!check.expect &&
		check.target.via !== 'direct' &&
		(check.type === 'tunnel' || isNowhere(view));
	if (isBehind) return `behind ${place}`;
	if (verdict === 'unknown') return [verdict, check.vantage, check.type, reason, withoutName(view)].join(' ');
	const what = [check.type, check.expect ?? '', check.target.address].join(' ');
	return [verdict, place, reason, phase, what].join(' ');
}

/** Its sentence without what differs between targets. */
function withoutName({check: {target}, last}: CheckView): string {
	return [target.address, target.name, target.peer]
		.filter(name => name !== '')
		.reduce((text, name) => text.replaceAll(name, '…'), last?.detail ?? '')
		.replace(/\d+/g, '#');
}

/** No phase after the connection began. */
function isNowhere({last}: CheckView): boolean {
	const {phases = {}, facts = {}} = last?.reading ?? {};
	const began = [...Object.keys(phases), facts.phase ?? ''];
	return (
		(isSilence(last?.reason) || last?.reason === 'resolve' || last?.reason === 'loss') &&
		!began.some(phase => ['tls', 'processing', 'transfer'].includes(phase))
	);
}
