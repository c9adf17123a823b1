import {mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {watchFiles} from '../../src/config/watch.ts';
import {type FakeClock, fakeClock} from '../helpers/fake-clock.ts';
import {until} from '../helpers/until.ts';

interface Setting {
	directory: string;
	path: string;
	clock: FakeClock;
	files: string[];
	/** How often a change was told. */
	told(): number;
	/** Lets so many looks come and end. */
	looks(count: number): Promise<void>;
	watch: ReturnType<typeof watchFiles>;
}

async function setUp(t: ExecutionContext, onChange = async () => {}): Promise<Setting> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-watch-'));
	t.teardown(() => rm(directory, {recursive: true}));
	const path = join(directory, 'tailprobe.yaml');
	await writeFile(path, 'checks: []\n');
	const clock = fakeClock();
	const files = [path];
	let told = 0;
	const watch = watchFiles({
		files: () => files,
		async onChange() {
			told++;
			await watch.reading(onChange);
		},
		onBug: error => t.fail(String(error)),
		clock,
	});
	t.teardown(() => watch.stop());
	await watch.reading(async () => {});
	watch.start();
	return {
		directory,
		path,
		clock,
		files,
		watch,
		told: () => told,
		async looks(count) {
			for (let look = 0; look < count; look++) {
				await clock.advance(5000);
				// The look reads files; when it has ended the next one is due.
				await until(() => clock.pending() === 1);
			}
		},
	};
}

test('a change is told once, when it was the same at two looks', async t => {
	const {path, looks, told} = await setUp(t);

	await looks(3);
	await writeFile(path, 'checks: [1]\n');
	await looks(1);
	t.is(told(), 0);
	await looks(1);
	t.is(told(), 1);
	await looks(5);

	t.is(told(), 1);
});

test('nothing is looked at between two looks', async t => {
	const {path, clock, looks, told} = await setUp(t);
	await writeFile(path, 'checks: [1]\n');
	await looks(1);

	await clock.advance(4999);

	t.is(told(), 0);
});

test('a file that is written in steps is waited for', async t => {
	const {path, looks, told} = await setUp(t);

	for (const content of ['checks:', 'checks: [', 'checks: [1', 'checks: [1]']) {
		await writeFile(path, content);
		await looks(1);
	}
	t.is(told(), 0);
	await looks(1);

	t.is(told(), 1);
});

test('a change that is taken back before it was told is none', async t => {
	const {path, looks, told} = await setUp(t);

	await writeFile(path, 'checks: [1]\n');
	await looks(1);
	await writeFile(path, 'checks: []\n');
	await looks(3);

	t.is(told(), 0);
});

test('a file that is touched, or replaced by one that is the same, did not change', async t => {
	const {directory, path, looks, told} = await setUp(t);

	await writeFile(join(directory, 'new'), 'checks: []\n');
	await rename(join(directory, 'new'), path);
	await looks(3);

	t.is(told(), 0);
});

const isAwayForAMoment = test.macro({
	async exec(t, away: (path: string) => Promise<void>) {
		const {path, looks, told} = await setUp(t);

		await away(path);
		await looks(4);
		t.is(told(), 0);
		await rm(path, {force: true, recursive: true});
		await writeFile(path, 'checks: []\n');
		await looks(3);
		t.is(told(), 0);
		await writeFile(path, 'checks: [1]\n');
		await looks(2);

		t.is(told(), 1);
	},
	title: (title = '') => `a file that is ${title} for a moment is waited for`,
});
test('missing', isAwayForAMoment, path => rm(path));
test('empty', isAwayForAMoment, path => truncate(path));
test('blank', isAwayForAMoment, path => writeFile(path, '\n \n'));
test('no file', isAwayForAMoment, async path => {
	await rm(path);
	await mkdir(path);
});

test('a file that stays away for a minute is told once, and again when it is back', async t => {
	const {path, looks, told} = await setUp(t);

	await rm(path);
	await looks(12);
	t.is(told(), 0);
	await looks(20);
	t.is(told(), 1);
	await writeFile(path, 'checks: []\n');
	await looks(2);
	t.is(told(), 2);
	await looks(5);

	t.is(told(), 2);
});

