import {formatSpan} from '../../util/readable.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, World} from '../scene.ts';
import {oncePerLook, tunnelOf} from '../seen/tunnels.ts';
import type {Cause} from '../types.ts';

/** Once to the relay and back is what any short trouble does. */
const changesAtLeast = 4;

/** Looks within which it must have changed. */
const lately = 6;

export const pathFlapping: Cause = {
	id: 'path-flapping',
	rung: 'underlay',
	title: 'The path goes to and fro',
	means:
		'The tunnel changes between the direct path and the relay again and again. Each change costs some packets and makes the round trip jump, which voice hears. Usual reasons are a NAT that forgets its mapping early, a network that changes its routes, or a link that loses packets.',
	find(scene) {
		const {world, vantageName, peer} = scene;
		const tunnel = tunnelOf(scene);
		if (tunnel?.verdict !== 'up') return undefined;
		const {answered, paths, changes} = changesOf(world, tunnel);
		const [newest, oldest] = [answered[0], answered.at(-1)];
		if (changes < changesAtLeast || !newest || !oldest) return undefined;
		const span = formatSpan(newest.startedAt - oldest.startedAt);
		return {
			effect: 'slows',
			confidence: 'certain',
			about: `node ${peer}`,
			says: `The path from ${vantageName} to ${peer} changed ${changes} times in the last ${paths.length} looks (${span}), between ${[...new Set(paths)].map(say).join(' and ')}.`,
			evidence: [
				{says: `The last looks, newest first: ${paths.slice(0, 20).map(say).join(', ')}.`, atMs: newest.startedAt},
				evidenceOf(tunnel, 'one path that stays'),
			],
			next: [
				tailscaleCommand(
					scene,
					vantageName,
					['ping', '--until-direct=false', '-c', '20', peer],
					'Whether the answers come by changing ways.',
				),
				tailscaleCommand(scene, peer, ['netcheck'], 'A NAT with "MappingVariesByDestIP: true" is hard to pass.'),
				commandOf(
					peer,
					['journalctl', '-u', 'tailscaled', '-n', '50', '--no-pager'],
					'Lines about "LinkChange" or rebinding.',
				),
			],
		};
	},
};

/** Whether it changed so often, and lately. */
export function isFlapping(world: World, look: Look): boolean {
	return changesOf(world, look).changes >= changesAtLeast;
}

const changesOf = oncePerLook((world, {view}) => {
	const answered = world.recent(view).filter(({reading}) => reading?.facts.path !== undefined);
	const paths = answered.flatMap(({reading}) => reading?.facts.path ?? []);
	// It is over where the path has stayed since.
	const isOver = new Set(paths.slice(0, lately)).size < 2;
	return {answered, paths, changes: isOver ? 0 : paths.filter((path, at) => at > 0 && path !== paths[at - 1]).length};
});

const say = (path: string) => ({derp: 'relay', peer_relay: 'peer relay'})[path] ?? path;
