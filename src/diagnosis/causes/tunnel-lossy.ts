import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, World} from '../scene.ts';
import type {Cause} from '../types.ts';
import {sideOf, tunnelOf} from './tunnels.ts';

/** One lost ping of three is no figure yet. */
const pingsAtLeast = 20;
const lostAtLeast = 3;
/** From here on a conversation suffers. */
const lossyRatio = 0.03;

export const tunnelLossy: Cause = {
	id: 'tunnel-lossy',
	rung: 'tunnel',
	title: 'The tunnel loses packets',
	means:
		'Some packets get lost on the way between the two machines. Voice breaks up, and connections slow down or time out now and then. The fault is in the network beneath the tunnel: a full or bad line, mostly on the side of a rented machine. Where it lasts, take another machine.',
	find(scene) {
		const {world, peer, vantageName} = scene;
		const tunnel = tunnelOf(scene);
		if (!tunnel || tunnel.verdict === 'unknown') return undefined;
		const isDown = tunnel.verdict === 'down';
		if (isDown && tunnel.outcome?.reason !== 'loss') return undefined;
		const {sent, lost} = lossOf(world, tunnel);
		if (!isDown && !isLossy({sent, lost})) return undefined;
		const side = sideOf(scene, look => look.outcome?.reason === 'loss' || isLossy(lossOf(world, look)));
		const where = side.which === 'vantage' ? vantageName : peer;
		return {
			effect: isDown ? 'breaks' : 'slows',
			confidence: 'certain',
			about: side.about,
			says: `${lost} of the last ${sent} pings from ${vantageName} to ${peer} through the tunnel were lost (${percent(lost / sent)}). ${side.says}`,
			evidence: [evidenceOf(tunnel, 'every ping answered'), ...side.looks.map(look => evidenceOf(look))],
			next: [
				tailscaleCommand(
					vantageName,
					['ping', '--until-direct=false', '-c', '20', peer],
					'How many of twenty are answered, and by which way.',
				),
				commandOf(where, ['ip', '-s', 'link'], 'Whether the counters of errors and drops grow.'),
			],
		};
	},
};

interface Loss {
	sent: number;
	lost: number;
}

/** Over the runs that are kept, or at least the last one; nothing where the loss is over. */
function lossOf(world: World, look: Look): Loss {
	const kept = world.recent(look.view);
	// A run without any answer was an outage, and no loss.
	const runs = (kept.length > 0 || !look.outcome ? kept : [look.outcome]).filter(
		({verdict, reason}) => verdict === 'up' || reason === 'loss',
	);
	const sumOf = (name: string, of: typeof runs) => of.reduce((sum, {reading}) => sum + (reading?.values[name] ?? 0), 0);
	if (sumOf('pings_lost', runs.slice(0, lately)) === 0) return {sent: 0, lost: 0};
	return {sent: sumOf('pings_sent', runs), lost: sumOf('pings_lost', runs)};
}

/** Runs within which something must have been lost. */
const lately = 8;

function isLossy({sent, lost}: Loss): boolean {
	return sent >= pingsAtLeast && lost >= lostAtLeast && lost / sent >= lossyRatio;
}

function percent(ratio: number): string {
	return Number.isFinite(ratio) ? `${Math.round(ratio * 100)} %` : 'all';
}
