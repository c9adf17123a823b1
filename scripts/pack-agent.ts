/** `npm run pack:agent`: the agent as one file that runs on a machine without Node.js, and what it weighs. */

import {execFileSync, spawnSync} from 'node:child_process';
import {statSync, writeFileSync} from 'node:fs';
import {basename} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {bundleProgram} from './pack/bundle.ts';
import {buildExecutable, sha256Of} from './pack/executable.ts';

const usage = `Usage: npm run pack:agent [-- --output FILE] [--compress]

Writes the agent as one file, dist/tailprobe-agent by default, with its SHA-256
beside it, and tells its size and how long it takes to start.

  --output FILE  another place
  --compress     tells its size packed by xz and zstd too, where they are here
`;

const {values} = parseArgs({
	options: {
		output: {type: 'string', default: fileURLToPath(new URL('../dist/tailprobe-agent', import.meta.url))},
		compress: {type: 'boolean', default: false},
		help: {type: 'boolean', short: 'h', default: false},
	},
});
if (values.help) process.stdout.write(usage);
else await pack(values.output, values.compress);

async function pack(output: string, compress: boolean): Promise<void> {
	const bundle = await bundleProgram('scripts/pack/main.ts');
	const notes = await buildExecutable(bundle, output);
	const sum = await sha256Of(output);
	writeFileSync(`${output}.sha256`, `${sum}  ${basename(output)}\n`);
	tell(output, `${megabytesOf(statSync(output).size)} (the program itself: ${megabytesOf(sizeOf(bundle))})`);
	tell('SHA-256', sum);
	tell('first answer after', `${medianStartMs(output).toFixed(0)} ms`);
	for (const note of notes) tell('note', note);
	if (compress) {
		tell('packed by xz', packedSize('xz', ['--stdout', '-T0', output]));
		tell('packed by zstd', packedSize('zstd', ['--stdout', '--quiet', '-19', '-T0', output]));
	}
}

function tell(what: string, words: string): void {
	process.stdout.write(`${what}: ${words}\n`);
}

function sizeOf({main, workers}: Awaited<ReturnType<typeof bundleProgram>>): number {
	return [main, ...workers.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function megabytesOf(bytes: number): string {
	return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** From the start of the process to its end, of the shortest command. */
function medianStartMs(file: string): number {
	const times = Array.from({length: 5}, () => {
		const startedAt = performance.now();
		execFileSync(file, ['--version'], {env: {}});
		return performance.now() - startedAt;
	});
	return times.toSorted((a, b) => a - b)[2] ?? Number.NaN;
}

function packedSize(tool: string, args: string[]): string {
	const {stdout, status} = spawnSync(tool, args, {maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'ignore']});
	return status === 0 ? megabytesOf(stdout.length) : `not told: there is no ${tool} here`;
}
