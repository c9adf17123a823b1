/**
 * Whether large packets pass where small ones do. An ICMP echo through the tunnel device is as large on its way back as on its way
 * there. A disco ping can be made large, but its answer is always small, so it tells of the way there alone; it needs no device.
 */

import {pingAddresses} from '../net/fping.ts';
import {canonicalAddress} from '../net/guard.ts';
import {createLocalApi} from '../net/localapi.ts';
import {lacksTunnelDevice} from '../net/tunnel-device.ts';
import type {Fresh} from './fresh.ts';

/** What is pinged, and how. */
export interface BigPingQuestion {
	/** Of tailscaled, as the vantage asks it. */
	socketPath: string;
	/** Of the peer, inside the tailnet. */
	address: string;
	signal: AbortSignal;
}

/**
 * Takes up to two seconds. undefined: no small ping was answered either, so that the size tells nothing, or nobody could ask. Never
 * rejects for what the world does; starts a process, so it is for the main thread.
 */
export async function askBigPings({socketPath, address, signal}: BigPingQuestion): Promise<Fresh['bigPing']> {
	const peer = canonicalAddress(address);
	if (peer === undefined) return undefined;
	const limit = AbortSignal.any([signal, AbortSignal.timeout(budgetMs)]);
	const [icmp, disco] = await Promise.all([echo(socketPath, peer, limit), discover(socketPath, peer, limit)]);
	const reached = disco === undefined ? {} : {reached: disco.answered > 0};
	if (icmp) return {bytes: packetBytes, ...icmp, by: 'icmp', ...reached};
	return disco && {bytes: packetBytes, ...disco, by: 'disco', ...reached};
}

/** The longest packet that tailscaled lets into its tunnel. */
const packetBytes = 1280;
/** What IPv4 and UDP (28) and WireGuard (32) add to it on the way. */
const wrappedBytes = packetBytes + 28 + 32;
const budgetMs = 2000;
const count = 4;
const pauseMs = 150;

interface Answered {
	sent: number;
	answered: number;
}

async function echo(socketPath: string, address: string, signal: AbortSignal): Promise<Answered | undefined> {
	try {
		if (await lacksTunnelDevice(socketPath, signal)) return undefined;
		const headerBytes = (address.includes(':') ? 40 : 20) + 8;
		const ask = async (payloadBytes: number) => {
			const plan = {addresses: [address], count, pauseMs, payloadBytes, dontFragment: false, budgetMs: budgetMs - 100};
			const [times = []] = (await pingAddresses(plan, signal)).values();
			return {sent: times.length, answered: times.filter(seconds => seconds !== undefined).length};
		};
		const [small, big] = await Promise.all([ask(smallPayloadBytes), ask(packetBytes - headerBytes)]);
		return small.answered > 0 && big.sent > 0 ? big : undefined;
	} catch {
		// No fping, or not allowed: the other pings answer for it.
		return undefined;
	}
}

const smallPayloadBytes = 56;

async function discover(socketPath: string, address: string, signal: AbortSignal): Promise<Answered | undefined> {
	const api = createLocalApi(socketPath);
	const ask = async (sizeBytes?: number) => {
		try {
			return (await api.ping(address, 'disco', signal, sizeBytes)).seconds !== undefined;
		} catch {
			return false;
		}
	};
	const [small, big] = await Promise.all([
		Promise.all([ask(), ask()]),
		Promise.all(Array.from({length: count}, () => ask(wrappedBytes))),
	]);
	return small.includes(true) ? {sent: big.length, answered: big.filter(Boolean).length} : undefined;
}
