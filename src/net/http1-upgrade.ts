/** A request that asks to leave HTTP/1.1 on the same connection (RFC 9110 §7.8), and what came of it. */

import type {Duplex} from 'node:stream';
import {type ExchangeRequest, type ExchangeTimings, refuseInjection} from './http1.ts';
import {type Header, type ReadLimits, ResponseReader} from './http1-reader.ts';
import {Incoming} from './incoming.ts';

export interface UpgradeReply {
	/** 101: the connection speaks another protocol now. */
	status: number;
	statusText: string;
	headers: readonly Header[];
	/** The stored part of the body of any other answer. */
	body: Buffer;
	/** What came behind the head of a 101: the first bytes of the other protocol. */
	behind: Buffer;
}

export interface UpgradeLimits extends ReadLimits {
	/** Any other answer is read up to the end of its headers: its body may be long in coming, and nobody asks for it. */
	headOnly?: boolean;
}

/**
 * Sends the request, whose headers hold Connection and Upgrade, over the connection, which the caller destroys, and reads the answer.
 * `timings` is filled while it goes on. Throws TargetDownError (`protocol`, `reset` …, its message a clause) or, after an abort, the
 * signal's reason.
 */
export async function upgradeRequest(
	socket: Duplex,
	{method, path, headers}: Omit<ExchangeRequest, 'body'>,
	{headOnly = false, ...limits}: UpgradeLimits,
	signal: AbortSignal,
	timings: Partial<ExchangeTimings> = {},
): Promise<UpgradeReply> {
	refuseInjection(method, path, headers);
	// An answer to HEAD has no body.
	const reader = new ResponseReader(headOnly ? 'HEAD' : method, {...limits, maySwitch: true});
	const incoming = new Incoming(socket);
	const onAbort = () => socket.destroy();
	signal.addEventListener('abort', onAbort);
	try {
		signal.throwIfAborted();
		timings.sentAt = performance.now();
		const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
		socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`, 'latin1');
		for (let done = false; !done; ) {
			const chunk = await incoming.more();
			if (chunk) timings.firstByteAt ??= performance.now();
			if (chunk) done = reader.push(chunk);
			else {
				reader.finish();
				done = true;
			}
		}
		const {status, statusText, behind} = reader;
		return {status, statusText, headers: reader.headers, body: reader.body(), behind};
	} catch (error) {
		signal.throwIfAborted();
		throw error;
	} finally {
		timings.endAt = performance.now();
		incoming.release();
		signal.removeEventListener('abort', onAbort);
	}
}
