/** Reads one HTTP/1 answer from bytes as they come. Strict: what two readers could understand differently is refused. */

import {oneLine, TargetDownError} from '../util/errors.ts';
import {type BodyLimits, BodyStore} from './body-store.ts';
import {badAnswer, ChunkFraming} from './http1-chunks.ts';

export interface ReadLimits extends BodyLimits {
	/** Bytes of status lines and headers, interim answers included. */
	maxHeadBytes: number;
	/** An upgrade was asked for: status 101 ends the answer, and what comes behind it is `behind`. */
	maySwitch?: boolean;
}

/** Name as sent and value without surrounding blanks, one byte to a character. */
export type Header = readonly [name: string, value: string];

/** Feeds on chunks until the answer is complete. Every fault is a TargetDownError whose message starts with "the answer". */
export class ResponseReader {
	status = 0;
	statusText = '';
	/** `1.0` or `1.1`. */
	version = '';
	headers: Header[] = [];
	/** Interim (1xx) answers that were passed over. */
	interims = 0;
	/** Bytes came behind the answer. */
	surplus = false;
	/** Those of them that came with a 101: another protocol. */
	behind: Buffer = noBytes;

	#state: 'head' | 'fixed' | 'chunked' | 'until-close' | 'done' = 'head';
	#pending = noBytes;
	#pendingBytes = 0;
	#headBytes = 0;
	#remaining = 0;
	#chunks = new ChunkFraming();
	#body: BodyStore;
	#wantsBody: boolean;
	#limits: ReadLimits;
	#endsWithConnection = false;

	/** `method` is that of the request: an answer to HEAD has no body. */
	constructor(method: string, limits: ReadLimits) {
		this.#wantsBody = method !== 'HEAD';
		this.#limits = limits;
		this.#body = new BodyStore(limits);
	}

	/** Bytes of body that came, at most maxBodyBytes. */
	get bodyBytes(): number {
		return this.#body.bytes;
	}

	/** The body was longer than maxBodyBytes and reading stopped there. */
	get truncated(): boolean {
		return this.#body.truncated;
	}

