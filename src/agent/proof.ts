/**
 * How daemon and agent prove to each other that they have the same secret, which never travels: HMAC-SHA256 over what is said, each
 * kind of saying under its own first line. Every part is known to hold no line break, so that no two sayings have the same bytes.
 */

import {createHash, createHmac, randomBytes, timingSafeEqual} from 'node:crypto';

/** What an agent's hello claims. */
export interface HelloClaim {
	protocol: number;
	boot: string;
	/** Milliseconds on the agent's monotonic clock. */
	nowMs: number;
	/** Of the caller. */
	nonce: string;
	/** The address that the caller dialled. */
	to: string;
}

export interface RequestClaim {
	method: string;
	path: string;
	/** The address that the daemon dialled. */
	to: string;
	boot: string;
	/** Milliseconds on the agent's monotonic clock, as the daemon reckons it. */
	timeMs: number;
	nonce: string;
	/** Of the body (`hashOf`). */
	bodyHash: string;
}

export interface AnswerClaim {
	status: number;
	boot: string;
	/** Of the request. */
	nonce: string;
	bodyHash: string;
}

export function proveHello(secret: string, {protocol, boot, nowMs, nonce, to}: HelloClaim): string {
	return prove(secret, ['tailprobe agent: hello', protocol, boot, nowMs, nonce, to]);
}

export function proveRequest(secret: string, claim: RequestClaim): string {
	const {method, path, to, boot, timeMs, nonce, bodyHash} = claim;
	return prove(secret, ['tailprobe agent: request', method, path, to, boot, timeMs, nonce, bodyHash]);
}

export function proveAnswer(secret: string, {status, boot, nonce, bodyHash}: AnswerClaim): string {
	return prove(secret, ['tailprobe agent: answer', status, boot, nonce, bodyHash]);
}

/** Compares in constant time; a text of another length is none. */
export function isSameProof(expected: string, given: string): boolean {
	const [a, b] = [Buffer.from(expected), Buffer.from(given)];
	return a.length === b.length && timingSafeEqual(a, b);
}

/** SHA-256, hexadecimal. */
export function hashOf(body: Uint8Array | string): string {
	return createHash('sha256').update(body).digest('hex');
}

/** 128 random bits, hexadecimal: for nonces and boot ids. */
export function newNonce(): string {
	return randomBytes(16).toString('hex');
}

/** Whether a text has the form of `newNonce`. */
export function isNonce(text: string): boolean {
	return /^[0-9a-f]{32}$/.test(text);
}

function prove(secret: string, parts: readonly (string | number)[]): string {
	return createHmac('sha256', secret).update(parts.join('\n')).digest('base64url');
}
