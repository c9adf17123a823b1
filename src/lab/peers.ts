/** What tailscaled remembers of the traffic with each peer. */

import type {NodeName} from './platform.ts';

export interface Traffic {
	rxBytes: number;
	txBytes: number;
	/** Milliseconds since 1970; undefined: not yet. */
	lastWriteAt?: number;
	lastHandshakeAt?: number;
	/** When a direct path was last confirmed. */
	directAt?: number;
}

/** Bytes and packets by path, as the user metrics count them. */
export interface PathCounts {
	direct: {packets: number; bytes: number};
	derp: {packets: number; bytes: number};
}

export interface Peers {
	traffic(name: NodeName): Traffic;
	readonly received: PathCounts;
	readonly sent: PathCounts;
	/** A ping left. */
	note(name: NodeName, path: 'direct' | 'derp'): void;
	/** It was answered. */
	noteAnswer(name: NodeName, path: 'direct' | 'derp'): void;
}

const pingBytes = 148;
const pongBytes = 92;

export function createPeers(): Peers {
	const known = new Map<NodeName, Traffic>();
	const none = (): PathCounts => ({direct: {packets: 0, bytes: 0}, derp: {packets: 0, bytes: 0}});
	const received = none();
	const sent = none();
	const traffic = (name: NodeName): Traffic => {
		const found = known.get(name) ?? {rxBytes: 0, txBytes: 0};
		known.set(name, found);
		return found;
	};
	const add = (counts: PathCounts, path: 'direct' | 'derp', bytes: number) => {
		counts[path].packets++;
		counts[path].bytes += bytes;
	};
	return {
		traffic,
		received,
		sent,
		note(name, path) {
			const peer = traffic(name);
			peer.txBytes += pingBytes;
			peer.lastWriteAt = Date.now();
			add(sent, path, pingBytes);
		},
		noteAnswer(name, path) {
			const peer = traffic(name);
			peer.rxBytes += pongBytes;
			if (path === 'direct') peer.directAt = Date.now();
			// WireGuard shakes hands anew every two minutes.
			if (Date.now() - (peer.lastHandshakeAt ?? 0) > 120_000) peer.lastHandshakeAt = Date.now();
			add(received, path, pongBytes);
		},
	};
}
