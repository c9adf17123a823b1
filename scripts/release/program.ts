/**
 * The program as it is installed, for the npm package and for the image: `node scripts/release/program.ts FOLDER` compiles it by tsc
 * (Node strips no types below node_modules) and lays beside it what belongs to it. The packages that it needs are not in there.
 */

import {chmod, cp, glob, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {releaseLock, releaseManifest} from './manifest.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Beside the program, as far as there are such files: a LICENSE is taken as soon as there is one. */
const besides: readonly string[] = [
	'README.md',
	'LICENSE',
	'docs/**/*.md',
	'helm/tailprobe/README.md',
	'docs/config.schema.json',
	'docs/examples/*.yaml',
	'alerts/*.{yaml,yml}',
	'dashboards/*.json',
];

/** Writes the folder anew. Throws with what tsc says where the program cannot be compiled. */
export async function writeProgram(folder: string): Promise<void> {
	await rm(folder, {recursive: true, force: true});
	await mkdir(folder, {recursive: true});
	await compile(folder);
	const manifest = releaseManifest(await readJson('package.json'));
	const lock = releaseLock(await readJson('package-lock.json'), manifest);
	await writeJson(join(folder, 'package.json'), manifest);
	await writeJson(join(folder, 'npm-shrinkwrap.json'), lock);
	for (const file of Object.values(manifest.bin)) await chmod(join(folder, file), 0o755);
	for await (const file of glob(besides, {cwd: root})) await copyInto(folder, file, file);
	for await (const file of glob('scripts/systemd/*.service', {cwd: root}))
		await copyInto(folder, file, file.replace(/^scripts\//, ''));
}

async function compile(folder: string): Promise<void> {
	const settings = join(root, 'scripts/release/tsconfig.json');
	const {failed, all} = await execa('tsc', ['--project', settings, '--outDir', folder], {
		preferLocal: true,
		localDir: root,
		reject: false,
		all: true,
	});
	if (failed) throw new Error(`tsc could not compile the program: ${all.slice(-1500)}`);
}

async function copyInto(folder: string, from: string, to: string): Promise<void> {
	await mkdir(dirname(join(folder, to)), {recursive: true});
	await cp(join(root, from), join(folder, to));
}

async function readJson<T>(file: string): Promise<T> {
	return JSON.parse(await readFile(join(root, file), 'utf8')) as T;
}

function writeJson(file: string, value: unknown): Promise<void> {
	return writeFile(file, `${JSON.stringify(value, undefined, '\t')}\n`);
}

if (import.meta.main) {
	const [folder] = process.argv.slice(2);
	if (folder === undefined) throw new Error('Which folder? node scripts/release/program.ts FOLDER');
	await writeProgram(folder);
}
