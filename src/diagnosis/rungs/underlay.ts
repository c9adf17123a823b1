/** The rung of the network underneath: whether anything leads from the vantage to the node, by UDP or by a relay. */

import {formatPath} from '../../util/readable.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Evidence} from '../types.ts';
import type {RungLook} from './types.ts';

/** Whether packets get to the machine beside the tunnel. */
export const underlayRung: RungLook = {
	name: 'underlay',
	look(scene) {
		const {check, peer, tunnel, vantageName} = scene;
		if (check && ['stun', 'derp'].includes(check.view.check.type))
			return {
				state: check.verdict === 'unknown' ? 'unseen' : check.verdict === 'up' ? 'holds' : 'broken',
				says:
					check.verdict === 'up'
						? `${check.view.check.target.name} answers.`
						: (check.outcome?.detail ?? 'It was not asked yet.'),
				evidence: [evidenceOf(check)],
			};
		if (peer === '' || check?.view.check.target.via === 'direct') return undefined;
		const relays = relayEvidence(scene);
		const {facts = {}} = tunnel?.outcome?.reading ?? {};
		const path = formatPath(facts.path, facts.derp_region);
		if (!tunnel || tunnel.verdict === 'unknown')
			return {
				state: 'unseen',
				says: `Nothing tells whether a packet gets from ${vantageName} to ${peer}: no tunnel check could look.`,
				evidence: relays,
			};
		const evidence = [evidenceOf(tunnel), ...peerEvidence(scene), ...relays];
		// What passed the tunnel was carried by something, also where no disco ping was answered.
		if (tunnel.verdict === 'up' || facts.disco === 'answered' || facts.tsmp === 'answered')
			return {
				state: 'holds',
				says: path ? `${peer} answers beneath the tunnel, ${path}.` : `${peer} is reached; by which way is not known.`,
				evidence,
			};
		if (tunnel.outcome?.reason !== 'timeout')
			return {state: 'unseen', says: tunnel.outcome?.detail ?? `${peer} was not pinged.`, evidence};
		return {
			state: 'broken',
			says: `No ping from ${vantageName} gets to ${peer}, neither directly nor by a relay.`,
			evidence,
		};
	},
};

/** What tailscaled itself says of the peer. */
function peerEvidence({world, vantageName, peer}: Scene): Evidence[] {
	const told = world.fresh?.peer;
	if (!told) return [];
	const at = {atMs: world.fresh?.atMs ?? world.nowMs, fresh: true as const};
	if (told.kind === 'missing') return [{says: `tailscaled on ${vantageName} has no peer ${peer}.`, ...at}];
	if (told.kind === 'silent')
		return [{says: `tailscaled on ${vantageName} does not tell of ${peer}: ${told.detail}`, ...at}];
	const {curAddr, peerRelay, relay} = told.status;
	const way =
		curAddr !== ''
			? `sends to it directly, at ${curAddr}`
			: peerRelay !== ''
				? `sends to it by the peer relay ${peerRelay}`
				: relay !== ''
					? `has no direct path to it; its relay is ${relay}`
					: 'has neither a direct path to it nor a relay for it';
	return [{says: `tailscaled on ${vantageName} ${way}.`, ...at}];
}

/** The relays and STUN servers as this vantage sees them, else as any does. */
function relayEvidence({world, vantageName}: Scene): Evidence[] {
	const looks = (['derp', 'stun'] as const).flatMap(type => {
		const all: Look[] = world.ofType(type).map(world.look);
		const own = all.filter(({view}) => view.check.vantage === vantageName);
		return (own.length > 0 ? own : all).slice(0, 2);
	});
	return looks.map(look => evidenceOf(look));
}
