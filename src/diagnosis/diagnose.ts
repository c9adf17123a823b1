/** The ladder of one subject, and which of the causes on the list it is. Pure. */

import type {Verdict} from '../engine/types.ts';
import {faultId, incidentId, lowest, nameCauses, verdictOf} from './explain.ts';
import {findIncidents} from './incidents.ts';
import {rungs} from './rungs/registry.ts';
import {type Look, type Scene, sceneOfCheck, sceneWithoutCheck, type World} from './scene.ts';
import {type Diagnosis, type NamedCause, type Rung, rungNames, type Subject, sharedAtMost} from './types.ts';

/** All of it: for one who asks about this subject. */
export function diagnose(world: World, subject: Subject): Diagnosis {
	if (subject.kind === 'incident') return diagnoseIncident(world, subject);
	return diagnoseScenes(world, subject, scenesOf(world, subject));
}

function diagnoseScenes(world: World, subject: Subject, scenes: readonly Scene[]): Diagnosis {
	const [lead] = scenes;
	const ladder = lead === undefined ? [] : mergeLadders(scenes.map(scene => climb(scene)));
	const named = scenes.map(scene => nameAsIncident(world, scene));
	const causesOf = (some: typeof named) => some.flatMap(({cause: found}) => found ?? []);
	// What is down says more of a node than what cannot be looked at from there because of it.
	const isDown = (_: unknown, at: number) => scenes[at]?.check?.verdict === 'down';
	const weighed = lowest(causesOf(named.filter(isDown))) ?? lowest(causesOf(named));
	const cause = (weighed && ownOfNode(subject, weighed, named)) ?? weighed;
	const others = named.flatMap(({cause: found, also}) => [...(found ? [found] : []), ...also]);
	const verdict = lead === undefined ? 'unknown' : worst(scenes.map(verdictOf));
	const since = scenes.flatMap(scene => sinceOf(scene) ?? []);
	return {
		subject,
		verdict,
		...(verdict === 'up' || since.length === 0 ? {} : {sinceMs: Math.min(...since)}),
		ladder,
		...(cause ? {cause} : {}),
		also: unique(others).filter(other => !isSame(other, cause)),
		shared: cause ? findShared(world, cause, scenes) : {count: 0, keys: []},
		...(world.fresh
			? {
					asked: {
						atMs: world.fresh.atMs,
						durationMs: world.fresh.durationMs,
						looks: world.fresh.outcomes.size,
					},
				}
			: {}),
	};
}

/** What works worse than wanted is up. A fault that is over is told by the checks that failed for it. */
function diagnoseIncident(world: World, subject: Extract<Subject, {kind: 'incident'}>): Diagnosis {
	const scenes = scenesOf(world, subject);
	const told = diagnoseScenes(world, subject, scenes);
	const incident = findIncidents(world).find(({id}) => id === subject.id);
	const hasChecks = scenes.some(({check}) => check);
	const {cause: _ofScenes, sinceMs: _since, also, ...rest} = told;
	if (!incident) return hasChecks ? told : {...rest, also, verdict: 'up'};
	const {cause, sinceMs, state} = incident;
	return {
		...rest,
		verdict: hasChecks ? told.verdict : state === 'degraded' ? 'up' : state,
		...(sinceMs === undefined ? {} : {sinceMs}),
		cause,
		also: also.filter(other => !isSame(other, cause)),
	};
}

/** From memory a link has the cause of its incident: of those that fail alike one was asked, and speaks for all. */
function nameAsIncident(world: World, scene: Scene): ReturnType<typeof nameCauses> {
	const own = nameCauses(scene);
	const key = scene.check?.verdict === 'up' ? undefined : scene.check?.view.check.key;
	if (world.fresh || key === undefined) return own;
	const incident = findIncidents(world).find(({checks}) => checks.some(({check}) => check.key === key));
	if (!incident) return own;
	const all = [...(own.cause ? [own.cause] : []), ...own.also];
	return {cause: incident.cause, also: all.filter(other => incidentId(other) !== incident.id)};
}

/** That a vantage left says less of a node than why its own record went. */
function ownOfNode(
	subject: Subject,
	{id}: NamedCause,
	named: readonly ReturnType<typeof nameCauses>[],
): NamedCause | undefined {
	if (subject.kind !== 'node' || id !== 'vantage-left') return undefined;
	const all = named.flatMap(({cause, also}) => [...(cause ? [cause] : []), ...also]);
	return lowest(all.filter(({about, effect}) => effect === 'breaks' && about === `node ${subject.node}`));
}

/** Every rung that the scene has. */
export function climb(scene: Scene): Rung[] {
	return rungs.flatMap(({name, look}) => {
		const seen = look(scene);
		return seen ? [{name, ...seen}] : [];
	});
}

/**
 * A node is looked at by each of its checks that fail, or else by its tunnels, and as the vantage that it may be; a vantage with its
 * checks that fail because of it; a link by itself.
 */
