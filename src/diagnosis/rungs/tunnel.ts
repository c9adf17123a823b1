/** The rung of the tunnel: WireGuard between the vantage and the node, and the path that it takes. */

import {formatLatency, formatPath, formatSpan} from '../../util/readable.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Evidence} from '../types.ts';
import type {RungLook} from './types.ts';

/** Whether the node answers through WireGuard, and by which path. */
export const tunnelRung: RungLook = {
	name: 'tunnel',
	look(scene) {
		const {tunnel, check, peer, otherTunnels} = scene;
		if (peer === '' || check?.view.check.target.via === 'direct') return undefined;
		const others = otherTunnels.slice(0, othersAtMost).map(look => evidenceOf(look));
		if (!tunnel || tunnel.verdict === 'unknown')
			return {
				state: 'unseen',
				says: tunnel?.outcome?.detail ?? `No tunnel check looks at ${peer} from here.`,
				evidence: [...(tunnel ? [evidenceOf(tunnel)] : []), ...others],
			};
		const evidence = [evidenceOf(tunnel), ...figuresOf(tunnel), ...freshEvidence(scene), ...others];
		if (tunnel.verdict === 'down')
			return {
				state: 'broken',
				says: tunnel.outcome?.detail ?? `${peer} does not answer through WireGuard.`,
				evidence,
			};
		if (scene.world.fresh?.bigPing?.answered === 0)
			return {state: 'broken', says: `${peer} answers small packets through WireGuard, and no large ones.`, evidence};
		const {facts = {}, values = {}} = tunnel.outcome?.reading ?? {};
		const path = formatPath(facts.path, facts.derp_region);
		const trip = values.tsmp_seconds === undefined ? '' : `, round trip ${formatLatency(values.tsmp_seconds)}`;
		return {
			state: 'holds',
			says: `${peer} answers through WireGuard${path ? `, ${path}` : ''}${trip}.`,
			evidence,
		};
	},
};

const othersAtMost = 6;

/** Loss and overhead of the last run, where there is any to tell. */
function figuresOf({outcome, isFresh}: Look): Evidence[] {
	const {values = {}, facts = {}} = outcome?.reading ?? {};
	const {pings_sent: sent, pings_lost: lost, overhead_seconds: overhead} = values;
	const at = {
		...(outcome ? {atMs: outcome.startedAt + outcome.durationMs} : {}),
		...(isFresh ? {fresh: true as const} : {}),
	};
	return [
		...(sent && lost ? [{says: `${lost} of ${sent} pings through the tunnel were lost.`, wanted: 'none', ...at}] : []),
		...(overhead !== undefined && facts.overhead_within === 'false'
			? [{says: `Through the tunnel a round trip takes ${formatLatency(overhead)} longer than beside it.`, ...at}]
			: []),
	];
}

function freshEvidence({world, vantageName, peer}: Scene): Evidence[] {
	const {fresh} = world;
	if (!fresh) return [];
	const {bigPing, peer: told, atMs} = fresh;
	const handshakeMs = told?.kind === 'known' ? told.status.lastHandshakeMs : undefined;
	return [
		...(bigPing
			? [
					{
						says: `${bigPing.answered} of ${bigPing.sent} pings of ${bigPing.bytes} bytes from ${vantageName} to ${peer} were answered, beside small ones that were.`,
						atMs: atMs + fresh.durationMs,
						fresh: true as const,
					},
				]
			: []),
		...(handshakeMs === undefined
			? []
			: [
					{
						says: `The last handshake of WireGuard with ${peer} was ${formatSpan(atMs - handshakeMs)} before the look.`,
						atMs,
						fresh: true as const,
					},
				]),
	];
}
