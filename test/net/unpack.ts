import {brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync} from 'node:zlib';
import test from 'ava';
import {type Coding, codingOf, unpack} from '../../src/net/unpack.ts';
import {TargetDownError} from '../../src/util/errors.ts';

const never = new AbortController().signal;
const packers: Record<Coding, (content: Buffer) => Buffer> = {
	gzip: gzipSync,
	br: brotliCompressSync,
	deflate: deflateSync,
	zstd: zstdCompressSync,
};
const codings = Object.keys(packers) as Coding[];
const text = Buffer.from('hello, hello, hello'.repeat(500));

for (const coding of codings) {
	test(`${coding} is unpacked`, async t => {
		t.deepEqual(await unpack(packers[coding](text), coding, 100_000, never), text);
	});

	test(`${coding} that fills the limit exactly is unpacked`, async t => {
		t.deepEqual(await unpack(packers[coding](text), coding, text.length, never), text);
		t.is(await unpack(packers[coding](text), coding, text.length - 1, never), undefined);
	});

	test(`a bomb of ${coding} stops at the limit`, async t => {
		const bomb = packers[coding](Buffer.alloc(64 * 1024 * 1024));
		const before = process.memoryUsage().arrayBuffers;

		const content = await unpack(bomb, coding, 1_048_576, never);

		t.is(content, undefined);
		t.true(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
	});

	test(`${coding} that is damaged or ends early is a breach of the protocol`, async t => {
		const packed = packers[coding](text);
		const damaged = Buffer.from(packed).fill(0xff, 4);

		for (const bytes of [damaged, packed.subarray(0, packed.length - 5), Buffer.from('<html>plain</html>')]) {
			const error = await t.throwsAsync(unpack(bytes, coding, 100_000, never), {
				instanceOf: TargetDownError,
				message: new RegExp(`packed with ${coding}, but`),
			});
			t.is(error?.reason, 'protocol');
		}
	});
}

test('deflate without its header is unpacked too', async t => {
	t.deepEqual(await unpack(deflateRawSync(text), 'deflate', 100_000, never), text);
});

test('a window larger than HTTP allows is refused', async t => {
	const {constants} = await import('node:zlib');
	const wide = zstdCompressSync(Buffer.alloc(32 * 1024 * 1024, 'abc'), {
		params: {[constants.ZSTD_c_windowLog]: 25, [constants.ZSTD_c_contentSizeFlag]: 0},
	});

	await t.throwsAsync(unpack(wide, 'zstd', 64 * 1024 * 1024, never), {instanceOf: TargetDownError});
});

test('an abort ends the waiting', async t => {
	const signal = AbortSignal.abort(new Error('enough'));

	await t.throwsAsync(unpack(gzipSync(text), 'gzip', 100_000, signal), {message: 'enough'});
});

const names = test.macro((t, values: string[], coding: string | undefined) => {
	t.is(codingOf(values.map(value => ['Content-Encoding', value] as const)), coding);
});

test('no header is no coding', names, [], undefined);
test('identity is no coding', names, ['identity'], undefined);
test('a coding in capitals is known', names, ['GZIP'], 'gzip');
test('the old name of gzip is known', names, ['x-gzip'], 'gzip');

for (const values of [['gzip, gzip'], ['gzip', 'br']])
	test(`${values.join(' and ')} is one packing too many`, t => {
		const headers = values.map(value => ['Content-Encoding', value] as const);

		const error = t.throws(() => codingOf(headers), {instanceOf: TargetDownError, message: /packed more than once/});

		t.is(error?.reason, 'protocol');
	});
