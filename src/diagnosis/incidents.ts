/** What is wrong now, each fault once: troubles with the cause that they have. Pure. */

import type {CheckView} from '../server/types.ts';
import {atOnce} from '../util/slices.ts';
import {findFaultsBeside} from './beside.ts';
import {unexplained} from './causes/unexplained.ts';
import {vantageMachineDown} from './causes/vantage-machine-down.ts';
import {findDegraded} from './degraded.ts';
import {explain, incidentId, nameCauses, rankOf, shortAbout} from './explain.ts';
import {type Blind, groupAlike, groupBlind, listBad} from './incident-groups.ts';
import {sinceOf} from './incident-since.ts';
import {sceneWithoutCheck, type World} from './scene.ts';
import {controlOf} from './seen/control-words.ts';
import type {NamedCause} from './types.ts';

/** One fault, with everything that fails for it. */
export interface Incident {
	/**
	 * The same while the fault lasts: `cause-id about`, such as `service-refused port 8000 on june-gpu-1`. Where a node does not answer it
	 * is `node june-gpu-1` alone: its cause may change while more is learned. A node that answers again, only worse than wanted, is
	 * another fault.
	 */
	id: string;
	/** `down`: something does not work. `unknown`: nobody can look. `degraded`: it works, worse than wanted, or will soon not. */
	state: 'down' | 'unknown' | 'degraded';
	cause: NamedCause;
	/** Milliseconds since 1970, as far back as is known. */
	sinceMs?: number;
	/** The checks that fail for it, or work worse, the one that tells most first; none for a fault of headscale that breaks no link. */
	checks: readonly CheckView[];
	/** A name for what fails, short: `tts on june-gpu-1`, `june-gpu-1`, `headscale`. */
	about: string;
}

/**
 * Down before unknown before degraded, the newest first within each. Every check that ran and is not up belongs to one of them, but for
 * those that cannot run where they are asked to and those whose next run tells.
 */
export function findIncidents(world: World): readonly Incident[] {
	return atOnce(incidentsInSteps(world));
}

/** The same, for who lets others work in between: thousands of faults at once take half a second. */
export function* incidentsInSteps(world: World): Generator<void, readonly Incident[]> {
	const known = incidentsOfWorlds.get(world);
	if (known) return known;
	readAll(world);
	yield;
	const found = yield* findAll(world);
	incidentsOfWorlds.set(world, found);
	return found;
}

/** Verdicts are of the moment at which views were taken: what is unpacked later must be of the same. */
function readAll(world: World): void {
	const {checks, nodes, vantages, sources, nodesAreFresh, platform, landmarks, machines, pools} = world;
	for (const view of checks) void view.last;
	void [nodes, vantages, sources, nodesAreFresh, platform, landmarks, machines, pools];
}

// A page asks for them several times, and a world does not change.
const incidentsOfWorlds = new WeakMap<World, readonly Incident[]>();

function* findAll(given: World): Generator<void, Incident[]> {
	const world = withFewHistories(given);
	const bad = listBad(world);
	const blind = groupBlind(bad, world);
	const faults = new Map<string, Fault>();
	for (const views of groupAlike(bad, blind, world)) {
		const [first] = views;
		// A failing check always has one: the last of the list fits all of them.
		const cause = first && explain(world, first).cause;
		if (cause) addFault(faults, {cause, views});
		yield;
	}
	addBlind(faults, blind, world);
	const broken = Array.from(faults.values(), fault => asIncident(fault, world));
	yield;
	const known = [...broken, ...(yield* findDegraded(given, broken))];
	yield;
	return [...known, ...findFaultsBeside(world, known)].toSorted(compareIncidents);
}

