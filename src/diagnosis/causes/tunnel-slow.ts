import {formatLatency} from '../../util/readable.ts';
import {median} from '../../util/round-trips.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, World} from '../scene.ts';
import {oncePerLook, pathOf, sideOf, tunnelOf} from '../seen/tunnels.ts';
import type {Cause} from '../types.ts';

/** Round trips of a direct path that a conversation does not bear beside everything else. */
const farSeconds = 0.15;
/** So many times its last hour, and so much more, is slow for any tunnel. */
const slowerTimes = 2;
const slowerBySeconds = 0.02;

export const tunnelSlow: Cause = {
	id: 'tunnel-slow',
	rung: 'tunnel',
	title: 'The tunnel is slow',
	means:
		'Packets arrive, but late. Far away is a matter of where the machine stands; slower than before is a full line or another route; and slow only inside the tunnel is a processor without time to encrypt. Every sentence that is spoken waits for it at least twice.',
	find(scene) {
		const {world, peer, vantageName} = scene;
		const tunnel = tunnelOf(scene);
		const why = tunnel && slownessOf(world, tunnel);
		if (!tunnel || !why) return undefined;
		const side = sideOf(scene, look => slownessOf(world, look) !== undefined);
		const where = side.which === 'vantage' ? vantageName : peer;
		return {
			effect: 'slows',
			confidence: 'certain',
			about: side.about,
			says: `The tunnel from ${vantageName} to ${peer} is slow: ${why.says}. ${side.says}`,
			evidence: [evidenceOf(tunnel, why.wanted), ...side.looks.map(look => evidenceOf(look))],
			next: [
				tailscaleCommand(
					scene,
					vantageName,
					['ping', '--until-direct=false', '-c', '10', peer],
					'How long each answer takes, and by which way.',
				),
				commandOf(where, ['top', '-b', '-n', '1'], 'Whether tailscaled or anything else takes a whole core.'),
			],
		};
	},
};

/** Why the tunnel is slow, and what it should be; undefined where it is not, or nothing tells. */
export const slownessOf = oncePerLook(findSlowness);

function findSlowness(world: World, look: Look): {says: string; wanted: string} | undefined {
	const {verdict, outcome, view} = look;
	if (verdict !== 'up' || outcome?.late) return undefined;
	const now = outcome?.reading?.values.tsmp_seconds;
	if (now === undefined) return undefined;
	const usual = usualOf(look);
	const isSlower = usual !== undefined && isMuchMore(now, usual);
	const isFar = pathOf(look) === 'direct' && now > farSeconds;
	const isBeyond = outcome?.reading?.facts.overhead_within === 'false';
	// Of most tunnels the runs before need not be looked at.
	if (!isSlower && !isFar && !isBeyond) return undefined;
	// Runs of now and before: one that was slow by itself is no state.
	const recent = world.recent(view).slice(0, 4);
	const lately = median(recent.flatMap(({reading}) => reading?.values.tsmp_seconds ?? [])) ?? now;
	if (usual !== undefined && isMuchMore(Math.min(now, lately), usual))
		return {
			says: `a round trip takes ${formatLatency(now)}, and took at most ${formatLatency(usual)} within most minutes of the last hour`,
			wanted: `about ${formatLatency(usual)}`,
		};
	if (isFar && lately > farSeconds)
		return {
			says: `a round trip takes ${formatLatency(now)} on the direct path`,
			wanted: `at most ${formatLatency(farSeconds)}`,
		};
	const beyond = recent.filter(({reading}) => reading?.facts.overhead_within === 'false').length;
	const overhead = outcome?.reading?.values.overhead_seconds;
	if (overhead !== undefined && isBeyond && beyond * 2 > recent.length)
		return {
			says: `through the tunnel a round trip takes ${formatLatency(overhead)} longer than beside it`,
			wanted: 'an overhead within the objective (tailnet.overhead_objective)',
		};
	return undefined;
}

/** What the worst round trip of a minute usually was within the last hour; the last minutes are what is judged. */
function usualOf({view}: Look): number | undefined {
	const worst = view.strip.slice(0, -5).flatMap(bucket => bucket?.worstSeconds ?? []);
	return worst.length < 5 ? undefined : median(worst);
}

function isMuchMore(now: number, usual: number): boolean {
	return now > usual * slowerTimes && now > usual + slowerBySeconds;
}
