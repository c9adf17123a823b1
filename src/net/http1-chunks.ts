/** The chunked transfer coding of HTTP/1.1, read strictly. */

import {TargetDownError} from '../util/errors.ts';

/** The bytes between the pieces of a chunked body: sizes, line ends, trailers. */
export class ChunkFraming {
	/** Bytes of the present chunk that are still to come. */
	dataBytes = 0;
	ended = false;

	#expects:
		| 'size'
		| 'extension'
		| 'size-lf'
		| 'data-cr'
		| 'data-lf'
		| 'trailer'
		| 'trailer-line'
		| 'trailer-lf'
		| 'last-lf' = 'size';
	#size = 0;
	#digits = 0;
	#overhead = 0;

	/** Reads from `at` until data, the end of the body or the end of the bytes; returns where it stopped. */
	read(bytes: Buffer, at: number, bodyBytes: number): number {
		let next = at;
		while (next < bytes.length && this.dataBytes === 0 && !this.ended) this.#step(bytes[next++] as number);
		this.#overhead += next - at;
		// One byte to a chunk costs five; a body that is mostly framing is an attack on our time.
		if (this.#overhead > 16_384 + 8 * bodyBytes) throw badAnswer('consists mostly of chunk framing');
		return next;
	}

	#step(byte: number): void {
		switch (this.#expects) {
			case 'size':
				this.#stepSize(byte);
				break;
			case 'extension':
				if (byte === cr) this.#expects = 'size-lf';
				else refuseControl(byte, 'a chunk extension');
				break;
			case 'size-lf':
				expectByte(byte, lf, 'a chunk size');
				this.dataBytes = this.#size;
				this.#expects = this.#size === 0 ? 'trailer' : 'data-cr';
				this.#size = 0;
				this.#digits = 0;
				break;
			case 'data-cr':
				expectByte(byte, cr, 'the data of a chunk');
				this.#expects = 'data-lf';
				break;
			case 'data-lf':
				expectByte(byte, lf, 'the data of a chunk');
				this.#expects = 'size';
				break;
			case 'trailer':
				if (byte === cr) this.#expects = 'last-lf';
				else {
					if (byte === space || byte === tab) throw badAnswer('has a folded trailer line');
					refuseControl(byte, 'a trailer');
					this.#expects = 'trailer-line';
				}
				break;
			case 'trailer-line':
				if (byte === cr) this.#expects = 'trailer-lf';
				else refuseControl(byte, 'a trailer');
				break;
			case 'trailer-lf':
				expectByte(byte, lf, 'a trailer');
				this.#expects = 'trailer';
				break;
			case 'last-lf':
				expectByte(byte, lf, 'the last chunk');
				this.ended = true;
				break;
		}
	}

	#stepSize(byte: number): void {
		const digit = hexDigit(byte);
		if (digit >= 0) {
			// Twelve digits stay exact in a double, and no body gets there.
			if (++this.#digits > 12) throw badAnswer('has a chunk size of more than twelve digits');
			this.#size = this.#size * 16 + digit;
			return;
		}
		if (this.#digits === 0) throw badAnswer('has a chunk that begins without a size');
		if (byte === cr) this.#expects = 'size-lf';
		else if (byte === semicolon) this.#expects = 'extension';
		else throw badAnswer('has a chunk size that is no hexadecimal number');
	}
}

/** An answer that breaks the rules of HTTP/1; the message goes on after "the answer". */
export function badAnswer(what: string): TargetDownError {
	return new TargetDownError('protocol', `the answer ${what}`);
}

const cr = 13;
const lf = 10;
const tab = 9;
const space = 32;
const semicolon = 59;

function hexDigit(byte: number): number {
	if (byte >= 48 && byte <= 57) return byte - 48;
	const lower = byte | 0x20;
	return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function expectByte(byte: number, wanted: number, behind: string): void {
	if (byte !== wanted) throw badAnswer(`has no line end behind ${behind}`);
}

function refuseControl(byte: number, where: string): void {
	if ((byte < space && byte !== tab) || byte === 127) throw badAnswer(`has a control character in ${where}`);
}
