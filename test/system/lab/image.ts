/**
 * The image of the Containerfile without a container engine: its stages run as they stand, in bare root directories that debootstrap made.
 * What `debian:bookworm-slim` and `node:…` bring is imitated: Debian's smallest system without its documents, and this machine's Node.js and npm.
 */

import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {chmod, cp, glob, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile} from 'node:fs/promises';
import {homedir, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {parseContainerfile, type Stage} from './containerfile.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tailprobe', 'image');

/** The Containerfile's stages. */
export async function imageStages(): Promise<Stage[]> {
	return parseContainerfile(await readFile(join(repository, 'Containerfile'), 'utf8'));
}

/** The folder that holds what the final image would, made now unless it was made of the very same before. Takes a minute or two; needs root and Debian's mirror. */
export async function imageRoot(): Promise<string> {
	const root = join(cache, `root-${await hashOfAll()}`);
	if (existsSync(root)) return root;
	await mkdir(cache, {recursive: true});
	const scratch = await mkdtemp(join(cache, 'making-'));
	try {
		const built = await buildStages(await imageStages(), await baseRoot(), scratch);
		for (const old of await readdir(cache)) if (old.startsWith('root-')) await removeFolder(join(cache, old));
		await rename(built, root);
	} finally {
		await removeFolder(scratch);
	}
	return root;
}

/** How to run a program as a pod's container would, beside the namespace that `ip netns exec` makes. */
export function inImage(root: string, argv: readonly string[]): {command: string; args: string[]} {
	// No capability is left or can come back; the root cannot be written to; of other processes it sees none. Who becomes another user is
	// no longer killed with its parent, unless it asks again.
	const who =
		'setpriv --reuid 65532 --regid 65532 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs --pdeathsig KILL';
	const script = `set -e
		mount --bind "$0" "$0"
		mount --options remount,bind,ro "$0"
		mount --types tmpfs --options mode=1777 tmpfs "$0/tmp"
		mount --types proc proc "$0/proc"
		mount --rbind /dev "$0/dev"
		if [ -n "$SEEN_IN_TMP" ]; then cp "$SEEN_IN_TMP"/* "$0/tmp/"; fi
		cd /
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent chroot "$0" ${who} "$@"`;
	return {command: 'unshare', args: [...alone, 'sh', '-c', script, root, ...argv]};
}

const alone = ['--mount', '--pid', '--fork', '--kill-child'];

async function buildStages(stages: readonly Stage[], base: string, scratch: string): Promise<string> {
	const roots = new Map<string, string>();
	let last = base;
	for (const [index, stage] of stages.entries()) {
		last = join(scratch, String(index));
		await execa('cp', ['--archive', base, last]);
		if (/\/node:/.test(stage.from)) await addNode(last);
		await runSteps(stage, last, roots);
		if (stage.name !== undefined) roots.set(stage.name, last);
	}
	return last;
}

async function runSteps({steps}: Stage, root: string, roots: ReadonlyMap<string, string>): Promise<void> {
	let folder = '/';
	for (const step of steps) {
		if (step.kind === 'workdir') {
			folder = step.folder;
			await mkdir(join(root, folder), {recursive: true});
		} else if (step.kind === 'run') {
			await runInRoot(root, folder, step.command, step.mounts);
		} else {
			const context = step.stage === undefined ? repository : roots.get(step.stage);
			if (context === undefined) throw new Error(`There is no stage ${step.stage} before this one.`);
			const to = join(root, step.to.startsWith('/') ? step.to : join(folder, step.to));
			await mkdir(to, {recursive: true});
			for (const from of step.from) {
				const source = join(context, from);
				await execa('cp', ['--archive', '--no-preserve=ownership', from.endsWith('/') ? `${source}.` : source, to]);
			}
		}
	}
}

/** As an engine does it: with /proc, /dev, the names of the network, and nothing of this machine but what its npm needs. */
async function runInRoot(
	root: string,
	folder: string,
	command: string,
	mounts: readonly {source: string; target: string}[] = [],
): Promise<void> {
	const {stdout: npmCache} = await execa('npm', ['config', 'get', 'cache'], {cwd: tmpdir()});
	const {stdout: registry} = await execa('npm', ['config', 'get', 'registry'], {cwd: tmpdir()});
	const authorities = process.env.NODE_EXTRA_CA_CERTS;
	await mkdir(npmCache, {recursive: true});
	const binds = [
		{source: '/dev', target: '/dev'},
		{source: npmCache, target: '/run/npm'},
		...mounts.map(({source, target}) => ({source: join(repository, source), target})),
	];
	const files = ['/etc/resolv.conf', ...(authorities === undefined ? [] : [authorities])];
	for (const {target} of binds) await mkdir(join(root, target), {recursive: true});
	const authoritiesInside = '/run/authorities.pem';
	await writeFile(join(root, '/etc/resolv.conf'), '');
	if (authorities !== undefined) await writeFile(join(root, authoritiesInside), '');
	const fileBinds = files.map(file => ({source: file, target: file === authorities ? authoritiesInside : file}));
	const script = [
		'set -e',
		'root=$1',
		'mount --types proc proc "$root/proc"',
		...[...binds, ...fileBinds].map(({source, target}) => `mount --bind '${source}' "$root${target}"`),
		'cd /',
		'exec chroot "$root" sh -c "cd $2 && $3"',
	].join('\n');
	const env: Record<string, string> = {
		PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
		npm_config_cache: '/run/npm',
		npm_config_prefer_offline: 'true',
		npm_config_registry: registry,
		...(authorities === undefined ? {} : {NODE_EXTRA_CA_CERTS: authoritiesInside}),
	};
	const run = await execa('unshare', [...alone, 'sh', '-c', script, 'sh', root, folder, command], {
		env,
		extendEnv: false,
		reject: false,
		all: true,
	});
	await rm(join(root, '/run/npm'), {recursive: true, force: true});
	await rm(join(root, authoritiesInside), {force: true});
	if (run.failed) throw new Error(`RUN ${command} failed: ${String(run.all ?? run.message).slice(-2000)}`);
}

