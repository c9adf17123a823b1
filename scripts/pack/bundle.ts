/** The agent's program as two or more texts: the main one, and one for each thread that it starts. */

import {readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {basename, dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build, type Metafile, type Plugin} from 'esbuild';
import {version} from '../../src/util/version.ts';

export interface Bundle {
	main: string;
	/** By the name that `startOwnWorker` asks for. */
	workers: ReadonlyMap<string, string>;
	/** Packages of which something is inside, of all texts. */
	packages: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const {dependencies}: {dependencies: Record<string, string>} = JSON.parse(
	readFileSync(join(root, 'package.json'), 'utf8'),
);

/**
 * Dependencies of package.json that the agent may bring along, and what they bring themselves. Each costs size, start and memory on
 * every GPU instance: a new one is put here knowingly.
 */
const allowed: readonly string[] = ['dns-packet', 'execa', 'node-cron', 'pino', 're2js', 'undici', 'ws', 'yaml', 'zod'];

/** Bundles an entry file and the threads that it starts. Throws where something cannot be bundled, or a package got in that is not allowed. */
export async function bundleProgram(entry: string): Promise<Bundle> {
	const main = await bundleFile(entry);
	const workers = new Map<string, string>();
	const packages = new Set(main.packages);
	for (const file of await workerFilesOf(main.inputs)) {
		const worker = await bundleFile(file);
		workers.set(basename(file), worker.text);
		for (const name of worker.packages) packages.add(name);
	}
	const uninvited = [...packages]
		.filter(name => Object.hasOwn(dependencies, name) && !allowed.includes(name))
		.toSorted();
	if (uninvited.length > 0)
		throw new Error(
			`The agent would bring ${uninvited.join(', ')} along, which scripts/pack/bundle.ts does not allow. Load it only where the daemon needs it.`,
		);
	return {main: main.text, workers, packages: [...packages].toSorted()};
}

interface BundledFile {
	text: string;
	inputs: readonly string[];
	packages: readonly string[];
}

async function bundleFile(entry: string): Promise<BundledFile> {
	const {outputFiles, metafile} = await build({
		absWorkingDir: root,
		entryPoints: [entry],
		bundle: true,
		write: false,
		metafile: true,
		platform: 'node',
		format: 'cjs',
		target: `node${process.versions.node}`,
		// Nothing is imported by itself inside an executable: `import()` becomes a lazy `require`.
		supported: {'dynamic-import': false},
		minifySyntax: true,
		minifyWhitespace: true,
		legalComments: 'none',
		// Files that say where they are: inside an executable that is the executable.
		banner: {js: "const ownUrl = require('node:url').pathToFileURL(process.execPath).href;"},
		define: {'import.meta.url': 'ownUrl'},
		plugins: [adapting],
		logLevel: 'silent',
	});
	const [output] = outputFiles;
	if (!output) throw new Error(`esbuild made nothing of ${entry}.`);
	return {text: output.text, inputs: Object.keys(metafile.inputs), packages: packagesOf(metafile)};
}

/** What files of ours do in a way that no bundler understands, done so that it does. Each place must still be there. */
const adapting: Plugin = {
	name: 'adapting',
	setup({onLoad}) {
		onLoad({filter: /src\/util\/version\.ts$/}, () => ({
			contents: `export const version = ${JSON.stringify(version)};`,
			loader: 'ts',
		}));
		onLoad({filter: /src\/.*\.ts$/}, async ({path}) => {
			const text = await readFile(path, 'utf8');
			const contents = text.replaceAll('createRequire(import.meta.url)(', 'require(');
			if (contents.includes('createRequire('))
				throw new Error(`${relative(root, path)} requires in a way that cannot be bundled.`);
			return {contents, loader: 'ts'};
		});
	},
};

/** The files of threads that these files start by `startOwnWorker`. */
async function workerFilesOf(inputs: readonly string[]): Promise<string[]> {
	const files: string[] = [];
	for (const input of inputs.filter(name => name.startsWith('src/'))) {
		const text = await readFile(join(root, input), 'utf8');
		for (const [, path = ''] of text.matchAll(/\bstartOwnWorker\('([^']+)'/g)) files.push(join(dirname(input), path));
	}
	return files;
}

function packagesOf({inputs}: Metafile): string[] {
	const names = Object.keys(inputs).flatMap(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
	return [...new Set(names)];
}
