/** What was asked for one diagnosis, beside what is known anyhow. Plain data. */

import type {Outcome} from '../engine/types.ts';
import type {PeerStatus} from '../net/localapi.ts';

/** What was asked for one diagnosis. */
export interface Fresh {
	/** When asking began, milliseconds since 1970, and how long it took. */
	atMs: number;
	durationMs: number;
	/**
	 * What the parts below are about: `peer` and `bigPing` this node as this vantage sees it, `byAddress` and `byMagicDns` the link with
	 * this key. Scenes of anything else do not see them. Absent: every scene does.
	 */
	of?: {vantage: string; peer: string; key?: string};
	/** Runs of configured checks, by key. */
	outcomes: ReadonlyMap<string, Outcome>;
	/** What the tailscaled of the vantage says of the peer; `missing`: it has no such peer, `silent`: it did not answer, with a sentence. */
	peer?: {kind: 'known'; status: PeerStatus} | {kind: 'missing'} | {kind: 'silent'; detail: string};
	/**
	 * Pings as long as the longest packet of a tunnel, where small ones are answered, from the vantage to the peer. By `icmp` they are as
	 * long on the way back; `reached`: pings that are long only on the way there were answered.
	 */
	bigPing?: {bytes: number; sent: number; answered: number; by?: 'icmp' | 'disco'; reached?: boolean};
	/** The target by its address, dialled without any name; only where it has a name. */
	byAddress?: Outcome;
	/** The name asked of MagicDNS itself. */
	byMagicDns?: Outcome;
	/** What could not be asked, as sentences. */
	unasked: readonly string[];
}

/** So much of it as tells of this link, or of this vantage and node. Pure. */
export function freshAround(fresh: Fresh, isNode: boolean, isLink: boolean): Fresh {
	const {peer, bigPing, byAddress, byMagicDns, ...rest} = fresh;
	return {
		...rest,
		...(isNode && peer ? {peer} : {}),
		...(isNode && bigPing ? {bigPing} : {}),
		...(isLink && byAddress ? {byAddress} : {}),
		...(isLink && byMagicDns ? {byMagicDns} : {}),
	};
}
