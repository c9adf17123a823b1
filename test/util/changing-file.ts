import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {readChanging} from '../../src/util/changing-file.ts';

test('a file is read again when it was written to, or another took its place', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'changing-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const file = join(folder, 'secret');
	await writeFile(file, 'one');

	const first = await readChanging(file, 100);
	const again = await readChanging(file, 100);
	await writeFile(file, 'second');
	const written = await readChanging(file, 100);
	await writeFile(`${file}.new`, 'thirds');
	await rename(`${file}.new`, file);
	const replaced = await readChanging(file, 100);

	t.is(again, first);
	t.deepEqual([first, written, replaced].map(String), ['one', 'second', 'thirds']);
});

test('a file that cannot be read, or is too large, is told without its content', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'changing-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const file = join(folder, 'secret');
	await writeFile(file, 'x'.repeat(101));

	await t.throwsAsync(readChanging(file, 100), {message: 'it is larger than 100 bytes'});
	await t.throwsAsync(readChanging(join(folder, 'none'), 100), {message: /ENOENT/});
	await t.throwsAsync(readChanging(folder, 100_000), {message: /EISDIR/});
});