test('while one of several files is away, a change of another waits', async t => {
	const {directory, path, files, looks, told, watch} = await setUp(t);
	const other = join(directory, 'modules.yml');
	await writeFile(other, 'modules: {}\n');
	await watch.reading(async () => {
		files.push(other);
	});

	await rm(other);
	await writeFile(path, 'checks: [1]\n');
	await looks(3);
	t.is(told(), 0);
	await writeFile(other, 'modules: {}\n');
	await looks(2);

	t.is(told(), 1);
});

test('a file that was never there keeps no change waiting, and is one when it comes', async t => {
	const {directory, path, files, looks, told, watch} = await setUp(t);
	const other = join(directory, 'modules.yml');
	await watch.reading(async () => {
		files.push(other);
	});

	await writeFile(path, 'checks: [1]\n');
	await looks(2);
	t.is(told(), 1);
	await looks(20);
	t.is(told(), 1);
	await writeFile(other, 'modules: {}\n');
	await looks(2);

	t.is(told(), 2);
});

test('a ConfigMap that is swapped by its symbolic link is a change', async t => {
	const {directory, files, looks, told, watch} = await setUp(t);
	const mounted = join(directory, 'mounted');
	await mkdir(join(mounted, '..v1'), {recursive: true});
	await mkdir(join(mounted, '..v2'));
	await writeFile(join(mounted, '..v1', 'tailprobe.yaml'), 'checks: []\n');
	await writeFile(join(mounted, '..v2', 'tailprobe.yaml'), 'checks: [2]\n');
	await symlink('..v1', join(mounted, '..data'));
	await symlink('..data/tailprobe.yaml', join(mounted, 'tailprobe.yaml'));
	await watch.reading(async () => {
		files[0] = join(mounted, 'tailprobe.yaml');
	});
	await looks(2);
	t.is(told(), 0);

	await symlink('..v2', join(mounted, '..data_tmp'));
	await rename(join(mounted, '..data_tmp'), join(mounted, '..data'));
	await rm(join(mounted, '..v1'), {recursive: true});
	await looks(2);

	t.is(told(), 1);
});

test('files that a reload brings in are watched from then on, and those that go are not', async t => {
	const {directory, path, files, looks, told, watch} = await setUp(t);
	const other = join(directory, 'modules.yml');
	await writeFile(other, 'modules: {}\n');
	await watch.reading(async () => {
		files.push(other);
	});
	await looks(3);
	t.is(told(), 0);

	await writeFile(other, 'modules: {a: 1}\n');
	await looks(2);
	t.is(told(), 1);
	await watch.reading(async () => {
		files.splice(0, 2, path);
	});
	await rm(other);
	await looks(20);

	t.is(told(), 1);
});

test('what was read by other ways in the meantime is not told again', async t => {
	const {path, looks, told, watch} = await setUp(t);

	await writeFile(path, 'checks: [1]\n');
	await looks(1);
	await watch.reading(async () => {});
	await looks(4);

	t.is(told(), 0);
});

test('what changes while the files are read is told, because it may have been missed', async t => {
	const {path, looks, told, watch} = await setUp(t);

	await watch.reading(() => writeFile(path, 'checks: [1]\n'));
	await looks(2);

	t.is(told(), 1);
});

test('no look comes before the reload of the last one has ended', async t => {
	const reload = Promise.withResolvers<void>();
	const {path, clock, looks, told} = await setUp(t, () => reload.promise);
	await writeFile(path, 'checks: [1]\n');
	await looks(1);

	await clock.advance(5000);
	await until(() => told() === 1);
	await clock.advance(60_000);
	t.is(clock.pending(), 0);
	reload.resolve();
	await until(() => clock.pending() === 1);

	t.is(told(), 1);
});

test('without files nothing is told, and a watch that was stopped does not look', async t => {
	const {path, files, clock, looks, told, watch} = await setUp(t);
	files.length = 0;
	await writeFile(path, 'checks: [1]\n');
	await looks(3);
	files.push(path);

	watch.stop();

	t.is(clock.pending(), 0);
	t.is(told(), 0);
});
