/** What is wrong now, each fault once: troubles with the cause that they have. Pure. */

import type {CheckView} from '../server/types.ts';
import {findFaultsBeside} from './beside.ts';
import {explain, faultId, nameCauses} from './explain.ts';
import {type Blind, groupAlike, groupBlind, listBad} from './incident-groups.ts';
import {sinceOf} from './incident-since.ts';
import {sceneWithoutCheck, type World} from './scene.ts';
import {type NamedCause, rungNames} from './types.ts';

/** One fault, with everything that fails for it. */
export interface Incident {
	/** `cause-id about`: the same while the fault lasts. */
	id: string;
	/** `down`: something does not work. `unknown`: nobody can look. `degraded`: it works, worse than wanted, or will soon not. */
	state: 'down' | 'unknown' | 'degraded';
	cause: NamedCause;
	/** Milliseconds since 1970, as far back as is known. */
	sinceMs?: number;
	/** The checks that fail for it, the one that tells most first; none for a fault of headscale that breaks no link. */
	checks: readonly CheckView[];
	/** A name for what fails, short: `tts on june-gpu-1`, `june-gpu-1`, `headscale`. */
	about: string;
}

/**
 * Down before unknown before degraded, the newest first within each. Every check that ran and is not up belongs to one of them, but for
 * those that cannot run where they are asked to and those whose next run tells.
 */
export function findIncidents(given: World): Incident[] {
	const world = withFewHistories(given);
	const bad = listBad(world);
	const blind = groupBlind(bad, world);
	const faults = new Map<string, Fault>();
	for (const views of groupAlike(bad, blind, world)) {
		const [first] = views;
		// A failing check always has one: the last of the list fits all of them.
		const cause = first && explain(world, first).cause;
		if (cause) addFault(faults, {cause, views});
	}
	mergeNodes(faults);
	addBlind(faults, blind, world);
	const broken = Array.from(faults.values(), asIncident);
	return [...broken, ...findFaultsBeside(world, broken)].toSorted(compareIncidents);
}

/** Histories are unpacked one by one: some for the faults at hand, and not one for each of a thousand machines that fail at once. */
function withFewHistories(given: World): World {
	if (given.fresh) return given;
	let left = historiesAtMost;
	const recent: World['recent'] = view => (view.verdict !== 'up' && left-- > 0 ? given.recent(view) : []);
	const world: World = Object.create(given, {recent: {value: recent}, around: {value: () => world}});
	return world;
}

const historiesAtMost = 100;

interface Fault {
	cause: NamedCause;
	views: CheckView[];
	/** Where another thing than its checks dates it. */
	sinceMs?: number | undefined;
}

function addFault(
	faults: Map<string, Fault>,
	{cause, views, sinceMs}: Omit<Fault, 'views'> & {views: readonly CheckView[]},
): void {
	const id = faultId(cause);
	const known = faults.get(id);
	if (!known) {
		faults.set(id, {cause, views: [...views], sinceMs});
		return;
	}
	// Thousands of checks may have one fault: nothing is copied.
	for (const view of views) known.views.push(view);
	if (rank(cause) < rank(known.cause)) known.cause = cause;
}

/** What several vantages see of one dead machine has one cause: the best of those that they name. */
function mergeNodes(faults: Map<string, Fault>): void {
	const ofNodes = [...faults].filter(
		([, {cause}]) => cause.about.startsWith('node ') && rungNames.indexOf(cause.rung) <= tunnelRank,
	);
	for (const group of Map.groupBy(ofNodes, ([, {cause}]) => cause.about).values()) {
		if (group.length < 2) continue;
		const [best] = group.toSorted(([, one], [, other]) => rank(one.cause) - rank(other.cause));
		for (const [id] of group) faults.delete(id);
		if (best) faults.set(best[0], {...best[1], views: group.flatMap(([, {views}]) => views)});
	}
}

const tunnelRank = rungNames.indexOf('tunnel');

/** A vantage that is gone together with its machine belongs to the fault of the machine. */
function addBlind(faults: Map<string, Fault>, blind: readonly Blind[], world: World): void {
	const byCheck = new Map<CheckView, Fault>();
	for (const fault of faults.values()) for (const view of fault.views) byCheck.set(view, fault);
	for (const {vantage, views, sinceMs} of blind) {
		const dead = world.ofPeer(vantage.name).find(view => byCheck.has(view) && isDeadTunnel(view, world));
		const cause = (dead && byCheck.get(dead)?.cause) ?? explainBlind(vantage.name, views, world);
		if (cause) addFault(faults, {cause, views, sinceMs});
	}
}

/** Remote vantages are called from local ones: it is their tunnel that counts. */
function isDeadTunnel({check, verdict}: CheckView, world: World): boolean {
	const from = world.vantage(check.vantage);
	return check.type === 'tunnel' && verdict === 'down' && from !== undefined && from.group === undefined;
}

function explainBlind(vantage: string, views: readonly CheckView[], world: World): NamedCause | undefined {
	const own = views.find(({check}) => check.vantage === vantage);
	if (own) return explain(world, own).cause;
	return nameCauses(sceneWithoutCheck(world, vantage, world.node(vantage) ? vantage : '')).cause;
}

function asIncident({cause, views, sinceMs}: Fault): Incident {
	const checks = views.toSorted(compareChecks);
	const since = sinceMs ?? sinceOf(checks);
	return {
		id: faultId(cause),
		state: checks.some(({verdict}) => verdict === 'down') ? 'down' : 'unknown',
		cause,
		...(since === undefined ? {} : {sinceMs: since}),
		checks,
		about: shortName(cause, checks),
	};
}

/** Of a port the name that its only check has; of a machine its name alone. */
function shortName({about}: NamedCause, checks: readonly CheckView[]): string {
	const [, where] = /^port \d+ on (.+)$/.exec(about) ?? [];
	const names = new Set(checks.map(({check}) => check.name));
	if (where !== undefined && names.size === 1) return `${[...names][0]} on ${where}`;
	return about.replace(/^node /, '');
}

/** Down before unknown, tunnels before what runs through them. */
function compareChecks(one: CheckView, other: CheckView): number {
	return tellsLess(one) - tellsLess(other) || (one.check.key < other.check.key ? -1 : 1);
}

function tellsLess({check, verdict}: CheckView): number {
	return (verdict === 'down' ? 0 : 2) + (check.type === 'tunnel' ? 0 : 1);
}

const states: readonly Incident['state'][] = ['down', 'unknown', 'degraded'];

function compareIncidents(one: Incident, other: Incident): number {
	return (
		states.indexOf(one.state) - states.indexOf(other.state) ||
		(other.sinceMs ?? 0) - (one.sinceMs ?? 0) ||
		(one.id < other.id ? -1 : 1)
	);
}

/** The lowest rung first, and what explains before what only stands in for it. */
function rank({id, rung, confidence}: NamedCause): number {
	const last = id === 'unexplained' ? 1000 : 0;
	return last + rungNames.indexOf(rung) * 10 + ['certain', 'likely', 'consistent'].indexOf(confidence);
}
