import {randomBytes} from 'node:crypto';
import {gunzipSync} from 'node:zlib';
import test from 'ava';
import {pack} from '../../src/server/packing.ts';

async function packed(chunks: readonly Buffer[]): Promise<Buffer[]> {
	async function* source() {
		yield* chunks;
	}
	const pieces: Buffer[] = [];
	for await (const piece of pack(source())) pieces.push(piece);
	return pieces;
}

test('whatever the lengths of the chunks are, all bytes are in one file', async t => {
	const lengths = [[], [0], [1], [60_000], [59_999, 2, 0, 300_000, 1], Array.from({length: 5000}, () => 50)];

	for (const each of lengths) {
		const chunks = each.map(length => randomBytes(length));
		const pieces = await packed(chunks);

		t.deepEqual(gunzipSync(Buffer.concat(pieces)), Buffer.concat(chunks));
		t.true(pieces.every(piece => piece.length < 65_536));
	}
});

test('many short chunks that are alike are packed together', async t => {
	const lines = Array.from({length: 5000}, (_, at) => Buffer.from(`tailprobe_check_up{target="node-${at}"} 1\n`));

	const length = (await packed(lines)).reduce((sum, piece) => sum + piece.length, 0);

	t.true(length < Buffer.concat(lines).length / 5, `${length}`);
});

test('a source that fails at once fails before anything came, and one that is left is ended', async t => {
	let ended = false;
	async function* source() {
		try {
			for (;;) yield Buffer.alloc(70_000);
		} finally {
			ended = true;
		}
	}
	// biome-ignore lint/correctness/useYield: it fails before it can
	async function* failing(): AsyncGenerator<Buffer> {
		throw new Error('a bug');
	}

	await t.throwsAsync(pack(failing()).next(), {message: 'a bug'});
	for await (const piece of pack(source())) {
		t.true(piece.length > 0);
		break;
	}

	t.true(ended);
});
