/** Which causes of the list a scene shows, and which of them explains it. Pure. */

import type {Verdict} from '../engine/types.ts';
import {causes} from './causes/registry.ts';
import {type Look, type Scene, sceneOfCheck, type World} from './scene.ts';
import {isDirect, isOfHost} from './seen/node-state.ts';
import {type Cause, confidences, type Finding, type NamedCause, type RungName, rungNames} from './types.ts';

/** Why one check is as it is, without its ladder: cheap enough to be asked of every failing check. */
export function explain(world: World, view: Look['view']): ReturnType<typeof nameCauses> {
	return nameCauses(sceneOfCheck(world, world.look(view)));
}

/** The causes that a scene shows: the one that explains it, and the others. */
export function nameCauses(scene: Scene): {cause: NamedCause | undefined; also: readonly NamedCause[]} {
	const found = nameThose(usual, scene);
	const wanted: Finding['effect'] = verdictOf(scene) === 'up' ? 'slows' : 'breaks';
	const cleared = highestPassed(scene);
	const explains = ({effect, rung, passesSmall}: NamedCause) =>
		effect === wanted && (wanted === 'slows' || passesSmall === true || rungNames.indexOf(rung) > cleared);
	const cause = lowest(found.filter(explains)) ?? nameThose(last, scene).find(({effect}) => effect === wanted);
	return {cause, also: found.filter(other => other !== cause)};
}

const usual = causes.filter(({isLast}) => !isLast);
const last = causes.filter(({isLast}) => isLast);

function nameThose(some: readonly Cause[], scene: Scene): NamedCause[] {
	const found: NamedCause[] = [];
	for (const cause of some) {
		const finding = cause.find(scene);
		if (finding) found.push(nameCause(cause, finding));
	}
	return found;
}

/** What a cause found, with the words of the cause. */
export function nameCause({id, rung, title, means}: Cause, finding: Finding): NamedCause {
	return {id, rung, title, means, ...finding};
}

/** `cause-id about`: links with the same one share one fault. */
export function faultId({id, about}: Pick<NamedCause, 'id' | 'about'>): string {
	return `${id} ${about}`;
}

/** What a fault is about, as people say it: of a node its name alone. */
export function shortAbout({about}: Pick<NamedCause, 'about'>): string {
	return about.replace(/^node /, '');
}

/**
 * The fault as people follow it, the same while it lasts. What keeps a node from answering is one fault of that node, whatever is learned
 * of it meanwhile: it is silent first, then headscale notices, then its instance turns out to be stopped. Anything else is `faultId`.
 */
export function incidentId(cause: Pick<NamedCause, 'id' | 'about' | 'effect' | 'rung'>): string {
	const {about, effect, rung} = cause;
	const isNode = effect === 'breaks' && about.startsWith('node ') && rungNames.indexOf(rung) <= tunnelRank;
	return isNode ? about : faultId(cause);
}

const tunnelRank = rungNames.indexOf('tunnel');

/** How the subject of a scene stands: a check as it was last seen, or else whether the vantage can look. */
export function verdictOf({check, vantage}: Scene): Verdict {
	if (check) return check.verdict;
	return vantage?.condition === 'sound' ? 'up' : 'unknown';
}

/** The lowest rung first, and of one rung what is surest. Guesses at why it breaks come last: none may hide what was seen. */
export function lowest(found: readonly NamedCause[]): NamedCause | undefined {
	return found.toSorted((one, other) => rankOf(one) - rankOf(other))[0];
}

/** Less explains better. */
export function rankOf({effect, rung, confidence}: NamedCause): number {
	const guess = effect === 'breaks' && confidence === 'consistent' ? 1000 : 0;
	return guess + rungNames.indexOf(rung) * 10 + confidences.indexOf(confidence);
}

/**
 * The highest rung that is known to carry traffic, as an index, or -1: what is at or below it cannot be why the link fails. The own
 * vantage and whatever is not on the way of packets (control server, records, pods) is cleared by traffic too.
 */
export function highestPassed(scene: Scene): number {
	return Math.max(-1, ...passed(scene).map(name => rungNames.indexOf(name)));
}

function passed(scene: Scene): RungName[] {
	const {check} = scene;
	const tunnel = isDirect(scene) ? undefined : scene.tunnel;
	const through: RungName[] = [];
	if (check?.verdict === 'unknown') return through;
	// Something answers where nothing may: whatever else is wrong with the machine, that is no reason for it.
	if (check?.verdict === 'down' && check.outcome?.reason === 'expected_unreachable') return ['tls'];
	// Where no tunnel is looked at, a refusal is an answer of the machine itself.
	const refused =
		check?.verdict === 'down' &&
		check.outcome?.reason === 'refused' &&
		tunnel?.verdict !== 'down' &&
		!isOfHost(check, scene);
	if (tunnel?.verdict === 'up' || refused) through.push('tunnel');
	if (!check || check === tunnel) return through;
	const {phases = {}, facts = {}} = check.outcome?.reading ?? {};
	const failedIn = facts.phase ?? Object.keys(phases).at(-1);
	const order = ['resolve', 'connect', 'tls', 'processing', 'transfer'];
	const reached = order.indexOf(failedIn === 'connect_proxy' ? 'connect' : (failedIn ?? ''));
	const ran = (phase: string) => phase in phases;
	// That a name was told proves nothing of what is beneath: MagicDNS answers on the vantage itself.
	if ((ran('connect') || ran('connect_proxy')) && reached > 1) through.push('connect');
	if (ran('tls') && reached > 2) through.push('tls');
	return through;
}
