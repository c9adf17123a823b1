/** Makes a picture of a page small: a PNG of at most 256 colours out of one of millions. */

import {crc32, deflateSync, inflateSync} from 'node:zlib';

interface Picture {
	width: number;
	height: number;
	/** Red, green and blue of each dot, row by row. */
	dots: Buffer;
}

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
const coloursAtMost = 256;

/** Takes an 8-bit PNG with or without alpha, as browsers write screenshots; throws for any other. */
export function toPalettePng(png: Buffer): Buffer {
	const {width, height, dots} = decode(png);
	const {palette, indexes} = reduce(dots);
	const rows = Buffer.alloc((width + 1) * height);
	// Filter 0, as others make pictures of few colours larger.
	for (let y = 0; y < height; y++) indexes.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head.set([8, 3], 8);
	return Buffer.concat([
		signature,
		chunk('IHDR', head),
		chunk('PLTE', palette),
		chunk('IDAT', deflateSync(rows, {level: 9, memLevel: 9})),
		chunk('IEND', Buffer.alloc(0)),
	]);
}

function decode(png: Buffer): Picture {
	if (!png.subarray(0, 8).equals(signature)) throw new TypeError('this is no PNG');
	const parts: Buffer[] = [];
	let head: Buffer | undefined;
	for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
		const content = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
		const kind = png.toString('latin1', at + 4, at + 8);
		if (kind === 'IHDR') head = content;
		if (kind === 'IDAT') parts.push(content);
	}
	const [depth, colour, , , interlace] = head?.subarray(8) ?? [];
	if (!head || depth !== 8 || (colour !== 2 && colour !== 6) || interlace !== 0)
		throw new TypeError('only a PNG of 8 bits a colour, not interlaced, is understood');
	const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
	const bytes = colour === 2 ? 3 : 4;
	const rows = unfilter(inflateSync(Buffer.concat(parts)), width * bytes, height, bytes);
	const dots = Buffer.alloc(width * height * 3);
	for (let dot = 0; dot < width * height; dot++) rows.copy(dots, dot * 3, dot * bytes, dot * bytes + 3);
	return {width, height, dots};
}

/** Each row is told as what it differs by from the dot before, the row above, or both. */
function unfilter(raw: Buffer, stride: number, height: number, bytes: number): Buffer {
	const rows = Buffer.alloc(stride * height);
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (stride + 1)] ?? 0;
		for (let x = 0; x < stride; x++) {
			const at = y * stride + x;
			const left = x >= bytes ? (rows[at - bytes] ?? 0) : 0;
			const above = y > 0 ? (rows[at - stride] ?? 0) : 0;
			const corner = x >= bytes && y > 0 ? (rows[at - stride - bytes] ?? 0) : 0;
			const told = raw[y * (stride + 1) + 1 + x] ?? 0;
			const guesses = [0, left, above, (left + above) >> 1, nearest(left, above, corner)];
			rows[at] = told + (guesses[filter] ?? 0);
		}
	}
	return rows;
}

/** Paeth's choice. */
function nearest(left: number, above: number, corner: number): number {
	const guess = left + above - corner;
	const [toLeft, toAbove, toCorner] = [left, above, corner].map(value => Math.abs(guess - value)) as [
		number,
		number,
		number,
	];
	return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
}

/** Every colour that is not kept becomes the one of them that is nearest. */
function reduce(dots: Buffer): {palette: Buffer; indexes: Buffer} {
	const counts = new Map<number, number>();
	const colours = Array.from({length: dots.length / 3}, (_, dot) => dots.readUIntBE(dot * 3, 3));
	for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
	const kept = choose([...counts].toSorted(([, one], [, other]) => other - one).map(([colour]) => colour));
	const indexOf = new Map(kept.map((colour, index) => [colour, index]));
	for (const colour of counts.keys())
		if (!indexOf.has(colour)) indexOf.set(colour, indexOf.get(nearestTo(colour, kept)) ?? 0);
	const palette = Buffer.alloc(kept.length * 3);
	for (const [index, colour] of kept.entries()) palette.writeUIntBE(colour, index * 3, 3);
	return {palette, indexes: Buffer.from(colours.map(colour => indexOf.get(colour) ?? 0))};
}

/** Of colours, the most frequent first: those, and some that are unlike them all, as a small red mark says much. */
function choose(colours: readonly number[]): number[] {
	const kept = colours.slice(0, coloursAtMost - unlike);
	const rest = colours.slice(kept.length).map(colour => ({colour, far: distance(colour, nearestTo(colour, kept))}));
	while (kept.length < coloursAtMost && rest.length > 0) {
		const most = rest.reduce((best, one) => (one.far > best.far ? one : best));
		if (most.far === 0) break;
		kept.push(most.colour);
		for (const one of rest) one.far = Math.min(one.far, distance(one.colour, most.colour));
	}
	return kept;
}

const unlike = 48;

function nearestTo(colour: number, kept: readonly number[]): number {
	return kept.reduce((best, one) => (distance(colour, one) < distance(colour, best) ? one : best));
}

function distance(one: number, other: number): number {
	return [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
}

function chunk(kind: string, content: Buffer): Buffer {
	const named = Buffer.concat([Buffer.from(kind, 'latin1'), content]);
	const ends = Buffer.alloc(8);
	ends.writeUInt32BE(content.length, 0);
	ends.writeUInt32BE(crc32(named), 4);
	return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}
