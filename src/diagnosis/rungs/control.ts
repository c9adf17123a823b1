/** The rung of the control server: what headscale says of itself, how old that is, and what it lists. */

import {formatSpan} from '../../util/readable.ts';
import {asSentence, count} from '../../util/words.ts';
import type {Scene, World} from '../scene.ts';
import {controlOf, evidenceOfControl, failingFor, noteOf, sourceOf} from '../seen/control-words.ts';
import type {RungLook} from './types.ts';

/** Whether headscale answers, and how old its lists are. */
export const controlRung: RungLook = {
	name: 'control',
	look(scene) {
		const {world, nowMs} = scene;
		const control = controlOf(world);
		if (!control)
			return {
				state: 'unseen',
				says: 'No headscale is configured, so nobody looks at the control server.',
				evidence: [],
			};
		const read = ['health', 'nodes'].flatMap(part => sourceOf(world, part) ?? []);
		const evidence = evidenceOfControl(scene, read);
		if (control.sources.every(({ok}) => ok === undefined))
			return {state: 'unseen', says: 'headscale was not read yet.', evidence};
		const fault = findFault(world);
		if (control.shownBy)
			return {
				state: 'broken',
				says: asSentence(
					`${control.shownBy.name} has not been read${failingFor(control.shownBy, nowMs)}: ${control.shownBy.detail ?? 'it gave no reason'}`,
				),
				evidence,
			};
		if (fault !== undefined) return {state: 'broken', says: fault, evidence};
		return {state: 'holds', says: `headscale answers${sayList(scene)}.`, evidence};
	},
};

/** What does not keep it from being read, and yet is wrong with it. */
function findFault(world: World): string | undefined {
	const {isHealthy, isApiHealthy, certificate, isControlKeyAnswered} = world.platform.headscale ?? {};
	if (isHealthy === false) return noteOf(world, 'headscale');
	if (isApiHealthy === false) return noteOf(world, "headscale's API");
	if (certificate?.trusted === false) return noteOf(world, "headscale's certificate");
	return isControlKeyAnswered === false ? noteOf(world, 'control server') : undefined;
}

/** ` and lists 5 nodes, 4 of them online, 3 s ago`. */
function sayList({world, nowMs}: Scene): string {
	const readAt = sourceOf(world, 'nodes')?.lastSuccessAt;
	if (readAt === undefined) return '';
	const online = world.nodes.filter(({node}) => node.online === true).length;
	const isInGrace = world.platform.headscale?.graceUntilMs !== undefined;
	const told = isInGrace ? ' (just restarted: offline means nothing yet)' : `, ${online} of them online`;
	return ` and listed ${count(world.nodes.length, 'node')}${told}, ${formatSpan(nowMs - readAt)} ago`;
}
