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

/** A program of our own whose Go source is in the repository. */
interface OwnPart {
	source: string;
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

/** Every part by the name that tests ask for. headscale 0.28 is not here: a dependency of it is no longer to be had. */
export const parts = {
	'headscale-0.29.2': headscale('0.29.2'),
	'headscale-0.26.1': headscale('0.26.1'),
	'headscale-0.23.0': headscale('0.23.0'),
	tailscaled: tailscale('tailscaled'),
	tailscale: tailscale('tailscale'),
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
	wire: {source: 'test/system/lab/wire'},
} as const satisfies Record<string, ModulePart | OwnPart>;

/** The name of a part. */
export type PartName = keyof typeof parts;

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tailprobe', 'parts');

/**
 * The file of a part, built now where it is missing (half a minute to some minutes each).
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
	const part = parts[name];
	return join(cache, `${name.split('-')[0]}-${'source' in part ? await hashOf(part.source) : part.version}`);
}

async function hashOf(source: string): Promise<string> {
	const hash = createHash('sha256');
	for (const file of (await readdir(join(root, source))).sort()) {
		hash.update(file).update(await readFile(join(root, source, file)));
	}
	return hash.digest('hex').slice(0, 12);
}

async function build(name: PartName, file: string): Promise<void> {
	const part: ModulePart | OwnPart = parts[name];
	process.stderr.write(`Building ${name} with Go, once for this machine: some minutes …\n`);
	await mkdir(cache, {recursive: true});
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-part-'));
	try {
		// A module of its own with one exact requirement: `go install PKG@VERSION` also asks for the list of versions, which
		// a proxy may refuse, and tools that shared a module would settle on each other's dependencies.
		if ('module' in part) {
			const text = `module part.invalid/${name}\n\ngo 1.26\n\nrequire ${part.module} v${part.version}\n`;
			await writeFile(join(scratch, 'go.mod'), text);
		}
		const [directory, target] = 'source' in part ? [join(root, part.source), '.'] : [scratch, part.package];
		const output = join(scratch, 'program');
		const args = ['build', '-mod=mod', '-trimpath', '-buildvcs=false', '-o', output, target];
		const run = await execa('go', args, {cwd: directory, env: {CGO_ENABLED: '0'}, reject: false, all: true});
		if (run.failed) {
			throw new Error(
				`Building ${name} with Go failed: ${String(run.all ?? run.message).slice(-1500) || run.message} (Go 1.26 must be on the path, and its module proxy in reach.)`,
			);
		}
		// Renamed only when whole, and from beside it: a build that was cut short leaves nothing that looks finished.
		const beside = `${file}.${process.pid}`;
		await copyFile(output, beside);
		await rename(beside, file);
	} finally {
		await rm(scratch, {recursive: true, force: true});
	}
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
