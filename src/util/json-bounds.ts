/**
 * What JSON from outside would cost, seen before it is parsed: a parser takes seconds and hundreds of megabytes for a few megabytes of
 * `[`, of `{}` or of ever new keys, and nothing can interrupt it.
 */

/** A list of 10,000 nodes has 6 levels, 160,000 objects and arrays, 500,000 values, and 20,000 different keys and short texts. */
const maxDepth = 64;
const maxContainers = 300_000;
const maxValues = 1_000_000;
const maxNovelties = 40_000;
const manyMembers = 100;
/** tailscaled has its relay regions and its users by number. */
const maxNumberKeys = 12_000;

/**
 * What there is too much of, as words that follow "holds", or undefined when it may be parsed. Whether it is JSON is not looked at:
 * what begins as no object and no list is cheap to parse, and is let through.
 */
export function excessOf(json: Uint8Array): string | undefined {
	if (!beginsAsContainer(json)) return undefined;
	/** By level, what the keys so far make: objects with keys of the same kind in the same order are cheap, all others are not. */
	const shapes = new Int32Array(maxDepth + 1);
	/** By level, how many members the object has. */
	const members = new Int32Array(maxDepth + 1);
	const novelties = new Novelties(json.length);
	let depth = 0;
	let containers = 0;
	let values = 0;
	let numberKeys = 0;
	let lastText = 0;
	let lastStart = 0;
	for (let at = 0; at < json.length; at++) {
		switch (json[at]) {
			case quote: {
				lastStart = at + 1;
				lastText = seed;
				let characters = 0;
				for (at++; at < json.length && json[at] !== quote; at++) {
					const byte = json[at] ?? 0;
					// The second and further bytes of a character are no more of them, and neither are the digits of an escaped one.
					if ((byte & 0xc0) !== 0x80) characters++;
					lastText = mix(lastText, byte);
					if (byte !== backslash) continue;
					lastText = mix(lastText, json[++at] ?? 0);
					if (json[at] === smallU) characters -= 4;
				}
				if (characters <= maxShortText && novelties.add(lastText)) return tooMany(maxNovelties, novelty);
				break;
			}
			case colon: {
				const shape = mix(shapes[depth] ?? 0, lastText);
				shapes[depth] = shape;
				const member = (members[depth] ?? 0) + 1;
				members[depth] = member;
				// Large objects are dear although their keys are known.
				if (member > manyMembers ? novelties.count() : novelties.add(shape)) return tooMany(maxNovelties, novelty);
				// Each makes room for all the numbers below it.
				if (isDigit(json[lastStart]) && ++numberKeys > maxNumberKeys) return tooMany(maxNumberKeys, 'numbers as keys');
				break;
			}
			case comma:
				if (++values > maxValues) return tooMany(maxValues, 'values');
				break;
			case openBrace:
			case openBracket:
				if (++containers > maxContainers) return tooMany(maxContainers, 'objects and arrays');
				if (++depth > maxDepth) return `more than ${maxDepth} levels, one in another`;
				shapes[depth] = seed;
				members[depth] = 0;
				break;
			case closeBrace:
			case closeBracket:
				if (depth > 0) depth--;
				break;
		}
	}
	return undefined;
}

const [quote, backslash, colon, comma, smallU] = [0x22, 0x5c, 0x3a, 0x2c, 0x75];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

function beginsAsContainer(json: Uint8Array): boolean {
	const first = json.find(byte => byte > 0x20);
	return first === openBrace || first === openBracket;
}

const novelty = 'different keys and short texts';

/** Texts up to so many characters are looked up by the parser as keys are. */
const maxShortText = 10;

function isDigit(byte: number | undefined): boolean {
	// A digit may be written as an escape.
	return byte === backslash || (byte !== undefined && byte >= 0x30 && byte <= 0x39);
}

function tooMany(limit: number, what: string): string {
	return `more than ${limit} ${what}`;
}

/** Different in each process, so that nobody can prepare texts that count as one. */
const [seed, factor] = [randomInt(), randomInt() | 1];

function randomInt(): number {
	return crypto.getRandomValues(new Int32Array(1))[0] ?? 0;
}

function mix(hash: number, value: number): number {
	const mixed = Math.imul(hash ^ value, factor);
	return mixed ^ (mixed >>> 15);
}

/** Counts different numbers, a few too low: two may share a bit; `count` counts in any case. Both are true as soon as there are too many. */
class Novelties {
	readonly #seen: Uint8Array;
	#total = 0;

	/** An answer to a ping has 200 bytes, and there are hundreds a second: only as much room as that many bytes may need. */
	constructor(bytes: number) {
		this.#seen = new Uint8Array(2 ** Math.min(17, Math.ceil(Math.log2(bytes))));
	}

	count(): boolean {
		return ++this.#total > maxNovelties;
	}

	add(hash: number): boolean {
		const bit = 1 << (hash & 7);
		const index = (hash >>> 3) & (this.#seen.length - 1);
		const byte = this.#seen[index] ?? 0;
		if ((byte & bit) !== 0) return false;
		this.#seen[index] = byte | bit;
		return this.count();
	}
}
