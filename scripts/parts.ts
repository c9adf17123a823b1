/**
 * The real programs that system tests and the bench run beside tailprobe, built from their Go modules by exact version
 * and kept in a cache: `node scripts/parts.ts [NAME…]` builds what is missing (all of them, where none is named).
 */

import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {homedir, tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';

/** A program of a Go module: what `go build` is given. */
interface ModulePart {
	module: string;
	version: string;
	package: string;
}

/** A program whose Go source is in the repository: ours, or a few lines around modules that cannot be built by themselves. */
interface OwnPart {
	/** Directory of the Go module. */
	source: string;
	/** Directory of the program below it; absent: the module is the program. */
	package?: string;
	/** For Go's linker. */
	linker?: string;
}

const headscale = (version: string): ModulePart => ({
	module: 'github.com/juanfont/headscale',
	version,
	package: 'github.com/juanfont/headscale/cmd/headscale',
});

/** 1.104 wants Go 1.27. */
const tailscale = (command: string): ModulePart => ({
	module: 'tailscale.com',
	version: '1.102.3',
	package: `tailscale.com/cmd/${command}`,
});

/** What Kubernetes' own build writes into its programs: without it they take themselves for version 0.0.0. */
const kubernetesVersion = Object.entries({gitVersion: 'v1.36.3', gitMajor: '1', gitMinor: '36'})
	.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
	.join(' ');

const kubernetes = (command: string): OwnPart => ({
	source: 'test/system/lab/kubernetes',
	package: command,
	linker: `-s -w ${kubernetesVersion}`,
});

/** Every part by the name that tests ask for. headscale 0.28 is not here: a dependency of it is no longer to be had. */
export const parts = {
	'headscale-0.29.2': headscale('0.29.2'),
	'headscale-0.26.1': headscale('0.26.1'),
	'headscale-0.23.0': headscale('0.23.0'),
	tailscaled: tailscale('tailscaled'),
	tailscale: tailscale('tailscale'),
	/** The first process of tailscale's image. */
	containerboot: tailscale('containerboot'),
	blackbox_exporter: {
		module: 'github.com/prometheus/blackbox_exporter',
		version: '0.28.0',
		package: 'github.com/prometheus/blackbox_exporter',
	},
	cloudprober: {
		module: 'github.com/cloudprober/cloudprober',
		version: '0.14.4',
		package: 'github.com/cloudprober/cloudprober/cmd/cloudprober',
	},
	amtool: {
		module: 'github.com/prometheus/alertmanager',
		version: '0.34.2',
		package: 'github.com/prometheus/alertmanager/cmd/amtool',
	},
	helm: {module: 'helm.sh/helm/v3', version: '3.22.0', package: 'helm.sh/helm/v3/cmd/helm'},
	kubeconform: {
		module: 'github.com/yannh/kubeconform',
		version: '0.8.0',
		package: 'github.com/yannh/kubeconform/cmd/kubeconform',
	},
	wire: {source: 'test/system/lab/wire'},
	etcd: kubernetes('etcd'),
	'kube-apiserver': kubernetes('kube-apiserver'),
	'kube-controller-manager': kubernetes('kube-controller-manager'),
	'kube-scheduler': kubernetes('kube-scheduler'),
	vknode: kubernetes('vknode'),
} as const satisfies Record<string, ModulePart | OwnPart>;

/** The name of a part. */
export type PartName = keyof typeof parts;

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tailprobe', 'parts');

/**
 * The file of a part, built now where it is missing (half a minute to some minutes each). With it come the missing parts of the same
 * Go module, which share most of their work.
 *
 * @throws Error with the compiler's last words where it cannot be built
 */
export async function ensurePart(name: PartName): Promise<string> {
	const file = await partFile(name);
	if (!existsSync(file)) await build(name, file);
	return file;
}

/** Where a part lies once built; its version, or a hash of its source, is in the name, so that none is ever stale. */
export async function partFile(name: PartName): Promise<string> {
	const part: ModulePart | OwnPart = parts[name];
	if ('source' in part) return join(cache, `${name}-${await hashOf(part)}`);
	return join(cache, `${name.replace(`-${part.version}`, '')}-${part.version}`);
}

/** Of the module's own files and the program's: another program of the module is not built again for it. */
async function hashOf({source, package: below, linker = ''}: OwnPart): Promise<string> {
	const hash = createHash('sha256').update(linker);
	for (const directory of [source, ...(below === undefined ? [] : [join(source, below)])]) {
		const entries = await readdir(join(root, directory), {withFileTypes: true});
		const files = entries.filter(entry => entry.isFile()).map(entry => entry.name);
		for (const file of files.sort()) hash.update(file).update(await readFile(join(root, directory, file)));
	}
	return hash.digest('hex').slice(0, 12);
}

async function build(name: PartName, file: string): Promise<void> {
	await mkdir(cache, {recursive: true});
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-part-'));
	try {
		const part: ModulePart | OwnPart = parts[name];
		if ('source' in part) await buildOwn(name, part, scratch);
		else await buildModule(name, part, file, scratch);
	} finally {
		await rm(scratch, {recursive: true, force: true});
	}
}

async function buildModule(name: PartName, part: ModulePart, file: string, scratch: string): Promise<void> {
	// A module of its own with one exact requirement: `go install PKG@VERSION` also asks for the list of versions, which
	// a proxy may refuse, and tools that shared a module would settle on each other's dependencies.
	const text = `module part.invalid/${name}\n\ngo 1.26\n\nrequire ${part.module} v${part.version}\n`;
	await writeFile(join(scratch, 'go.mod'), text);
	const output = join(scratch, 'program');
	await goBuild([name], scratch, ['-mod=mod', '-o', output, part.package]);
	await keep(output, file);
}

async function buildOwn(name: PartName, {source, package: below, linker}: OwnPart, scratch: string): Promise<void> {
	const names = below === undefined ? [name] : await missingOf(source);
	const packageOf = (one: PartName) => {
		const part: ModulePart | OwnPart = parts[one];
		return part.package === undefined ? '.' : `./${part.package}`;
	};
	const flags = ['-mod=readonly', ...(linker === undefined ? [] : ['-ldflags', linker])];
	const output = below === undefined ? join(scratch, name) : `${scratch}/`;
	await goBuild(names, join(root, source), [...flags, '-o', output, ...names.map(packageOf)]);
	for (const one of names) await keep(join(scratch, one), await partFile(one));
}

/** The parts of a Go module of ours that are not in the cache. */
async function missingOf(source: string): Promise<PartName[]> {
	const names = Object.keys(parts) as PartName[];
	const files = await Promise.all(names.map(partFile));
	return names.filter((name, index) => {
		const part: ModulePart | OwnPart = parts[name];
		return 'source' in part && part.source === source && !existsSync(files[index] ?? '');
	});
}

async function goBuild(names: readonly PartName[], cwd: string, args: readonly string[]): Promise<void> {
	const what = names.join(', ');
	process.stderr.write(`Building ${what} with Go, once for this machine: some minutes …\n`);
	const run = await execa('go', ['build', '-trimpath', '-buildvcs=false', ...args], {
		cwd,
		env: {CGO_ENABLED: '0'},
		reject: false,
		all: true,
	});
	if (!run.failed) return;
	const said = String(run.all ?? run.message).slice(-1500) || run.message;
	throw new Error(
		`Building ${what} with Go failed: ${said} (Go 1.26 must be on the path, and its module proxy in reach.)`,
	);
}

/** Renamed only when whole, and from beside it: a build that was cut short leaves nothing that looks finished. */
async function keep(output: string, file: string): Promise<void> {
	const beside = `${file}.${process.pid}`;
	await copyFile(output, beside);
	await rename(beside, file);
}

if (import.meta.main) {
	const wanted = process.argv.slice(2);
	const names = (wanted.length > 0 ? wanted : Object.keys(parts)) as PartName[];
	for (const name of names) {
		if (!(name in parts)) throw new Error(`There is no part "${name}"; there are ${Object.keys(parts).join(', ')}.`);
		const file = await partFile(name);
		const present = existsSync(file);
		const startedAt = performance.now();
		await ensurePart(name);
		const seconds = Math.round((performance.now() - startedAt) / 1000);
		process.stderr.write(present ? `${name}: in the cache\n` : `${name}: built in ${seconds} s\n`);
	}
}
