/** `npm run bench`: tailprobe beside its peers on this machine, and a table of what is wanted and what came. */

import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {UserError} from '../../src/util/errors.ts';
import {ensurePart, partFile, parts} from '../parts.ts';
import {measureAgents} from './agents.ts';
import type {Bench} from './bench.ts';
import {compareCase} from './compare.ts';
import {brokenRatios, ratioCount} from './guard.ts';
import {describeMachine} from './machine.ts';
import {addAddresses, enterNamespace, isInside} from './namespace.ts';
import {type Options, readOptions, usage} from './options.ts';
import {refuseForPage, writePage} from './page.ts';
import {certificate, plainPort, securePort} from './probers.ts';
import {isEnding, killAll, startHelper, stopAll} from './processes.ts';
import {splitProcessors, stayOn} from './processors.ts';
import type {RecordCommand} from './record-server.ts';
import {measureScale} from './scale.ts';
import {measureScrapedLatency} from './scrapes.ts';
import {measureStartUp} from './start-up.ts';
import {summarize} from './summary.ts';
import {compileProgram, sourceProgram} from './tailprobe.ts';
import type {BenchResult} from './types.ts';

const peerNames = ['blackbox_exporter', 'cloudprober'] as const;
type Peer = (typeof peerNames)[number];
/** What the bench tells itself when it begins anew inside its namespace. */
const missedVariable = 'TAILPROBE_BENCH_MISSED';

try {
	process.exitCode = await main(readOptions(process.argv.slice(2)));
} catch (error) {
	const isUsage = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') ?? false;
	if (!isUsage && !(error instanceof UserError)) throw error;
	process.stderr.write(`bench: ${(error as Error).message}\n${isUsage ? `\n${usage}` : ''}`);
	process.exitCode = error instanceof UserError ? error.exitCode : 64;
}

/** Resolves with the exit status. */
async function main(options: Options): Promise<number> {
	if (options.help) {
		process.stdout.write(usage);
		return 0;
	}
	const {from, json, write, evenIfBusy} = options;
	// Not after a run that was for nothing.
	if (write && from === undefined) refuseForPage({...options, comparisons: undefined}, evenIfBusy);
	const result: BenchResult = from === undefined ? await run(options) : JSON.parse(await readFile(from, 'utf8'));
	process.stdout.write(`${summarize(result)}\n`);
	if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, '\t')}\n`);
	if (write) {
		refuseForPage(result, evenIfBusy);
		await writePage(result);
	}
	if (result.form !== 'short') return 0;
	const broken = brokenRatios(result);
	process.stdout.write(`\n${broken.map(sentence => `BROKEN ${sentence}\n`).join('')}`);
	process.stdout.write(broken.length === 0 ? 'No ratio is broken.\n' : '');
	process.stdout.write(`${ratioCount(result) - broken.length} passed, ${broken.length} failed\n`);
	return broken.length === 0 ? 0 : 1;
}

async function run(options: Options): Promise<BenchResult> {
	// Before the namespace: what must be built needs the network.
	if (!isInside()) enterNamespace({[missedVariable]: JSON.stringify(await buildPeers())});
	addAddresses();
	const missed: Partial<Record<Peer, string>> = JSON.parse(process.env[missedVariable] ?? '{}');
	const notRun = Object.entries(missed).map(([name, why]) => `${name}: ${why}`);
	const peers: Bench['peers'] = {};
	for (const name of peerNames) if (missed[name] === undefined) peers[name] = await partFile(name);
	const startedAt = new Date();
	const seconds = () => (Date.now() - startedAt.getTime()) / 1000;
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-bench-'));
	endWithSignals(scratch);
	try {
		const processors = splitProcessors();
		const compiled = compileProgram(scratch);
		stayOn(processors.others);
		const server = startHelper('./record-server.ts');
		const {file, key} = certificate;
		await server.ask({do: 'listen', plainPort, securePort, certificate: file, key} satisfies RecordCommand);
		const bench: Bench = {
			options,
			scratch,
			server,
			processors,
			compiled,
			source: sourceProgram(),
			peers,
			tell: line => void process.stderr.write(`${seconds().toFixed(0).padStart(4)} s  ${line}\n`),
			miss: sentence => void notRun.push(sentence),
		};
		const measured = await measure(bench);
		return {
			startedAt: startedAt.toISOString(),
			seconds: seconds(),
			form: options.form,
			rounds: Math.max(...options.cases.map(({rounds}) => rounds)),
			parts: options.parts,
			versions: Object.fromEntries(peerNames.map(name => [name, parts[name].version])),
			machine: describeMachine(),
			...measured,
			notRun,
		};
	} finally {
		await stopAll();
		await rm(scratch, {recursive: true, force: true});
	}
}

type Measured = Pick<BenchResult, 'comparisons' | 'scrapes' | 'startUp' | 'scale' | 'agents'>;

/** Part by part; one that fails is told, and the others go on. */
async function measure(bench: Bench): Promise<Measured> {
	const {parts: wanted, cases} = bench.options;
	const measured: Measured = {comparisons: []};
	const attempt = async (what: string, part: () => Promise<void>) => {
		try {
			await part();
		} catch (error) {
			// A signal took the processes away: nothing more is to be told, and the exit is near.
			if (isEnding()) await new Promise(() => {});
			bench.miss(`${what}: ${(error as Error).message}`);
			bench.tell(`${what} failed: ${(error as Error).message}`);
		}
	};
	if (wanted.includes('compare')) {
		for (const each of cases) {
			await attempt(`${each.targets} targets over ${each.scheme}`, async () => {
				measured.comparisons.push(await compareCase(bench, each));
			});
		}
	}
	if (wanted.includes('scrapes')) {
		await attempt('scrapes', async () => {
			const scrapes = await measureScrapedLatency(bench);
			if (scrapes) measured.scrapes = scrapes;
		});
	}
	if (wanted.includes('start-up')) {
		await attempt('start-up', async () => {
			measured.startUp = await measureStartUp(bench);
		});
	}
	if (wanted.includes('scale')) {
		await attempt('many nodes', async () => {
			measured.scale = await measureScale(bench);
		});
	}
	if (wanted.includes('agents')) {
		await attempt('agents', async () => {
			measured.agents = await measureAgents(bench);
		});
	}
	return measured;
}

/** Builds those that are not in the cache; why, for each that cannot be built. */
async function buildPeers(): Promise<Partial<Record<Peer, string>>> {
	const missed: Partial<Record<Peer, string>> = {};
	for (const name of peerNames) {
		try {
			await ensurePart(name);
		} catch (error) {
			missed[name] = (error as Error).message;
		}
	}
	return missed;
}

/** Whatever ends the bench ends all that it started. */
function endWithSignals(scratch: string): void {
	for (const [signal, number] of [
		['SIGINT', 2],
		['SIGTERM', 15],
		['SIGHUP', 1],
	] as const) {
		process.once(signal, () => {
			process.stderr.write(`\nbench: ${signal}, ending what was started\n`);
			void stopAll()
				.then(() => rm(scratch, {recursive: true, force: true}))
				.finally(() => process.exit(128 + number));
		});
	}
	process.once('exit', killAll);
}
