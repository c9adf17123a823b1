/** Reading the body of an answer from somebody who may mean harm: not too long, and not in crumbs. */

import {BodyStore} from '../net/body-store.ts';

/** The answer came and cannot be used; the message goes on where "the answer" stops, and has no full stop. */
export class UnusableError extends Error {
	override name = 'UnusableError';
}

/** Enough of an error's body for its words. */
export const maxErrorBytes = 16 * 1024;

/** A peer that sends many pieces of a few bytes each costs us a hundred times what it costs itself. */
const maxPieces = 10_000;
const fewBytes = 64;

export interface BoundedBody {
	bytes: Buffer;
	/** There is no more; otherwise it is longer than was wanted. */
	whole: boolean;
}

export interface BodyReading {
	/** What is beyond is never waited for. */
	maxBytes: number;
	/** Counts what came, also while it comes. */
	progress: {bytes: number};
	/** Told after each piece how many bytes are held; a promise is waited for before more is read. */
	onHeld?(bytes: number): Promise<void> | undefined;
}

/** Reads at most `maxBytes`. Throws UnusableError when the pieces are too many and too short, else what the body throws. */
export async function readBounded(
	body: AsyncIterable<Buffer>,
	{maxBytes, progress, onHeld}: BodyReading,
): Promise<BoundedBody> {
	const store = new BodyStore({maxBodyBytes: maxBytes});
	let pieces = 0;
	for await (const chunk of body) {
		progress.bytes += chunk.length;
		if (++pieces > maxPieces && progress.bytes < pieces * fewBytes)
			throw new UnusableError(`comes in pieces of less than ${fewBytes} bytes, as from nobody who means well`);
		store.add(chunk, 0, chunk.length);
		if (store.truncated) return {bytes: store.content(), whole: false};
		const waiting = onHeld?.(store.bytes);
		if (waiting) await waiting;
	}
	return {bytes: store.content(), whole: true};
}

/** Throws UnusableError where an answer is compressed: then its limit would not hold. */
export function refuseCompressed(coding: string | string[] | undefined): void {
	if ((coding ?? 'identity') !== 'identity')
		throw new UnusableError('is compressed, which was not asked for; a proxy adds that');
}
