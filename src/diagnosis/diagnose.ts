/** The ladder of one subject, and which of the causes on the list it is. Pure. */

import type {Verdict} from '../engine/types.ts';
import {faultId, lowest, nameCauses, verdictOf} from './explain.ts';
import {findIncidents} from './incidents.ts';
import {rungs} from './rungs/registry.ts';
import {type Look, type Scene, sceneOfCheck, sceneWithoutCheck, type World} from './scene.ts';
import {type Diagnosis, type NamedCause, type Rung, rungNames, type Subject, sharedAtMost} from './types.ts';

/** All of it: for one who asks about this subject. */
export function diagnose(world: World, subject: Subject): Diagnosis {
	const scenes = scenesOf(world, subject);
	const [lead] = scenes;
	const ladder = lead === undefined ? [] : mergeLadders(scenes.map(scene => climb(scene)));
	const named = scenes.map(nameCauses);
	const causesOf = (some: typeof named) => some.flatMap(({cause: found}) => found ?? []);
	// What is down says more of a node than what cannot be looked at from there because of it.
	const isDown = (_: unknown, at: number) => scenes[at]?.check?.verdict === 'down';
	const cause = lowest(causesOf(named.filter(isDown))) ?? lowest(causesOf(named));
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

/** Every rung that the scene has. */
export function climb(scene: Scene): Rung[] {
	return rungs.flatMap(({name, look}) => {
		const seen = look(scene);
		return seen ? [{name, ...seen}] : [];
	});
}

/**
 * A node is looked at by each of its checks that fail, or else by its tunnels, and as the vantage that it may be; a link by itself.
 */
export function scenesOf(world: World, subject: Subject): Scene[] {
	if (subject.kind === 'check') {
		const view = world.check(subject.check.key);
		return view ? [sceneOfCheck(world, world.look(view))] : [];
	}
	if (subject.kind === 'vantage') return [sceneWithoutCheck(world, subject.vantage, ownNodeOf(world, subject.vantage))];
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
	return one.id === other?.id && one.about === other.about;
}

/** All others of the fault that the subject has. */
function findShared(world: World, cause: NamedCause, scenes: readonly Scene[]): Diagnosis['shared'] {
	const own = new Set(scenes.map(({check}) => check?.view.check.key));
	const fault = findIncidents(world).find(({id}) => id === faultId(cause));
	const keys = (fault?.checks ?? []).map(({check}) => check.key).filter(key => !own.has(key));
	return {count: keys.length, keys: keys.slice(0, sharedAtMost)};
}
