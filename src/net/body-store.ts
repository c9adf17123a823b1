/** Keeps the body of an answer as it comes, within its limits. */

export interface BodyLimits {
	/** Bytes of body after which reading stops; the answer is then `truncated`. */
	maxBodyBytes: number;
	/** Bytes of body that are kept, the rest is only counted; by default all. */
	maxStoredBytes?: number;
}

export class BodyStore {
	/** Bytes that came, at most maxBodyBytes. */
	bytes = 0;
	/** More came than maxBodyBytes. */
	truncated = false;

	#stored: Buffer = noBytes;
	#storedBytes = 0;
	#limits: BodyLimits;

	constructor(limits: BodyLimits) {
		this.#limits = limits;
	}

	/** Copies what is to be kept. */
	add(chunk: Buffer, from: number, to: number): void {
		const {maxBodyBytes, maxStoredBytes = maxBodyBytes} = this.#limits;
		const allowed = Math.min(to - from, maxBodyBytes - this.bytes);
		if (allowed < to - from) this.truncated = true;
		this.bytes += allowed;
		const stored = Math.min(allowed, maxStoredBytes - this.#storedBytes);
		if (stored <= 0) return;
		this.#makeRoom(stored, maxStoredBytes);
		chunk.copy(this.#stored, this.#storedBytes, from, from + stored);
		this.#storedBytes += stored;
	}

	/** The stored part. */
	content(): Buffer {
		return this.#stored.subarray(0, this.#storedBytes);
	}

	/** One growing buffer: a piece kept for each chunk would cost a hundred times its size when a chunk is one byte. */
	#makeRoom(bytes: number, maxStoredBytes: number): void {
		const needed = this.#storedBytes + bytes;
		if (needed <= this.#stored.length) return;
		const grown = Buffer.allocUnsafe(Math.min(maxStoredBytes, Math.max(needed, 2 * this.#stored.length, 4096)));
		this.#stored.copy(grown, 0, 0, this.#storedBytes);
		this.#stored = grown;
	}
}

const noBytes = Buffer.alloc(0);
