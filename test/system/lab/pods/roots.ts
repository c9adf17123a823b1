/** Root directories for the images that the chart names, made of what is on this machine. */

import {copyFile, mkdir, readFile, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {ensurePart, type PartName} from '../../../../scripts/parts.ts';
import {imageRoot, imageStages} from '../image.ts';
import type {ImageRoot} from './container-command.ts';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Its programs and libraries. */
const ofThisMachine = ['/usr', '/etc/alternatives'].map(place => ({from: place, to: place}));
const repository = fileURLToPath(new URL('../../../..', import.meta.url));

/** tailscale's image: `containerboot`, `tailscaled` and `tailscale`; it also trusts the CA of the lab's headscale. */
export async function tailscaleRoot(directory: string, caFile: string): Promise<ImageRoot> {
	const root = join(directory, 'image-tailscale');
	const programs = join(directory, 'image-tailscale-bin');
	await makeSkeleton(root, caFile);
	await mkdir(programs);
	for (const part of ['containerboot', 'tailscaled', 'tailscale'] as const satisfies readonly PartName[]) {
		await copyFile(await ensurePart(part), join(programs, part));
	}
	return {
		prefix: 'ghcr.io/tailscale/tailscale',
		root,
		binds: [...ofThisMachine, {from: programs, to: '/usr/local/bin'}],
		entrypoint: ['/usr/local/bin/containerboot'],
		user: 0,
		env: {PATH: path},
	};
}

/** tailprobe's image: made by its Containerfile where that can be done here, and otherwise what comes closest. */
export async function tailprobeRoot(directory: string): Promise<ImageRoot> {
	if ((await execa('which', ['debootstrap'], {reject: false})).failed) return sourceRoot(directory);
	const {entrypoint = [], user = '0'} = (await imageStages()).at(-1) ?? {};
	return {
		prefix: 'ghcr.io/example/tailprobe',
		root: await imageRoot(),
		binds: [],
		entrypoint,
		user: Number.parseInt(user, 10),
		env: {PATH: path},
	};
}

/** tailprobe's image as far as it can be had without building it: this repository's sources at the image's places, over this machine's `/usr`. */
async function sourceRoot(directory: string): Promise<ImageRoot> {
	const root = join(directory, 'image-tailprobe');
	const programs = join(directory, 'image-tailprobe-bin');
	await makeSkeleton(root);
	await mkdir(join(root, 'opt/tailprobe'), {recursive: true});
	await mkdir(programs);
	await copyFile(process.execPath, join(programs, 'node'));
	// A copy has no file capabilities, with which a program cannot be started where none may be had.
	for (const name of ['ping', 'fping']) await copyFile(`/usr/bin/${name}`, join(programs, name));
	const start = 'exec node --max-semi-space-size=2 /opt/tailprobe/src/main.ts "$@"';
	await writeFile(join(programs, 'tailprobe'), `#!/bin/sh\nexport MALLOC_ARENA_MAX=2\n${start}\n`, {mode: 0o755});
	const parts = ['src', 'node_modules', 'package.json'];
	return {
		prefix: 'ghcr.io/example/tailprobe',
		root,
		binds: [
			...ofThisMachine,
			{from: programs, to: '/usr/local/bin'},
			...parts.map(part => ({from: join(repository, part), to: `/opt/tailprobe/${part}`})),
		],
		entrypoint: ['/usr/local/bin/tailprobe'],
		user: 65532,
		env: {PATH: path},
	};
}

async function makeSkeleton(root: string, caFile?: string): Promise<void> {
	for (const name of ['etc/ssl/certs', 'tmp', 'var', 'run', 'root', 'usr'])
		await mkdir(join(root, name), {recursive: true});
	for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
	await symlink('../run', join(root, 'var/run'));
	await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532::/tmp:/bin/sh\n');
	await writeFile(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
	await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
	const trusted = await readFile('/etc/ssl/certs/ca-certificates.crt').catch(() => Buffer.from(''));
	const own = caFile === undefined ? Buffer.from('') : await readFile(caFile);
	await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), Buffer.concat([trusted, own]));
}
