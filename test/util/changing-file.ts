import {execFileSync} from 'node:child_process';
import {mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {readChanging, readChangingNow, readTextNow} from '../../src/util/changing-file.ts';
import {UserError} from '../../src/util/errors.ts';
import {withHeldDisk} from '../helpers/held-disk.ts';

type Read = (path: string, maxBytes: number) => Buffer | Promise<Buffer>;

function folderOf(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'changing-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	return folder;
}

async function complaint(read: Read, path: string, maxBytes = 100): Promise<string> {
	try {
		return `no complaint, but ${(await read(path, maxBytes)).length} bytes`;
	} catch (error) {
		return (error as Error).message;
	}
}

const waysToRead: [name: string, read: Read][] = [
	['aside', readChanging],
	['at once', readChangingNow],
];

for (const [way, read] of waysToRead) {
	test(`read ${way}, a file is the same object until it was written to, or another took its place`, async t => {
		const file = join(folderOf(t), 'secret');
		writeFileSync(file, 'one');

		const first = await read(file, 100);
		const again = await read(file, 100);
		utimesSync(file, 1, 1);
		const touched = await read(file, 100);
		writeFileSync(file, 'second');
		const written = await read(file, 100);
		writeFileSync(`${file}.new`, 'thirds');
		renameSync(`${file}.new`, file);
		const replaced = await read(file, 100);

		t.is(again, first);
		t.is(touched, first);
		t.deepEqual([first, written, replaced].map(String), ['one', 'second', 'thirds']);
	});

	test(`read ${way}, a text that was replaced is seen at the next look, even when size and time stay`, async t => {
		const file = join(folderOf(t), 'secret');
		const seen: string[] = [];

		for (const text of ['one', 'two', 'six', 'ten']) {
			writeFileSync(file, text);
			seen.push(String(await read(file, 100)));
		}

		t.deepEqual(seen, ['one', 'two', 'six', 'ten']);
	});

	test(`read ${way}, a link that was switched to another file, as Kubernetes does, is followed`, async t => {
		const folder = folderOf(t);
		for (const name of ['one', 'two']) {
			writeFileSync(join(folder, name), name);
			utimesSync(join(folder, name), 1, 1);
		}
		const link = join(folder, 'secret');
		symlinkSync('one', link);
		t.is(String(await read(link, 100)), 'one');

		symlinkSync('two', join(folder, 'new'));
		renameSync(join(folder, 'new'), link);

		t.is(String(await read(link, 100)), 'two');
	});

	test(`read ${way}, what is no regular file is refused without being opened`, async t => {
		const folder = folderOf(t);
		const pipe = join(folder, 'pipe');
		execFileSync('mkfifo', [pipe]);

		for (const path of [pipe, folder, '/dev/zero', '/dev/null'])
			t.is(await complaint(read, path), 'it is no file', path);
	});

	test(`read ${way}, a file at the bound is read and one beyond it is not`, async t => {
		const file = join(folderOf(t), 'secret');
		writeFileSync(file, 'x'.repeat(100));
		t.is((await read(file, 100)).length, 100);

		writeFileSync(file, 'x'.repeat(101));

		t.is(await complaint(read, file), 'it is larger than 100 bytes');
	});

	test(`read ${way}, a file that tells no size is bounded all the same`, async t => {
		if (process.platform !== 'linux') return void t.pass();

		t.is(await complaint(read, '/proc/self/status', 50), 'it is larger than 50 bytes');
		t.regex(String(await read('/proc/self/status', 65_536)), /^Name:/);
	});

	test(`read ${way}, a file that is missing now and there later is read later`, async t => {
		const file = join(folderOf(t), 'secret');
		t.is(await complaint(read, file), 'there is no such file');

		writeFileSync(file, 'here');

		t.is(String(await read(file, 100)), 'here');
	});
}

test('runs that start together read a file once', async t => {
	const file = join(folderOf(t), 'secret');
	writeFileSync(file, 'one');

	const [first, ...others] = await Promise.all(Array.from({length: 20}, () => readChanging(file, 100)));

	t.true(others.every(other => other === first));
});

test('of more files than are kept, each is read as it is', async t => {
	const folder = folderOf(t);
	const names = Array.from({length: 250}, (_, at) => join(folder, `file-${at}`));
	for (const name of names) writeFileSync(name, name);

	for (const name of [...names, ...names]) t.is(String(await readChanging(name, 1000)), name);
});

test('as a text, what cannot be read is a sentence that names the file and never its content', t => {
	const folder = folderOf(t);
	const path = join(folder, 'secret');
	const fails = (why: string) =>
		t.throws(() => readTextNow(path, 4), {instanceOf: UserError, message: `${path} cannot be read: ${why}.`});

	fails('there is no such file');
	writeFileSync(path, 'hunter2');
	fails('it is larger than 4 bytes');
	writeFileSync(path, 'here');
	t.is(readTextNow(path, 4), 'here');
});

interface Found {
	found: unknown[];
	tookMs: number;
}

test('a disk that does not answer holds nobody and keeps one thread: what is known is taken, what is not is told', async t => {
	const {hurried, patient, together, kept} = (await withHeldDisk('files.ts')) as {
		patient: Found;
		hurried: Found;
		together: string[];
		kept: number;
	};

	const silent = 'the disk of this machine does not answer';
	t.deepEqual(patient.found, [true, silent]);
	t.true(patient.tookMs < 4000);
	t.deepEqual(hurried.found, [true, true, true, true, true, true, true, silent]);
	// The eight of one run of a second.
	t.true(hurried.tookMs < 1000, `${hurried.tookMs} ms`);
	t.deepEqual(
		together,
		Array.from({length: 7}, () => silent),
	);
	t.is(kept, 1);
});
