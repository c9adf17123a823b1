/** Text that a connection brings, line by line, within bounds. */

import {oneLine, TargetDownError} from '../util/errors.ts';
import type {Incoming} from './incoming.ts';

export interface LineLimits {
	/** Bytes of one line without its end. */
	maxLineBytes: number;
	/** Bytes that are taken in all. */
	maxBytes: number;
	maxLines: number;
}

/** Reads through `incoming`; whatever a limit forbids is a TargetDownError with a clause as its message. */
export class Lines {
	/** Lines that were taken. */
	count = 0;
	#incoming: Incoming;
	#limits: LineLimits;
	#buffer: Buffer = Buffer.alloc(0);
	#start = 0;
	#end = 0;
	#taken = 0;

	constructor(incoming: Incoming, limits: LineLimits) {
		this.#incoming = incoming;
		this.#limits = limits;
	}

	/** The next line without `\n` or `\r\n`; what comes before a close without them is one too. Undefined when nothing more comes. */
	async next(): Promise<string | undefined> {
		const {maxLineBytes, maxLines} = this.#limits;
		let searchFrom = this.#start;
		for (;;) {
			const at = this.#buffer.subarray(0, this.#end).indexOf(lineFeed, searchFrom);
			if ((at < 0 ? this.#end : at) - this.#start > maxLineBytes) {
				throw new TargetDownError('protocol', `the server sent a line of more than ${maxLineBytes} bytes`);
			}
			if (at >= 0) {
				if (this.count >= maxLines) {
					throw new TargetDownError('content', `more than ${maxLines} lines came`);
				}
				return this.#cut(at, at + 1);
			}
			const searched = this.#end - this.#start;
			const chunk = await this.#incoming.more();
			if (!chunk) return this.#end > this.#start ? this.#cut(this.#end, this.#end) : undefined;
			this.#append(chunk);
			searchFrom = this.#start + searched;
		}
	}

	/** Whether exactly these bytes come next: `false` as soon as others did, undefined when the connection ended before. Takes them when they came. */
	async bytesAre(wanted: Buffer): Promise<boolean | undefined> {
		for (;;) {
			const came = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + wanted.length));
			if (!came.equals(wanted.subarray(0, came.length))) return false;
			if (came.length === wanted.length) {
				this.#start += wanted.length;
				return true;
			}
			const chunk = await this.#incoming.more();
			if (!chunk) return undefined;
			this.#append(chunk);
		}
	}

	/** What has come and was not taken, cut short: for sentences. */
	pending(maxBytes: number): string {
		return this.#buffer.toString('utf8', this.#start, Math.min(this.#end, this.#start + maxBytes));
	}

	/** Throws (`protocol`) when more has come than was asked for; call it before the connection gets another meaning. */
	refuseRest(): void {
		const rest = this.#incoming.rest();
		if (this.#end === this.#start && !rest) return;
		const bytes = this.#end - this.#start + (rest?.length ?? 0);
		throw new TargetDownError('protocol', `${bytes} more bytes came unencrypted before TLS began`);
	}

	#cut(to: number, next: number): string {
		const ends = to > this.#start && this.#buffer[to - 1] === carriageReturn ? to - 1 : to;
		const line = this.#buffer.toString('utf8', this.#start, ends);
		this.#start = next;
		this.count++;
		return line;
	}

	#append(chunk: Buffer): void {
		this.#taken += chunk.length;
		if (this.#taken > this.#limits.maxBytes) {
			throw new TargetDownError('content', `more than ${this.#limits.maxBytes} bytes came`);
		}
		const kept = this.#end - this.#start;
		if (this.#start > 0 || kept + chunk.length > this.#buffer.length) {
			const room = kept + chunk.length;
			const target = room > this.#buffer.length ? Buffer.allocUnsafe(Math.max(1024, 2 * room)) : this.#buffer;
			this.#buffer.copy(target, 0, this.#start, this.#end);
			this.#buffer = target;
			this.#start = 0;
			this.#end = kept;
		}
		chunk.copy(this.#buffer, this.#end);
		this.#end += chunk.length;
	}
}

/** Text of a peer in quotes for a sentence: printable, on one line, bounded. */
export function quoted(text: string, maxLength: number): string {
	return `"${oneLine(text.replace(/[\p{C}\ufffd]+/gu, '·'), maxLength)}"`;
}

const lineFeed = 10;
const carriageReturn = 13;
