import {formatSpan} from '../../util/readable.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, World} from '../scene.ts';
import {oncePerLook, sideOf, tunnelOf} from '../seen/tunnels.ts';
import type {Cause} from '../types.ts';

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
		const loss = lossOf(world, tunnel);
		const {sent, lost, lossyLately, lastLostMs} = loss;
		if (!isDown && !isLossy(loss)) return undefined;
		const side = sideOf(scene, look => look.outcome?.reason === 'loss' || isLossyTunnel(world, look));
		const where = side.which === 'vantage' ? vantageName : peer;
		return {
			effect: isDown ? 'breaks' : 'slows',
			// One run of the newest may be the end of what was before.
			confidence: isDown || (lossyLately > 1 && isMany(loss)) ? 'certain' : 'likely',
			about: side.about,
			says: `${lost} of the last ${sent} pings from ${vantageName} to ${peer} through the tunnel were lost (${percent(lost / sent)})${lastLostMs === undefined ? '' : `, the last one ${formatSpan(scene.nowMs - lastLostMs)} ago`}. ${side.says}`,
			evidence: [evidenceOf(tunnel, 'every ping answered'), ...side.looks.map(look => evidenceOf(look))],
			next: [
				tailscaleCommand(
					scene,
					vantageName,
					['ping', '--until-direct=false', '-c', '20', peer],
					'How many of twenty are answered, and by which way.',
				),
				commandOf(where, ['ip', '-s', 'link'], 'Whether the counters of errors and drops grow.'),
			],
		};
	},
};

/** Enough of its pings were lost, and lately, to be no chance. */
export function isLossyTunnel(world: World, look: Look): boolean {
	return isLossy(lossOf(world, look));
}

interface Loss {
	sent: number;
	lost: number;
	/** Of the newest runs, how many lost something. */
	lossyLately: number;
	/** When the last run ended that lost something, milliseconds since 1970. */
	lastLostMs?: number;
	/** The newest was asked for this diagnosis. */
	isFresh: boolean;
}

const lossOf = oncePerLook(sumLoss);

/** Over the newest runs that are kept, or at least the last one; nothing where the loss is over. */
function sumLoss(world: World, look: Look): Loss {
	const kept = world.recent(look.view);
	// A run without any answer was an outage, and no loss.
	const runs = (kept.length > 0 || !look.outcome ? kept : [look.outcome])
		.filter(({verdict, reason}) => verdict === 'up' || reason === 'loss')
		.slice(0, weighed);
	const {isFresh} = look;
	const lossy = runs.filter(({reading}) => (reading?.values.pings_lost ?? 0) > 0);
	const lossyLately = runs.slice(0, lately).filter(run => lossy.includes(run)).length;
	if (lossyLately === 0) return {sent: 0, lost: 0, lossyLately, isFresh};
	const sumOf = (name: string) => runs.reduce((sum, {reading}) => sum + (reading?.values[name] ?? 0), 0);
	const [last] = lossy;
	return {
		sent: sumOf('pings_sent'),
		lost: sumOf('pings_lost'),
		lossyLately,
		...(last ? {lastLostMs: last.startedAt + last.durationMs} : {}),
		isFresh,
	};
}

/** Runs within which something must have been lost. */
const lately = 4;
/** What was lost before says little of now. */
const weighed = 20;

/** Enough were lost, or so many of the newest runs lost some that it has just begun: then somebody has to have looked now. */
function isLossy(loss: Loss): boolean {
	const {lossyLately, isFresh} = loss;
	if (lossyLately === 0) return false;
	if (isFresh && lossyLately > 1) return true;
	return isMany(loss);
}

function isMany({sent, lost}: Loss): boolean {
	return sent >= pingsAtLeast && lost >= lostAtLeast && lost / sent >= lossyRatio;
}

function percent(ratio: number): string {
	return Number.isFinite(ratio) ? `${Math.round(ratio * 100)} %` : 'all';
}
