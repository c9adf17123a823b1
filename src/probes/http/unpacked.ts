/** Holds the packing of an answer against the option `compression`, and unpacks it. */

import type {Exchange} from '../../net/http1.ts';
import {type Coding, codingOf, packedSlackBytes, unpack} from '../../net/unpack.ts';
import {oneLine, TargetDownError} from '../../util/errors.ts';
import type {Fault} from './judge.ts';
import type {HttpOptions} from './options.ts';

export interface Unpacked {
	/** With its body unpacked where that was wanted and could be done. */
	answer: Exchange;
	/** What was in the packed body, at most the limit. */
	unpackedBytes?: number;
	fault?: Fault;
}

/** The coding that the answer must come in, where the configuration wants one that needs unpacking. */
export function wantedCoding({compression}: HttpOptions): Coding | undefined {
	return compression === 'identity' ? undefined : compression;
}

/** Bytes of body to read at most. */
export function maxPackedBytes(options: HttpOptions): number {
	const {body_size_limit: limit} = options;
	return wantedCoding(options) === undefined ? limit : limit + packedSlackBytes(limit);
}

/**
 * Unpacks where `compression` wants it; any other answer stays as it came, as with blackbox_exporter. The fault is `content` when the
 * answer is not packed as wanted, `protocol` when it cannot be unpacked. Rejects with the signal's reason only.
 */
export async function unpackAnswer(answer: Exchange, options: HttpOptions, signal: AbortSignal): Promise<Unpacked> {
	const wanted = wantedCoding(options);
	if (wanted === undefined || answer.truncated || answer.bodyBytes === 0) return {answer};
	try {
		const coding = codingOf(answer.headers);
		if (coding !== wanted) {
			const came = coding === undefined ? 'not packed' : `packed with "${oneLine(coding, 40)}"`;
			return {answer, fault: fault('content', `, ${came}; wanted ${wanted} (compression)`)};
		}
		const body = await unpack(answer.body, wanted, options.body_size_limit, signal);
		if (body !== undefined) return {answer: {...answer, body}, unpackedBytes: body.length};
		return {answer: {...answer, body: Buffer.alloc(0), truncated: true}, unpackedBytes: options.body_size_limit};
	} catch (error) {
		if (signal.aborted || !(error instanceof TargetDownError)) throw error;
		// What is packed is no text to show.
		return {answer: {...answer, body: Buffer.alloc(0)}, fault: fault('protocol', `: ${error.message}`)};
	}
}

function fault(reason: Fault['reason'], detail: string): Fault {
	return {reason, detail, byPattern: false};
}
