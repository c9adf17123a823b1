import {chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {claimDirectory, isOwnDirectory, removeRemains} from '../../src/lab/directory.ts';
import {UserError} from '../../src/util/errors.ts';

const root = mkdtempSync(join(tmpdir(), 'tailprobe-test-'));

test.after.always(() => rmSync(root, {recursive: true, force: true}));

test('a new directory is for its user alone, and is taken again later', t => {
	const directory = join(root, 'new');

	claimDirectory(directory);
	claimDirectory(directory);

	t.is(statSync(directory).mode & 0o777, 0o700);
	t.true(isOwnDirectory(directory));
});

test('a directory that others may enter is not used', t => {
	const directory = join(root, 'open');
	mkdirSync(directory);
	chmodSync(directory, 0o755);

	const error = t.throws(() => claimDirectory(directory), {instanceOf: UserError});

	t.regex(error?.message ?? '', /other users may enter it\. Remove it/);
	t.false(isOwnDirectory(directory));
});

test('a link is not followed', t => {
	const directory = join(root, 'link');
	claimDirectory(join(root, 'elsewhere'));
	symlinkSync(join(root, 'elsewhere'), directory);

	t.throws(() => claimDirectory(directory), {message: /it is no directory/});
});

(process.getuid?.() === 0 ? test : test.skip)('a directory of another user is not used', async t => {
	const {chownSync} = await import('node:fs');
	const directory = join(root, 'foreign');
	mkdirSync(directory, {mode: 0o700});
	chownSync(directory, 65_534, 65_534);

	t.throws(() => claimDirectory(directory), {message: /it belongs to another user \(65534\)/});
});

test('only what a lab leaves is removed', t => {
	const directory = join(root, 'remains');
	claimDirectory(directory);
	mkdirSync(join(directory, 'run-abc'));
	for (const name of ['control.sock', 'run-abc/tailscaled.sock', 'notes']) writeFileSync(join(directory, name), '');

	removeRemains(directory);

	t.false(existsSync(join(directory, 'run-abc')) || existsSync(join(directory, 'control.sock')));
	t.true(existsSync(join(directory, 'notes')));
});
