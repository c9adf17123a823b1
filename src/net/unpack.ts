/** Takes a body out of its content coding, within limits: a few bytes can unpack to gigabytes. */

import {messageOf, TargetDownError} from '../util/errors.ts';
import {badAnswer} from './http1-chunks.ts';
import {raceAbort} from './shared.ts';

export type Coding = 'gzip' | 'br' | 'deflate' | 'zstd';

/** Bytes that a packed body can be longer than what is in it: codings add a little to what they cannot pack. */
export function packedSlackBytes(maxBytes: number): number {
	return 1024 + (maxBytes >> 8);
}

/** Names of the coding in a Content-Encoding header; undefined when there is none. Throws (`protocol`) on several, one in the other. */
export function codingOf(headers: readonly (readonly [string, string])[]): string | undefined {
	const codings = headers
		.filter(([name]) => name.length === 16 && name.toLowerCase() === 'content-encoding')
		.flatMap(([, value]) => value.toLowerCase().split(','))
		.map(coding => coding.trim())
		.filter(coding => coding !== '' && coding !== 'identity');
	if (codings.length > 1) throw badAnswer('is packed more than once; only one coding is unpacked');
	return codings[0] === 'x-gzip' ? 'gzip' : codings[0];
}

/**
 * What is in the body, or undefined when that is more than `maxBytes`; no more than that is ever unpacked, in pieces and away from
 * this thread. Rejects with TargetDownError (`protocol`) when the body is not of that coding, is damaged or ends early, or with the
 * signal's reason.
 */
export async function unpack(
	packed: Buffer,
	coding: Coding,
	maxBytes: number,
	signal: AbortSignal,
): Promise<Buffer | undefined> {
	zlib ??= await import('node:zlib');
	const {gunzip, inflate, inflateRaw, brotliDecompress, zstdDecompress, constants} = zlib;
	const options = {maxOutputLength: maxBytes, chunkSize: pieceBytes};
	const unpacking = new Promise<Buffer>((resolve, reject) => {
		const done = (error: Error | null, content: Buffer) => (error ? reject(error) : resolve(content));
		if (coding === 'gzip') gunzip(packed, options, done);
		else if (coding === 'br') brotliDecompress(packed, options, done);
		// The standard wants a zlib header around it, and some servers leave that out.
		else if (coding === 'deflate') (hasZlibHeader(packed) ? inflate : inflateRaw)(packed, options, done);
		else zstdDecompress(packed, {...options, params: {[constants.ZSTD_d_windowLogMax]: maxWindowLog}}, done);
	});
	try {
		return await raceAbort(unpacking, signal);
	} catch (error) {
		signal.throwIfAborted();
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ERR_BUFFER_TOO_LARGE') return undefined;
		throw new TargetDownError('protocol', `the answer says that it is packed with ${coding}, but: ${messageOf(error)}`);
	}
}

let zlib: typeof import('node:zlib') | undefined;

/** Unpacked at once, on another thread, before the limit is looked at again. */
const pieceBytes = 65_536;
/** 8 MiB, which is what the standard allows for zstd in HTTP. */
const maxWindowLog = 23;

function hasZlibHeader(packed: Buffer): boolean {
	const [first = 0, second = 0] = packed;
	return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}