	/** Whether the connection may carry another request: the answer ended by itself, nothing came behind it, nobody wants to close. */
	get reusable(): boolean {
		if (this.#state !== 'done' || this.#endsWithConnection || this.surplus || this.truncated) return false;
		return this.version === '1.1' && !wantsClose(this.headers);
	}

	/** Whether any byte of the final answer came. */
	get began(): boolean {
		return this.#state !== 'head' || this.#pendingBytes > 0;
	}

	/** Whether the final answer's status and headers are there. */
	get hasHead(): boolean {
		return this.#state !== 'head';
	}

	/** Takes bytes, which it may keep; true when the answer is complete. Bytes behind it are passed over (`surplus`). */
	push(chunk: Buffer): boolean {
		let from = 0;
		while (this.#state === 'head') {
			const next = this.#pushHead(chunk, from);
			if (next === undefined) return false;
			from = next;
		}
		let end = from;
		if (this.#state === 'fixed') end = this.#pushFixed(chunk, from);
		else if (this.#state === 'chunked') end = this.#pushChunked(chunk, from);
		else if (this.#state === 'until-close') end = this.#keep(chunk, from, chunk.length);
		if (this.#state !== 'done') return false;
		if (end < chunk.length) this.surplus = true;
		if (this.status === 101) this.behind = chunk.subarray(end);
		return true;
	}

	/** The other side closed in an orderly way: returns when that completes the answer, else throws (`reset`). */
	finish(): void {
		if (this.#state === 'done') return;
		if (this.#state === 'until-close') this.#state = 'done';
		else throw this.cutShort();
	}

	/** The failure (`reset`) of a connection that ended now. */
	cutShort(): TargetDownError {
		return new TargetDownError('reset', `the connection was closed ${this.#whereItWas()}`);
	}

	/** The stored part of the body. */
	body(): Buffer {
		return this.#body.content();
	}

	/** For sentences about a connection that ended early. */
	#whereItWas(): string {
		if (this.#state === 'head') return this.began ? 'within the headers of the answer' : 'before any answer';
		if (this.#state !== 'fixed') return `within the body of the answer, ${this.bodyBytes} bytes in`;
		return `within the body of the answer: ${this.bodyBytes} of ${this.bodyBytes + this.#remaining} bytes came`;
	}

	/** Where the bytes behind the head begin, or undefined when more are needed. */
	#pushHead(chunk: Buffer, from: number): number | undefined {
		const whole = this.#pendingBytes === 0 ? chunk.indexOf(headEnd, from) : -1;
		if (whole >= 0) {
			this.#parseHead(chunk, from, whole);
			return whole + headEnd.length;
		}
		const before = this.#pendingBytes;
		this.#append(chunk, from);
		const pending = this.#pending.subarray(0, this.#pendingBytes);
		const end = pending.indexOf(headEnd, Math.max(0, before - headEnd.length + 1));
		if (end >= 0) {
			this.#pending = noBytes;
			this.#pendingBytes = 0;
			this.#parseHead(pending, 0, end);
			return from + end + headEnd.length - before;
		}
		if (this.#headBytes + this.#pendingBytes > this.#limits.maxHeadBytes) throw this.#headTooLong();
		refuseForeignStart(pending);
		return undefined;
	}

	#append(chunk: Buffer, from: number): void {
		// No more than can be of use: beyond the limit the answer is refused anyway.
		const room = this.#limits.maxHeadBytes - this.#headBytes - this.#pendingBytes + headEnd.length + 1;
		const added = Math.min(chunk.length - from, Math.max(0, room));
		const needed = this.#pendingBytes + added;
		if (needed > this.#pending.length) {
			const larger = Buffer.allocUnsafe(Math.max(1024, 2 * needed));
			this.#pending.copy(larger, 0, 0, this.#pendingBytes);
			this.#pending = larger;
		}
		chunk.copy(this.#pending, this.#pendingBytes, from, from + added);
		this.#pendingBytes = needed;
	}

	#parseHead(bytes: Buffer, from: number, end: number): void {
		this.#headBytes += end + headEnd.length - from;
		if (this.#headBytes > this.#limits.maxHeadBytes) throw this.#headTooLong();
		const lines = bytes.toString('latin1', from, end).split('\r\n');
		if (lines.length > maxHeaderLines) {
			throw badAnswer(`has ${lines.length - 1} header lines; at most ${maxHeaderLines - 1} are read`);
		}
		const match = /^HTTP\/(1\.[01]) (\d{3})(?: ([^\r\n\0]*))?$/.exec(lines[0] as string);
		if (!match) throw notHttp(lines[0] as string);
		this.version = match[1] as string;
		this.status = Number(match[2]);
		this.statusText = match[3] ?? '';
		this.headers = [];
		for (let at = 1; at < lines.length; at++) this.headers.push(parseHeaderLine(lines[at] as string));
		if (this.status >= 200) this.#frame();
		else this.#passInterim();
	}

	#passInterim(): void {
		if (this.status === 101 && this.#limits.maySwitch) {
			this.#state = 'done';
			return;
		}
		if (this.status === 101 || this.status < 100) throw badAnswer(`has status ${this.status}, which was not asked for`);
		this.interims++;
		if (this.interims > maxInterims)
			throw badAnswer(`never came: more than ${maxInterims} interim (1xx) answers came instead`);
	}

	/** Decides by the headers where the body ends. */
	#frame(): void {
		const {length, coded} = framing(this.headers);
		if (coded !== undefined && length !== undefined) {
			throw badAnswer('has both Content-Length and Transfer-Encoding, so that its end is ambiguous');
		}
		if (coded !== undefined && (coded !== 'chunked' || this.version !== '1.1')) {
			throw badAnswer(
				`has Transfer-Encoding "${oneLine(coded, 40)}" in HTTP/${this.version}; only chunked in HTTP/1.1 is read`,
			);
		}
		if (!this.#wantsBody || this.status === 204 || this.status === 304 || length === 0) this.#state = 'done';
		else if (coded !== undefined) this.#state = 'chunked';
		else if (length === undefined) {
			this.#state = 'until-close';
			this.#endsWithConnection = true;
		} else {
			this.#state = 'fixed';
			this.#remaining = length;
		}
	}

	/** Where the bytes behind the body begin, as the next two. */
	#pushFixed(chunk: Buffer, from: number): number {
		const to = Math.min(chunk.length, from + this.#remaining);
		this.#remaining -= to - from;
		this.#keep(chunk, from, to);
		if (this.#remaining === 0) this.#state = 'done';
		return to;
	}

	#pushChunked(chunk: Buffer, from: number): number {
		const framing = this.#chunks;
		let at = from;
		while (at < chunk.length && this.#state === 'chunked') {
			if (framing.dataBytes > 0) {
				const to = Math.min(chunk.length, at + framing.dataBytes);
				framing.dataBytes -= to - at;
				this.#keep(chunk, at, to);
				at = to;
			} else {
				at = framing.read(chunk, at, this.bodyBytes);
				if (framing.ended) this.#state = 'done';
			}
		}
		return at;
	}

	#keep(chunk: Buffer, from: number, to: number): number {
		this.#body.add(chunk, from, to);
		if (this.#body.truncated) this.#state = 'done';
		return to;
	}

	#headTooLong(): TargetDownError {
		return badAnswer(`has more than ${this.#limits.maxHeadBytes} bytes of headers`);
	}
}

const headEnd = Buffer.from('\r\n\r\n');
const noBytes = Buffer.alloc(0);
const maxInterims = 16;
const maxHeaderLines = 501;
const cr = 13;
const lf = 10;

function parseHeaderLine(line: string): Header {
	const colon = line.indexOf(':');
	const name = line.slice(0, Math.max(0, colon));
	if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
		if (/^[ \t]/.test(line)) throw badAnswer('has a folded header line');
		throw badAnswer(`has a header line without a proper name: "${oneLine(line, 40)}"`);
	}
	const value = line.slice(colon + 1).trim();
	if (/[\0-\x08\x0a-\x1f\x7f]/.test(value))
		throw badAnswer(`has a control character or a bare line end in its header ${oneLine(name, 40)}`);
	return [name, value];
}

function wantsClose(headers: readonly Header[]): boolean {
	return headers.some(([name, value]) => name.toLowerCase() === 'connection' && /\bclose\b/i.test(value));
}

/** Content-Length and Transfer-Encoding, where there are any. */
function framing(headers: readonly Header[]): {length?: number; coded?: string} {
	const found: {length?: number; coded?: string} = {};
	for (const [name, value] of headers) {
		if (name.length === 14 && name.toLowerCase() === 'content-length') {
			if (!/^\d{1,15}$/.test(value)) throw badAnswer(`has Content-Length "${oneLine(value, 40)}", which is no number`);
			if (found.length !== undefined && found.length !== Number(value))
				throw badAnswer('has two different Content-Length headers');
			found.length = Number(value);
		} else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
			found.coded = found.coded === undefined ? value.toLowerCase() : `${found.coded}, ${value}`;
		}
	}
	return found;
}

/** Something else than HTTP is told at once, not when the deadline passes. */
function refuseForeignStart(bytes: Buffer): void {
	const length = Math.min(bytes.length, httpStart.length);
	if (bytes.compare(httpStart, 0, length, 0, length) !== 0) throw notHttp(bytes.toString('latin1', 0, 60));
	const firstLf = bytes.indexOf(lf);
	if (firstLf > 0 && bytes[firstLf - 1] !== cr) throw badAnswer('ends its lines in bare line feeds');
}

const httpStart = Buffer.from('HTTP/1.');

function notHttp(start: string): TargetDownError {
	// A TLS record: an alert (21) or a handshake (22) of version 3.x.
	if (/^[\x15\x16](?:\x03|$)/.test(start)) return badAnswer('is TLS; the port wants https');
	return badAnswer(`is not HTTP/1: it begins with "${oneLine(start.replace(/[^\x20-\x7e]+/g, '·'), 40)}"`);
}
