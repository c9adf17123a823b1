/** What the tailscaled of a vantage says of one peer, for a diagnosis. */

import {canonicalAddress} from '../net/guard.ts';
import {type PeerStatus, statusOf} from '../net/localapi.ts';
import {messageOf} from '../util/errors.ts';
import type {Fresh} from './fresh.ts';

/** Of whom tailscaled is asked. */
export interface PeerQuestion {
	/** Of tailscaled, as the vantage asks it. */
	socketPath: string;
	/** Name of the node, short or full, or one of its tailnet addresses. */
	peer: string;
	signal: AbortSignal;
}

/** At most 2 s old. `missing` only where tailscaled is signed in and its list lacks the peer. Never rejects for what tailscaled does. */
export async function askPeer({socketPath, peer, signal}: PeerQuestion): Promise<NonNullable<Fresh['peer']>> {
	try {
		const {backendState, self, peers} = await statusOf(socketPath, {peers: true}, signal);
		const known = [...peers, ...(self ? [self] : [])].find(status => isCalled(status, peer));
		if (known) return {kind: 'known', status: known};
		if (backendState === 'Running') return {kind: 'missing'};
		return {
			kind: 'silent',
			detail: `tailscaled is ${backendState || 'in no known state'} and so has no peers to tell of`,
		};
	} catch (error) {
		return {
			kind: 'silent',
			detail: signal.aborted ? 'tailscaled did not tell of its peers in time' : messageOf(error),
		};
	}
}

function isCalled({dnsName, addresses}: PeerStatus, peer: string): boolean {
	const address = canonicalAddress(peer);
	if (address !== undefined) return addresses.includes(address);
	const name = peer.toLowerCase().replace(/\.$/, '');
	return name !== '' && (dnsName === name || dnsName.split('.')[0] === name);
}
