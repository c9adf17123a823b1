import {readFileSync} from 'node:fs';
import test from 'ava';
import {type Lock, type Manifest, releaseLock, releaseManifest} from '../../../scripts/release/manifest.ts';

const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

test('what is installed starts compiled, needs exactly what is tested, and has nothing to develop with', t => {
	const released = releaseManifest(manifest);

	t.deepEqual(released.bin, {tailprobe: 'src/main.js'});
	t.deepEqual(released.dependencies, manifest.dependencies);
	for (const range of Object.values(released.dependencies)) t.regex(range, /^\d+\.\d+\.\d+$/);
	for (const key of ['private', 'devDependencies', 'scripts', 'ava']) t.false(Object.hasOwn(released, key), key);
});

test('every package is pinned by its hash, none of those to develop with, and no registry is named', t => {
	const released = releaseLock(lock, releaseManifest(manifest));

	const folders = Object.keys(released.packages).filter(folder => folder !== '');
	t.true(folders.includes('node_modules/undici'));
	t.false(folders.includes('node_modules/ava'));
	for (const folder of folders) t.regex(String(released.packages[folder]?.integrity), /^sha512-/);
	t.notRegex(JSON.stringify(released), /"resolved"|https?:\/\/registry/);
});

test('a registry that the lock names is left out', t => {
	const packages = {'node_modules/a': {version: '1.0.0', resolved: 'https://registry.example.com/a.tgz'}};

	const released = releaseLock({lockfileVersion: 3, packages}, releaseManifest(manifest));

	t.deepEqual(released.packages['node_modules/a'], {version: '1.0.0'});
});

test('the oldest Node.js that the program starts on is the one that package.json names', t => {
	const [, oldest] = /^const oldestNode = (\d+);$/m.exec(readFileSync('src/main.ts', 'utf8')) ?? [];

	t.is(manifest.engines.node, `>=${oldest}`);
});
