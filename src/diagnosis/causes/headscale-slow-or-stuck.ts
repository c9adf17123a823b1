import {formatLatency} from '../../util/readable.ts';
import {
	controlCommands,
	controlOf,
	effectOfControl,
	evidenceOfControl,
	failingFor,
	sourceOf,
} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

/** An answer of the API that takes longer is worth a word. */
const slowSeconds = 2;

export const headscaleSlowOrStuck: Cause = {
	id: 'headscale-slow-or-stuck',
	rung: 'control',
	title: 'The control server hangs in part, or is very slow',
	means:
		'headscale lives, since some of its pages answer, and others do not in time: it waits for its database or for a lock, or has more nodes than it can serve. Tunnels that are there live on; joining and changes of the tailnet may hang. Look at its log and its load, and restart it if it does not recover.',
	find(scene) {
		const {world, nowMs} = scene;
		const control = controlOf(world);
		const nodes = sourceOf(world, 'nodes');
		const isStuck = control?.trouble === 'stuck';
		const isSlow =
			control !== undefined &&
			control.trouble === undefined &&
			nodes?.ok === true &&
			(nodes.seconds ?? 0) > slowSeconds;
		if (!isStuck && !isSlow) return undefined;
		const silent = control.shownBy?.name.replace(/^headscale-/, '').replaceAll('-', ' ') ?? '';
		return {
			...(isStuck ? effectOfControl(scene, 'likely') : {effect: 'beside', confidence: 'consistent'}),
			about: 'headscale',
			says: isStuck
				? `headscale lives and has not answered in time${failingFor(control.shownBy, nowMs)} when it was asked for: ${silent}.`
				: `headscale took ${formatLatency(nodes?.seconds ?? 0)} to list its nodes.`,
			evidence: [
				...(isSlow && nodes?.lastSuccessAt !== undefined
					? [
							{
								says: `The list of nodes came after ${formatLatency(nodes.seconds ?? 0)}.`,
								wanted: `less than ${slowSeconds} s`,
								atMs: nodes.lastSuccessAt,
							},
						]
					: []),
				...evidenceOfControl(
					scene,
					['health', 'metrics'].flatMap(part => sourceOf(world, part) ?? []),
				),
			],
			next: controlCommands(scene, 'What it waits for: database is locked, deadline exceeded.'),
		};
	},
};