/** A Debian as small as the slim image, kept from one time to the next. */
async function baseRoot(): Promise<string> {
	const {mirror, security, suite} = await mirrors();
	const name = createHash('sha256').update(`${mirror} ${security} ${suite} 1`).digest('hex').slice(0, 12);
	const base = join(cache, `base-${name}`);
	if (existsSync(base)) return base;
	const made = await mkdtemp(join(cache, 'making-'));
	try {
		const run = await execa('debootstrap', ['--variant=minbase', suite, made, mirror], {reject: false, all: true});
		if (run.failed) throw new Error(`debootstrap failed: ${String(run.all ?? run.message).slice(-2000)}`);
		const sources = `deb ${mirror} ${suite} main\ndeb ${security} ${suite}-security main\n`;
		await writeFile(join(made, 'etc/apt/sources.list'), sources);
		const without = ['doc', 'info', 'locale', 'man'].map(kind => `path-exclude=/usr/share/${kind}/*\n`);
		const settings = `${without.join('')}path-include=/usr/share/doc/*/copyright\n`;
		await writeFile(join(made, 'etc/dpkg/dpkg.cfg.d/docker'), settings);
		for (const kind of ['info', 'locale', 'man']) await removeFolder(join(made, 'usr/share', kind));
		for await (const file of glob('usr/share/doc/*/*', {cwd: made}))
			if (!file.endsWith('/copyright')) await removeFolder(join(made, file));
		for await (const file of glob(['var/cache/apt/archives/*.deb', 'var/lib/apt/lists/*_*'], {cwd: made}))
			await removeFolder(join(made, file));
		// A scratch folder is its owner's alone.
		await chmod(made, 0o755);
		await rename(made, base);
	} finally {
		await removeFolder(made);
	}
	return base;
}

/** As the image of Node.js has it: the program, npm, and the library that it needs beside Debian's smallest system. */
async function addNode(root: string): Promise<void> {
	const {stdout: found} = await execa('which', ['npm']);
	const ownNpm = dirname(dirname(await realpath(found)));
	await cp(process.execPath, join(root, 'usr/local/bin/node'));
	const npm = 'usr/local/lib/node_modules/npm';
	await mkdir(join(root, dirname(npm)), {recursive: true});
	await execa('cp', ['--archive', ownNpm, join(root, npm)]);
	await execa('ln', ['--symbolic', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
	await runInRoot(
		root,
		'/',
		'apt-get update -q && apt-get install -y -q --no-install-recommends libatomic1 libstdc++6',
	);
}

/** From where this machine's apt takes Debian. */
async function mirrors(): Promise<{mirror: string; security: string; suite: string}> {
	let text = '';
	for await (const file of glob('/etc/apt/{sources.list,sources.list.d/*.{list,sources}}'))
		text += `${await readFile(file, 'utf8')}\n`;
	const urls = [...text.matchAll(/^(?:deb |URIs: *)(?:\[[^\]]*\] *)?(https?:\/\/\S+)/gm)].flatMap(
		([, url]) => url ?? [],
	);
	const mirror = urls.find(url => /\/debian\/?$/.test(url)) ?? 'http://deb.debian.org/debian';
	const security = urls.find(url => /\/debian-security\/?$/.test(url)) ?? 'http://deb.debian.org/debian-security';
	return {mirror, security, suite: 'bookworm'};
}

/** Of everything that goes in. */
async function hashOfAll(): Promise<string> {
	const hash = createHash('sha256')
		.update(process.version)
		.update(JSON.stringify(await mirrors()));
	const sources = (await imageStages()).flatMap(({steps}) =>
		steps.flatMap(step => (step.kind === 'copy' && step.stage === undefined ? step.from : [])),
	);
	const files: string[] = ['Containerfile', 'test/system/lab/image.ts'];
	for (const source of sources) {
		if (!source.endsWith('/')) files.push(source);
		else for await (const file of glob(`${source}**/*.*`, {cwd: repository})) files.push(file);
	}
	for (const file of files.toSorted()) hash.update(file).update(await readFile(join(repository, file)));
	return hash.digest('hex').slice(0, 12);
}

function removeFolder(folder: string): Promise<void> {
	return rm(folder, {recursive: true, force: true});
}