export function scenesOf(world: World, subject: Subject): Scene[] {
	if (subject.kind === 'check') {
		const view = world.check(subject.check.key);
		return view ? [sceneOfCheck(world, world.look(view))] : [];
	}
	if (subject.kind === 'vantage') return scenesOfVantage(world, subject.vantage);
	if (subject.kind === 'incident') {
		const views = subject.keys.flatMap(key => world.check(key) ?? []).slice(0, scenesAtMost);
		if (views.length > 0) return views.map(view => sceneOfCheck(world, world.look(view)));
		return subject.about === 'headscale' ? [sceneWithoutCheck(world, localVantage(world), '')] : [];
	}
	const looks = world
		.ofPeer(subject.node)
		.map(world.look)
		.toSorted((one, other) => weight(one) - weight(other) || (one.view.check.key < other.view.check.key ? -1 : 1));
	const telling = withoutBlind(looks, world, subject.node);
	const failing = telling.filter(({verdict}) => verdict !== 'up');
	const chosen = (failing.length > 0 ? failing : telling).slice(0, scenesAtMost);
	const own = world.vantage(subject.node);
	const isLost = own?.condition === 'gone' || own?.condition === 'sick';
	const scenes = chosen.map(look => sceneOfCheck(world, look));
	if (isLost) scenes.push(sceneWithoutCheck(world, subject.node, subject.node));
	return scenes.length > 0 ? scenes : [sceneWithoutCheck(world, localVantage(world), subject.node)];
}

/** Itself, and those of its checks that fail for something about it, such as its MagicDNS. */
function scenesOfVantage(world: World, name: string): Scene[] {
	const about = `vantage ${name}`;
	const incidents = findIncidents(world).filter(({cause}) => cause.about === about);
	// What was asked afresh may fail only now.
	const now = world.fresh ? world.fromVantage(name).filter(view => world.look(view).isFresh) : [];
	const views = new Set([...incidents.flatMap(({checks}) => checks.slice(0, scenesAtMost)), ...now]);
	const failing = [...views]
		.map(view => sceneOfCheck(world, world.look(view)))
		.filter(scene => scene.check?.verdict !== 'up' && nameCauses(scene).cause?.about === about);
	return [sceneWithoutCheck(world, name, ownNodeOf(world, name)), ...failing.slice(0, scenesAtMost)];
}

/** Another vantage that cannot look says nothing of a node that one can see. */
function withoutBlind(looks: readonly Look[], world: World, node: string): readonly Look[] {
	const telling = looks.filter(
		({verdict, view: {check}}) =>
			verdict !== 'unknown' || check.vantage === node || world.vantage(check.vantage)?.condition === 'sound',
	);
	return telling.some(({verdict}) => verdict !== 'unknown') ? telling : looks;
}

const scenesAtMost = 12;

/** Down before unknown, tunnels before what runs through them, our own looks before those of other machines. */
function weight({verdict, view: {check}}: Look): number {
	return (
		(verdict === 'down' ? 0 : 4) + (check.type === 'tunnel' ? 0 : 2) + (check.vantage === check.target.peer ? 1 : 0)
	);
}

function localVantage({vantages}: World): string {
	return vantages.find(({group}) => group === undefined)?.name ?? '';
}

/** A remote vantage is named after its node; of a local one the node is the one with its address, which headscale may not list. */
function ownNodeOf(world: World, vantage: string): string {
	return world.node(vantage) || world.vantage(vantage)?.leftSinceMs !== undefined ? vantage : '';
}

function sinceOf({check, vantage}: Scene): number | undefined {
	if (!check) return vantage?.condition === 'sound' ? undefined : vantage?.sinceMs;
	const {verdict, downSince, unknownSince} = check.view;
	if (check.verdict === 'up') return undefined;
	return downSince ?? (verdict === 'unknown' ? unknownSince?.ms : undefined) ?? check.outcome?.startedAt;
}

function worst(verdicts: readonly Verdict[]): Verdict {
	return (['down', 'unknown', 'up'] as const).find(verdict => verdicts.includes(verdict)) ?? 'unknown';
}

/** Of several scenes of one node: a rung is as its most telling look, broken before held before unseen. */
function mergeLadders(ladders: readonly (readonly Rung[])[]): Rung[] {
	return rungNames.flatMap(name => {
		const same = ladders.flatMap(ladder => ladder.filter(rung => rung.name === name));
		const best = same.find(({state}) => state === 'broken') ?? same.find(({state}) => state === 'holds') ?? same[0];
		return best ? [best] : [];
	});
}

function unique(found: readonly NamedCause[]): NamedCause[] {
	return [...new Map(found.toReversed().map(cause => [faultId(cause), cause])).values()].toReversed();
}

function isSame(one: NamedCause, other: NamedCause | undefined): boolean {
	return other !== undefined && faultId(one) === faultId(other);
}

/** All others of the fault that the subject has. */
function findShared(world: World, cause: NamedCause, scenes: readonly Scene[]): Diagnosis['shared'] {
	const own = new Set(scenes.map(({check}) => check?.view.check.key));
	const fault = findIncidents(world).find(({id}) => id === incidentId(cause));
	const keys = (fault?.checks ?? []).map(({check}) => check.key).filter(key => !own.has(key));
	return {count: keys.length, keys: keys.slice(0, sharedAtMost)};
}
