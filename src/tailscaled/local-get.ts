/**
 * Bounded GETs of tailscaled's LocalAPI for the main thread: texts that end, and lines that never do. Probes speak to the socket
 * through `net/localapi.ts`, because the measuring thread must not load undici.
 */

import {BodyStore} from '../net/body-store.ts';
import {raceAbort} from '../net/shared.ts';
import {explainSocket, rightsHint} from '../net/tailscaled-socket.ts';
import type {Failure} from '../sources/read.ts';
import {messageOf, oneLine} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';

/** tailscaled could not be read; `message` is a sentence that says what was tried, what came and what to do. */
export class TailscaledError extends Error {
	override name = 'TailscaledError';
	/** Status of the answer, where there was one. */
	readonly status: number | undefined;
	/** Absent also where there was an answer that cannot be used. */
	readonly failure: Failure | undefined;

	constructor(message: string, cause?: number | 'unanswered') {
		super(message);
		this.status = typeof cause === 'number' ? cause : undefined;
		this.failure = typeof cause === 'number' ? `status ${cause}` : cause;
	}
}

export interface TextLimits {
	timeoutMs: number;
	/** A longer answer is refused. */
	maxBytes: number;
}

/** The body of a 200 to `GET /localapi/v0/{path}`. Rejects with TailscaledError, or with the signal's reason. */
export async function readText(
	socketPath: string,
	path: string,
	{timeoutMs, maxBytes}: TextLimits,
	signal: AbortSignal,
): Promise<string> {
	const late = new TailscaledError(
		`tailscaled did not answer GET ${path} on ${socketPath} within ${timeoutMs / 1000} s: it hangs, or has no CPU.`,
		'unanswered',
	);
	const limit = new AbortController();
	const timer = setTimeout(() => limit.abort(late), timeoutMs);
	try {
		return await get(socketPath, path, AbortSignal.any([signal, limit.signal]), async body => {
			const store = new BodyStore({maxBodyBytes: maxBytes});
			for await (const chunk of body) {
				store.add(chunk, 0, chunk.length);
				if (store.truncated)
					throw new TailscaledError(
						`tailscaled's answer to GET ${path} is longer than ${maxBytes} bytes, so it was not read to its end: is ${socketPath} its own socket?`,
					);
			}
			const bytes = store.content();
			const excess = excessOf(bytes);
			if (excess !== undefined)
				throw new TailscaledError(
					`tailscaled's answer to GET ${path} holds ${excess}: is ${socketPath} its own socket?`,
				);
			return bytes.toString();
		});
	} finally {
		clearTimeout(timer);
	}
}

export interface LineLimits {
	/** A longer line is read over without being kept. */
	maxLineBytes: number;
	/** More than this in all ends the stream with an error. */
	maxBytes: number;
}

/**
 * Hands over each line of an answer that goes on until the signal aborts; rejects with TailscaledError when it ends by itself,
 * with what `onLine` throws, or with the signal's reason.
 */
export async function readLines(
	socketPath: string,
	path: string,
	{maxLineBytes, maxBytes}: LineLimits,
	onLine: (line: Buffer) => void,
	signal: AbortSignal,
): Promise<never> {
	return get(socketPath, path, signal, async body => {
		const newLine = () => new BodyStore({maxBodyBytes: maxLineBytes});
		let kept = newLine();
		let total = 0;
		let pieces = 0;
		for await (const chunk of body) {
			total += chunk.length;
			if (total > maxBytes)
				throw new TailscaledError(`tailscaled sent more than ${maxBytes} bytes on ${path}: it is flooding us.`);
			if (++pieces > maxPieces && total < pieces * fewBytes)
				throw new TailscaledError(`tailscaled sent ${pieces} pieces of a few bytes on ${path}: it is flooding us.`);
			for (let from = 0; from < chunk.length; ) {
				const end = chunk.indexOf(lineFeed, from);
				const to = end === -1 ? chunk.length : end;
				kept.add(chunk, from, to);
				from = to + 1;
				if (end === -1) break;
				if (kept.bytes > 0 && !kept.truncated) onLine(kept.content());
				if (kept.bytes > 0) kept = newLine();
			}
		}
		throw new TailscaledError(
			`tailscaled ended the stream ${path}, which it does when it is stopped or restarted.`,
			'unanswered',
		);
	});
}

const lineFeed = 10;

/** Each piece costs, however short it is; a bus that tells of each change has a few thousand. */
const maxPieces = 100_000;
const fewBytes = 16;

async function get<T>(
	socketPath: string,
	path: string,
	signal: AbortSignal,
	use: (body: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
	// Loaded with the first request: without a tailscaled nothing needs it.
	const {Client} = await import('undici');
	signal.throwIfAborted();
	// tailscaled refuses every other Host.
	const client = new Client('http://local-tailscaled.sock', {
		connect: {socketPath, timeout: 0},
		headersTimeout: 0,
		bodyTimeout: 0,
		maxHeaderSize: 65_536,
	});
	const work = async () => {
		const {statusCode, body} = await client.request({method: 'GET', path: `/localapi/v0/${path}`, signal});
		if (statusCode === 200) return use(body);
		throw refusal(path, statusCode, await firstWords(body));
	};
	try {
		return await raceAbort(work(), signal);
	} catch (error) {
		if (signal.aborted) throw signal.reason;
		if (error instanceof TailscaledError) throw error;
		throw new TailscaledError(explain(error, socketPath, path), 'unanswered');
	} finally {
		client.destroy().catch(() => {});
	}
}

async function firstWords(body: AsyncIterable<Buffer>): Promise<string> {
	let words = '';
	for await (const chunk of body) {
		words += chunk.toString('latin1', 0, 400);
		if (words.length >= 400) break;
	}
	return oneLine(words, 100);
}

function refusal(path: string, status: number, words: string): TailscaledError {
	const hint = status === 403 || status === 401 ? `: ${rightsHint}` : '';
	return new TailscaledError(`tailscaled answered GET ${path} with ${status} "${words}"${hint}.`, status);
}

function explain(error: unknown, socketPath: string, path: string): string {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	const why = explainSocket(socketPath, code);
	if (why !== undefined) return `${why}.`;
	return `tailscaled's socket ${socketPath} gave no proper answer to GET ${path}: ${messageOf(error)}.`;
}
