import {execFileSync} from 'node:child_process';
import {mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {UserError} from '../../src/util/errors.ts';
import {createFreshFile} from '../../src/util/fresh-file.ts';

function folderOf(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-fresh-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	return folder;
}

test('a text that was replaced is read at the next look, even when size and time stay', t => {
	const path = join(folderOf(t), 'secret');
	writeFileSync(path, 'one');
	const file = createFreshFile(path, 100);
	t.is(file.read(), 'one');

	writeFileSync(path, 'two');

	t.is(file.read(), 'two');
	t.is(file.version(), 2);
});

test('a link that was switched to another file, as Kubernetes does, is followed', t => {
	const folder = folderOf(t);
	for (const name of ['one', 'two']) {
		writeFileSync(join(folder, name), name);
		utimesSync(join(folder, name), 1, 1);
	}
	symlinkSync('one', join(folder, 'secret'));
	const file = createFreshFile(join(folder, 'secret'), 100);
	t.is(file.read(), 'one');

	symlinkSync('two', join(folder, 'new'));
	renameSync(join(folder, 'new'), join(folder, 'secret'));

	t.is(file.read(), 'two');
});

test('what cannot be read is a sentence that names the file, each time', t => {
	const folder = folderOf(t);
	const path = join(folder, 'secret');
	const file = createFreshFile(path, 4);

	t.throws(() => file.read(), {instanceOf: UserError, message: `${path} cannot be read: there is no such file.`});
	writeFileSync(path, 'hunter2');
	t.throws(() => file.read(), {instanceOf: UserError, message: `${path} is larger than 4 bytes.`});
	t.throws(() => createFreshFile(folder, 100).read(), {instanceOf: UserError, message: `${folder} is no file.`});
	writeFileSync(path, 'here');
	t.is(file.read(), 'here');
});

test('a pipe is not waited for', t => {
	const path = join(folderOf(t), 'pipe');
	execFileSync('mkfifo', [path]);

	t.throws(() => createFreshFile(path, 100).read(), {instanceOf: UserError, message: /is no file/});
});
