import {crc32, deflateSync, inflateSync} from 'node:zlib';
import test from 'ava';
import {toPalettePng} from '../../scripts/palette-png.ts';

/** Two dots a row, each row told by another filter: white and black, again and again. */
const filtered = [
	[0, 255, 255, 255, 0, 0, 0],
	[1, 255, 255, 255, 1, 1, 1],
	[2, 0, 0, 0, 0, 0, 0],
	[3, 128, 128, 128, 129, 129, 129],
	[4, 0, 0, 0, 0, 0, 0],
];

function aPng(rows: readonly (readonly number[])[], depth = 8): Buffer {
	const head = Buffer.alloc(13);
	head.writeUInt32BE(2, 0);
	head.writeUInt32BE(rows.length, 4);
	head.set([depth, 2], 8);
	const data = deflateSync(Buffer.from(rows.flat()));
	return Buffer.concat([
		Buffer.from('89504e470d0a1a0a', 'hex'),
		...[chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))],
	]);
}

function chunk(kind: string, content: Buffer): Buffer {
	const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
	length.writeUInt32BE(content.length);
	sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(kind), content])));
	return Buffer.concat([length, Buffer.from(kind), content, sum]);
}

function contentOf(png: Buffer, kind: string): Buffer {
	const at = png.indexOf(kind, 0, 'latin1');
	return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
}

test('every dot keeps its colour, however its row was told', t => {
	const small = toPalettePng(aPng(filtered));

	const palette = contentOf(small, 'PLTE').toString('hex').match(/.{6}/g) ?? [];
	const rows = inflateSync(contentOf(small, 'IDAT'));
	const colours = filtered.map((_, y) => [1, 2].map(x => palette[rows[y * 3 + x] ?? -1]));
	t.deepEqual(
		colours,
		filtered.map(() => ['ffffff', '000000']),
	);
	t.deepEqual([...contentOf(small, 'IHDR').subarray(8, 10)], [8, 3]);
});

test('of more than 256 colours the rare ones become the nearest that is kept', t => {
	// One hundred and fifty rows of two grey dots that differ a little in blue, and one colour most of the time.
	const rows = Array.from({length: 300}, (_, y) =>
		y < 150 ? [0, 9, 9, 9, 9, 9, 9] : [0, y - 100, 0, 0, y - 100, 0, 100],
	);

	const small = toPalettePng(aPng(rows));

	t.is(contentOf(small, 'PLTE').length, 256 * 3);
	t.is(contentOf(small, 'PLTE').subarray(0, 3).toString('hex'), '090909');
});

test('what is no such picture is refused', t => {
	t.throws(() => toPalettePng(Buffer.from('GIF89a')), {message: 'this is no PNG'});
	t.throws(() => toPalettePng(aPng(filtered, 16)), {message: /only a PNG of 8 bits/});
});
