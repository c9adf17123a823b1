/**
 * Gzip in small pieces on this thread. The streams of node:zlib pack on the threads that also look at files, and a disk that hangs
 * holds those: what is served from memory must not wait for them.
 */

import {constants, crc32, deflateRawSync} from 'node:zlib';

/**
 * One gzip file with all the bytes of `chunks`, a piece at a time and other work in between. Nothing comes before the first piece is
 * whole, so that a source that fails at once can still be told.
 */
export async function* pack(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let before = head;
	let crc = 0;
	let length = 0;
	for await (const piece of inPieces(chunks)) {
		crc = crc32(piece, crc);
		length += piece.length;
		yield Buffer.concat([before, deflateRawSync(piece, asPart)]);
		before = nothing;
		await new Promise(resolve => setImmediate(resolve));
	}
	const tail = Buffer.alloc(8);
	tail.writeUInt32LE(crc, 0);
	tail.writeUInt32LE(length % 2 ** 32, 4);
	yield Buffer.concat([before, lastPart, tail]);
}

/** The last may be shorter. What repeats is only found within one, so short chunks share one. */
async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let gathered: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of chunks) {
		for (let from = 0; from < chunk.length; ) {
			const part = chunk.subarray(from, from + pieceBytes - bytes);
			gathered.push(part);
			bytes += part.length;
			from += part.length;
			if (bytes < pieceBytes) continue;
			yield Buffer.concat(gathered);
			gathered = [];
			bytes = 0;
		}
	}
	if (bytes > 0) yield Buffer.concat(gathered);
}

/** A tenth of a millisecond of work. */
const pieceBytes = 60_000;
/** Whole bytes, and more may follow. */
const asPart = {level: 1, finishFlush: constants.Z_SYNC_FLUSH};
/** Packed by deflate, without a name or a time, by nobody knows what system. */
const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty one that says that it is the last. */
const lastPart = Buffer.from([3, 0]);
const nothing = Buffer.alloc(0);
