/** Who is let in: judged by the head of a request alone, so that of strangers no body is read. */

import type {IncomingHttpHeaders} from 'node:http';
import {createNonces} from './nonces.ts';
import {isNonce, isSameProof, proveRequest} from './proof.ts';
import {proofHeaders, type RefusalCode, timeWindowMs} from './wire.ts';

export interface GateOptions {
	/** Of this start. */
	boot: string;
	/** Milliseconds on the monotonic clock. */
	now(): number;
	/** Accepted secrets. */
	secrets(): readonly string[];
	/** Whether an address that was dialled is ours. */
	isOurs(address: string): boolean;
}

export type Judged =
	/** With this secret the answer is proved; the body must have that hash. */
	{ok: true; secret: string; nonce: string; bodyHash: string} | {ok: false; status: number; code: RefusalCode};

export type Gate = (request: {method: string; path: string; headers: IncomingHttpHeaders}) => Judged;

/** A hundred requests a second for twice the window. */
const maxNonces = 6000;

export function createGate({boot, now, secrets, isOurs}: GateOptions): Gate {
	const nonces = createNonces({keepMs: 2 * timeWindowMs, max: maxNonces});

	return ({method, path, headers}) => {
		const text = (name: string) => {
			const value = headers[name];
			return typeof value === 'string' ? value : '';
		};
		const to = text(proofHeaders.to);
		const nonce = text(proofHeaders.nonce);
		const bodyHash = text(proofHeaders.bodyHash);
		const time = text(proofHeaders.time);
		if (!isNonce(nonce) || !/^[0-9a-f]{64}$/.test(bodyHash) || !/^-?\d{1,15}$/.test(time) || !isDialled(to))
			return refuse(400, 'request');
		// Which start this is everybody may know: it is in the hello.
		if (text(proofHeaders.boot) !== boot) return refuse(401, 'boot');
		const claim = {method, path, to, boot, timeMs: Number(time), nonce, bodyHash};
		const given = text(proofHeaders.proof);
		const secret = secrets().find(candidate => isSameProof(proveRequest(candidate, claim), given));
		if (secret === undefined) return refuse(401, 'proof');
		const nowMs = now();
		if (Math.abs(claim.timeMs - nowMs) > timeWindowMs) return refuse(401, 'clock');
		if (!isOurs(to)) return refuse(421, 'address');
		const novelty = nonces.take(nonce, nowMs);
		if (novelty === 'used') return refuse(401, 'replay');
		if (novelty === 'full') return refuse(429, 'busy');
		return {ok: true, secret, nonce, bodyHash};
	};
}

/** Whether a text may be an address that was dialled. */
export function isDialled(text: string): boolean {
	return /^[0-9a-f.:]{2,45}$/.test(text);
}

function refuse(status: number, code: RefusalCode): Judged {
	return {ok: false, status, code};
}
