/**
 * tailscaled's LocalAPI over its unix socket: one connection per call, nothing kept. Only what probing needs is read out of the
 * answers; everything is held against its expected shape, because another program may sit behind the socket.
 */

import {connect, type Socket} from 'node:net';
import {CannotLookError, messageOf, oneLine} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';
import {exchange} from './http1.ts';
import {
	type DerpRegion,
	LocalApiError,
	type PingAnswer,
	type TailscaledStatus,
	toPing,
	toRegions,
	toStatus,
} from './localapi-answers.ts';
import {createShared, type Shared} from './shared.ts';
import {explainSocket, rightsHint} from './tailscaled-socket.ts';

export interface LocalApi {
	/** What tailscaled says about itself and, if wanted, its peers. */
	status(options: {peers: boolean}, signal: AbortSignal): Promise<TailscaledStatus>;
	/**
	 * One ping. Waits for an answer as long as the signal allows: a lost ping is never answered. `sizeBytes` makes the packet of a
	 * disco ping so long, headers of IP and UDP included; its answer stays small, and the other types know no size.
	 */
	ping(address: string, type: PingType, signal: AbortSignal, sizeBytes?: number): Promise<PingAnswer>;
	/** The regions of the relay map; empty before the first login. */
	derpMap(signal: AbortSignal): Promise<DerpRegion[]>;
}

/** disco: the UDP or relay path alone; TSMP: through WireGuard; ICMP: through the other side's network stack. Case matters to tailscaled. */
export type PingType = 'disco' | 'TSMP' | 'ICMP';

const maxStatusBytes = 16 * 1024 * 1024;
/** Without peers an answer has a few kilobytes. */
const maxSmallBytes = 256 * 1024;

/** Throws LocalApiError from each call, or the signal's reason as soon as that aborts. */
export function createLocalApi(socketPath: string): LocalApi {
	const call = (method: 'GET' | 'POST', path: string, maxBytes: number, signal: AbortSignal) =>
		callSocket(socketPath, method, `/localapi/v0/${path}`, maxBytes, signal);
	return {
		async status({peers}, signal) {
			return toStatus(
				await call('GET', peers ? 'status' : 'status?peers=false', peers ? maxStatusBytes : maxSmallBytes, signal),
			);
		},
		async ping(address, type, signal, sizeBytes) {
			const size = sizeBytes === undefined ? '' : `&size=${sizeBytes}`;
			return toPing(await call('POST', `ping?ip=${encodeURIComponent(address)}&type=${type}${size}`, 65_536, signal));
		},
		async derpMap(signal) {
			return toRegions(await call('GET', 'derpmap', maxSmallBytes, signal));
		},
	};
}

/**
 * The status, shared among all who ask about the same socket: at most half a second old, with peers 2 s, because such an answer is
 * large; or `maxAgeMs` for those whom an older one serves as well. Throws as `status` does, within 1.5 s.
 */
export function statusOf(
	socketPath: string,
	{peers, maxAgeMs, since}: {peers: boolean; maxAgeMs?: number; since?: number},
	signal: AbortSignal,
): Promise<TailscaledStatus> {
	const key = `${peers} ${socketPath}`;
	let ask = statuses.get(key);
	if (!ask) {
		if (statuses.size >= 100) statuses.clear();
		const api = createLocalApi(socketPath);
		ask = createShared(fetchSignal => statusInTime(api, socketPath, peers, fetchSignal), {
			freshMs: peers ? 2000 : 500,
			timeoutMs: statusTimeoutMs,
		});
		statuses.set(key, ask);
	}
	return ask(signal, maxAgeMs, since);
}

const statusTimeoutMs = 1500;

const statuses = new Map<string, Shared<TailscaledStatus>>();

async function statusInTime(
	api: LocalApi,
	socketPath: string,
	peers: boolean,
	signal: AbortSignal,
): Promise<TailscaledStatus> {
	try {
		return await api.status({peers}, signal);
	} catch (error) {
		if (!signal.aborted) throw error;
		throw new LocalApiError(
			`tailscaled did not answer on ${socketPath} within ${statusTimeoutMs / 1000} s: it hangs, or has no CPU`,
		);
	}
}

async function callSocket(
	socketPath: string,
	method: string,
	path: string,
	maxBodyBytes: number,
	signal: AbortSignal,
): Promise<unknown> {
	const socket = await openSocket(socketPath, signal);
	try {
		const {status, body, truncated} = await exchange(
			socket,
			{method, path, headers: [['Host', 'local-tailscaled.sock']]},
			{maxHeadBytes: 65_536, maxBodyBytes},
			signal,
		);
		if (status === 403) throw new LocalApiError(`tailscaled refuses us (403 "${excerpt(body)}"): ${rightsHint}`);
		if (status !== 200) throw new LocalApiError(`tailscaled answered ${path} with ${status} "${excerpt(body)}"`);
		if (truncated) throw new LocalApiError(`tailscaled's answer to ${path} is longer than ${maxBodyBytes} bytes`);
		const excess = excessOf(body);
		if (excess !== undefined)
			throw new LocalApiError(`tailscaled's answer to ${path} holds ${excess}: is the socket its own?`);
		return parse(body, path);
	} catch (error) {
		if (signal.aborted || error instanceof LocalApiError || error instanceof CannotLookError) throw error;
		throw new LocalApiError(`tailscaled's socket ${socketPath} gave no proper answer: ${messageOf(error)}`);
	} finally {
		socket.destroy();
	}
}

function openSocket(socketPath: string, signal: AbortSignal): Promise<Socket> {
	return new Promise((resolve, reject) => {
		signal.throwIfAborted();
		const socket = connect({path: socketPath});
		const abort = () => {
			socket.destroy();
			reject(signal.reason);
		};
		signal.addEventListener('abort', abort, {once: true});
		// Stays for good: an error after our last interest in the socket must not end the process.
		socket.on('error', (error: NodeJS.ErrnoException) => {
			signal.removeEventListener('abort', abort);
			const code = error.code ?? error.message;
			const why = explainSocket(socketPath, code);
			reject(new LocalApiError(why ?? `tailscaled's socket ${socketPath} cannot be used: ${code}`));
		});
		socket.once('connect', () => {
			signal.removeEventListener('abort', abort);
			resolve(socket);
		});
	});
}

function parse(body: Buffer, path: string): unknown {
	try {
		return JSON.parse(body.toString('utf8'));
	} catch {
		throw new LocalApiError(`tailscaled answered ${path} with something else than JSON: "${excerpt(body)}"`);
	}
}

function excerpt(body: Buffer): string {
	return oneLine(body.toString('utf8', 0, 400), 100);
}

export type {DerpNode, DerpRegion, PeerStatus, PingAnswer, TailscaledStatus} from './localapi-answers.ts';
export {LocalApiError} from './localapi-answers.ts';
