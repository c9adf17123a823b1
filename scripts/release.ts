/** `npm run release`: everything that is handed out, with its sums, in dist/release. Nothing is published. */

import {existsSync} from 'node:fs';
import {cp, glob, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {execa} from 'execa';
import {version} from '../src/util/version.ts';
import {bundleProgram} from './pack/bundle.ts';
import {buildExecutable, sha256Of} from './pack/executable.ts';
import {partFile} from './parts.ts';
import {archive} from './release/archive.ts';
import {writeProgram} from './release/program.ts';
import {onlyPackages, type Sbom, sbomOf, withNode} from './release/sbom.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const usage = `Usage: npm run release [-- --output FOLDER]

Writes into dist/release, which is made anew:

  tailprobe-${version}.tgz                   the npm package, compiled: npm install -g FILE
  tailprobe-agent-${version}-${process.platform}-${process.arch}   the agent as one file, for this kind of processor
  tailprobe-chart-${version}.tgz             the Helm chart
  tailprobe-plain-${version}.yaml            its objects without Helm
  tailprobe-rules-${version}.tgz             alerts and dashboards alone
  tailprobe.service, tailprobe-agent.service
  *.cdx.json                            what is inside, as CycloneDX
  SHA256SUMS
`;

const {values} = parseArgs({
	options: {
		output: {type: 'string', default: join(root, 'dist/release')},
		help: {type: 'boolean', short: 'h', default: false},
	},
});
if (values.help) process.stdout.write(usage);
else await release(values.output);

async function release(output: string): Promise<void> {
	await rm(output, {recursive: true, force: true});
	await mkdir(output, {recursive: true});
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-release-'));
	try {
		const sbom = await packProgram(join(scratch, 'program'), output);
		await packAgent(sbom, output);
		await packChart(scratch, output);
		await packRules(join(scratch, 'rules'), output);
		for await (const unit of glob('scripts/systemd/*.service', {cwd: root}))
			await cp(join(root, unit), join(output, basename(unit)));
		await writeSums(output);
		await tellSizes(output);
	} finally {
		await rm(scratch, {recursive: true, force: true});
	}
}

async function packProgram(folder: string, output: string): Promise<Sbom> {
	await writeProgram(folder);
	await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', output], {cwd: folder});
	const sbom = await sbomOf(folder);
	await writeSbom(join(output, `tailprobe-${version}.cdx.json`), sbom);
	return sbom;
}

async function packAgent(sbom: Sbom, output: string): Promise<void> {
	const bundle = await bundleProgram('scripts/pack/main.ts');
	const name = `tailprobe-agent-${version}-${process.platform}-${process.arch}`;
	const notes = await buildExecutable(bundle, join(output, name));
	for (const note of notes) tell('note', note);
	await writeSbom(join(output, `${name}.cdx.json`), withNode(onlyPackages(sbom, bundle.packages)));
}

/** By Helm itself where it has been built (`npm run parts`); it looks at the chart before it packs it. */
async function packChart(scratch: string, output: string): Promise<void> {
	const chart = join(root, 'helm/tailprobe');
	const helm = await partFile('helm');
	const file = join(output, `tailprobe-chart-${version}.tgz`);
	if (existsSync(helm)) {
		const folder = join(scratch, 'chart');
		await execa(helm, ['package', chart, '--version', version, '--app-version', version, '--destination', folder]);
		await cp(join(folder, `tailprobe-${version}.tgz`), file);
	} else {
		tell('note', 'The chart is packed by tar: there is no helm here (npm run parts).');
		await archive(chart, 'tailprobe', file);
	}
	const plain = join(root, 'helm/plain/tailprobe.yaml');
	if (existsSync(plain)) await cp(plain, join(output, `tailprobe-plain-${version}.yaml`));
}

async function packRules(folder: string, output: string): Promise<void> {
	for await (const file of glob(['alerts/*.{yaml,yml}', 'dashboards/*.json', 'docs/**/*.md'], {cwd: root}))
		await cp(join(root, file), join(folder, file));
	const name = `tailprobe-rules-${version}`;
	await archive(folder, name, join(output, `${name}.tgz`));
}

async function writeSbom(file: string, sbom: Sbom): Promise<void> {
	await writeFile(file, `${JSON.stringify(sbom, undefined, '\t')}\n`);
}

async function writeSums(output: string): Promise<void> {
	const names = (await readdir(output)).toSorted();
	const lines = await Promise.all(names.map(async name => `${await sha256Of(join(output, name))}  ${name}\n`));
	await writeFile(join(output, 'SHA256SUMS'), lines.join(''));
}

async function tellSizes(output: string): Promise<void> {
	const sums = await readFile(join(output, 'SHA256SUMS'), 'utf8');
	for (const line of sums.trimEnd().split('\n')) {
		const name = line.slice(66);
		const {size} = await stat(join(output, name));
		tell(name, size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`);
	}
	tell('in', output);
}

function tell(what: string, words: string): void {
	process.stdout.write(`${what}: ${words}\n`);
}
