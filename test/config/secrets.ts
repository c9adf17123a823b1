import {spawnSync} from 'node:child_process';
import {mkdir, mkdtemp, rename, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {readSecret} from '../../src/config/secrets.ts';
import {UserError} from '../../src/util/errors.ts';

async function scratch(t: ExecutionContext): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-secrets-'));
	t.teardown(() => rm(directory, {recursive: true}));
	return directory;
}

test('a secret that is rotated is the new one at the next read: overwritten, renamed over, or swapped as Kubernetes does', async t => {
	const directory = await scratch(t);
	const file = join(directory, 'key');

	await writeFile(file, 'first\n');
	t.is(readSecret({file}), 'first');
	await writeFile(file, 'other\n');
	t.is(readSecret({file}), 'other');
	await writeFile(`${file}.new`, 'third\n');
	await rename(`${file}.new`, file);
	t.is(readSecret({file}), 'third');

	for (const version of ['..v1', '..v2']) {
		await mkdir(join(directory, version));
		await writeFile(join(directory, version, 'mounted'), `secret ${version}`);
	}
	await symlink('..v1', join(directory, '..data'));
	await symlink('..data/mounted', join(directory, 'mounted'));
	t.is(readSecret({file: join(directory, 'mounted')}), 'secret ..v1');
	await symlink('..v2', join(directory, '..data_tmp'));
	await rename(join(directory, '..data_tmp'), join(directory, '..data'));
	t.is(readSecret({file: join(directory, 'mounted')}), 'secret ..v2');
});

test.serial('a secret of the environment is the one that is there now', t => {
	t.teardown(() => {
		delete process.env.TAILPROBE_TEST_KEY;
	});

	process.env.TAILPROBE_TEST_KEY = ' first ';
	t.is(readSecret({env: 'TAILPROBE_TEST_KEY'}), 'first');
	process.env.TAILPROBE_TEST_KEY = 'second';
	t.is(readSecret({env: 'TAILPROBE_TEST_KEY'}), 'second');
	delete process.env.TAILPROBE_TEST_KEY;
	t.throws(() => readSecret({env: 'TAILPROBE_TEST_KEY'}), {
		instanceOf: UserError,
		message: 'The secret in the environment variable TAILPROBE_TEST_KEY is empty.',
	});
});

test('what is no secret is told with its place and without its content', async t => {
	const directory = await scratch(t);
	const place = (name: string) => join(directory, name);
	await writeFile(place('empty'), ' \n');
	await writeFile(place('lines'), 'hunter2\nhunter3\n');
	await writeFile(place('long'), 'hunter2'.repeat(3000));
	await writeFile(place('huge'), 'hunter2'.repeat(30_000));
	spawnSync('mkfifo', [place('pipe')]);

	for (const [name, expected] of [
		['nowhere', /cannot be read: there is no such file/],
		['empty', /is empty/],
		['lines', /is no secret: expected one line/],
		['long', /cannot be read: it is larger than 16384 bytes/],
		['huge', /cannot be read: it is larger than 16384 bytes/],
		['pipe', /cannot be read: it is no file/],
		['', /cannot be read: it is no file/],
	] as const) {
		const error = t.throws(() => readSecret({file: place(name)}), {instanceOf: UserError, message: expected}, name);
		t.true(error?.message.includes(place(name)));
		t.false(error?.message.includes('hunter'));
	}
});