/** Histories are unpacked one by one: some for the faults at hand, and not one for each of a thousand machines that fail at once. */
function withFewHistories(given: World): World {
	let left = historiesAtMost;
	const limit = (all: World): World => {
		const known = limited.get(all);
		if (known) return known;
		const recent: World['recent'] = view => (view.verdict !== 'up' && left-- > 0 ? all.recent(view) : []);
		const around: World['around'] = (...place) => limit(all.around(...place));
		const world: World = Object.create(all, {recent: {value: recent}, around: {value: around}});
		limited.set(all, world);
		return world;
	};
	const limited = new Map<World, World>();
	return limit(given);
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
	const id = incidentId(cause);
	const known = faults.get(id);
	if (!known) {
		faults.set(id, {cause, views: [...views], sinceMs});
		return;
	}
	// What several vantages see of one dead machine has one cause: the best of those that they name. Thousands of checks may have one fault:
	// nothing is copied.
	for (const view of views) known.views.push(view);
	if (rank(cause) < rank(known.cause)) known.cause = cause;
}

/** A vantage that is gone together with its machine belongs to the fault of the machine. */
function addBlind(faults: Map<string, Fault>, blind: readonly Blind[], world: World): void {
	const byCheck = new Map<CheckView, Fault>();
	for (const fault of faults.values()) for (const view of fault.views) byCheck.set(view, fault);
	for (const {vantage, views, sinceMs} of blind) {
		const dead = deadTunnelsTo(vantage.name, world).find(view => byCheck.has(view));
		const cause = (dead && byCheck.get(dead)?.cause) ?? explainBlind(vantage.name, views, world);
		if (cause) addFault(faults, {cause, views, sinceMs});
	}
}

/** Remote vantages are called from local ones: it is their tunnel that counts. Where no tunnel at all is up, any tells of the machine. */
function deadTunnelsTo(name: string, world: World): CheckView[] {
	const tunnels = world.ofPeer(name).filter(({check}) => check.type === 'tunnel' && check.vantage !== name);
	const isLocal = ({check}: CheckView) => {
		const from = world.vantage(check.vantage);
		return from !== undefined && from.group === undefined;
	};
	const isAlive = tunnels.some(({verdict}) => verdict === 'up');
	return tunnels
		.filter(view => view.verdict === 'down' && (!isAlive || isLocal(view)))
		.toSorted((one, other) => Number(isLocal(other)) - Number(isLocal(one)));
}

function explainBlind(vantage: string, views: readonly CheckView[], world: World): NamedCause | undefined {
	const own = views.find(({check}) => check.vantage === vantage);
	if (own) return explain(world, own).cause;
	return nameCauses(sceneWithoutCheck(world, vantage, world.node(vantage) ? vantage : '')).cause;
}

function asIncident({cause, views, sinceMs}: Fault, world: World): Incident {
	const checks = views.toSorted(compareChecks);
	// What it broke in the end says nothing of when headscale began to fail.
	const own = cause.about === 'headscale' ? controlOf(world)?.shownBy?.failingSince : undefined;
	const since = sinceMs ?? own ?? sinceOf(checks);
	return {
		id: incidentId(cause),
		state: checks.some(({verdict}) => verdict === 'down') ? 'down' : 'unknown',
		cause,
		...(since === undefined ? {} : {sinceMs: since}),
		checks,
		about: shortName(cause, checks),
	};
}

/** Of a port the name that its only check has; of a machine its name alone. */
function shortName(cause: NamedCause, checks: readonly CheckView[]): string {
	const [, where] = /^port \d+ on (.+)$/.exec(cause.about) ?? [];
	const names = new Set(checks.map(({check}) => check.name));
	if (where !== undefined && names.size === 1) return `${[...names][0]} on ${where}`;
	return shortAbout(cause);
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

/** The second says only that the fault is that of the machine. */
const standIns: ReadonlySet<string> = new Set([unexplained.id, vantageMachineDown.id]);

/** What explains comes before what only stands in for it. */
function rank(cause: NamedCause): number {
	return (standIns.has(cause.id) ? 10_000 : 0) + rankOf(cause);
}
