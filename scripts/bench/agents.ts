/** Agents: what a hundred of them cost the daemon, and what one costs the machine that it runs on. */

import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {bundleProgram} from '../pack/bundle.ts';
import {buildExecutable} from '../pack/executable.ts';
import type {FarmCommand, FarmCounts} from './agent-farm.ts';
import type {Bench} from './bench.ts';
import {countSamples, parseSamples, type Sample, sumOf} from './exposition.ts';
import {addressOf} from './namespace.ts';
import {getText, plainPort} from './probers.ts';
import {cpuMsOf, memoryOf} from './process-figures.ts';
import {type Running, startHelper, startProgram, waitFor} from './processes.ts';
import {onProcessors} from './processors.ts';
import {startServe, tailprobeUrl, untilReady, withoutTailscaled} from './tailprobe.ts';
import type {AgentFigures, Agents, DaemonOfAgents} from './types.ts';

const agents = 100;
const checksEach = 10;
const intervalMs = 15_000;
const port = 9764;
const secret = 'what-both-sides-of-the-bench-have';
/** From the first connection on, until every check has run once and its outcome has come. */
const settleMs = 20_000;
const longestWaitMs = 60_000;

/** Measures both, one after the other. */
export async function measureAgents(bench: Bench): Promise<Agents> {
	const {secretFile, agentFile} = await prepare(bench);
	const many = await measureMany(bench, secretFile);
	const one = await measureOne(bench, secretFile, agentFile);
	return {agents, checksEach, intervalMs, ...many, one};
}

/** The daemon with agents that play their part in one process. */
async function measureMany(bench: Bench, secretFile: string): Promise<Pick<Agents, 'before' | 'daemon'>> {
	const farm = startHelper('./agent-farm.ts');
	const hosts = Array.from({length: agents}, (_, index) => ({
		name: `agent-${String(index + 1).padStart(3, '0')}`,
		address: addressOf(200_000 + index),
	}));
	const addresses = hosts.map(({address}) => address);
	await farm.ask({do: 'listen', addresses, port, secret} satisfies FarmCommand);
	const running = startServe(bench.compiled, daemonConfig(hosts, secretFile), {
		scratch: bench.scratch,
		processors: bench.processors.measured,
	});
	await untilReady(running);
	const before = memoryOf(running.pid);
	await untilSound(running, agents);
	bench.tell(`${agents} agents: all are in touch, waiting until each check has run once`);
	await wait(settleMs);

	const first = await scrape();
	const farmBefore = await farm.ask<FarmCounts>({do: 'count'} satisfies FarmCommand);
	const cpuBefore = cpuMsOf(running.pid);
	const from = performance.now();
	await wait(bench.options.agentsWindowMs);
	const last = await scrape();
	const cpuMs = cpuMsOf(running.pid) - cpuBefore;
	const seconds = (performance.now() - from) / 1000;
	const farmAfter = await farm.ask<FarmCounts>({do: 'count'} satisfies FarmCommand);
	const memory = memoryOf(running.pid);
	await running.stop();
	await farm.stop();

	const grown = (name: string, labels: Record<string, string> = {}) =>
		sumOf(last.samples, name, labels) - sumOf(first.samples, name, labels);
	const daemon: DaemonOfAgents = {
		seconds,
		wantedRuns: (agents * checksEach * seconds * 1000) / intervalMs,
		runs: grown('tailprobe_check_runs_total'),
		up: grown('tailprobe_check_runs_total', {verdict: 'up'}),
		unknown: grown('tailprobe_check_runs_total', {verdict: 'unknown'}),
		answers: farmAfter.answers - farmBefore.answers,
		cpuPercent: cpuMs / seconds / 10,
		...memory,
		samples: countSamples(last.text),
	};
	bench.tell(
		`${agents} agents: ${daemon.runs} outcomes of ${daemon.wantedRuns.toFixed(0)}, ${daemon.cpuPercent.toFixed(1)} % of a core, ${memory.residentMb.toFixed(0)} MB`,
	);
	return {before, daemon};
}

/** The packed agent with a daemon that dials it; it probes the record server. */
async function measureOne(bench: Bench, secretFile: string, file: string): Promise<AgentFigures> {
	const address = addressOf(200_000);
	const configFile = join(bench.scratch, 'agent.yaml');
	writeFileSync(
		configFile,
		JSON.stringify({
			listen: `${address}:${port}`,
			tailscaled: false,
			secret: {file: secretFile},
			allow: [{via: 'direct', prefixes: ['100.64.0.0/10']}],
			log: {level: 'info', format: 'json'},
		}),
	);
	const logFile = join(bench.scratch, 'agent.log');
	const startMs: number[] = [];
	const start = async (): Promise<Running> => {
		const running = startProgram(onProcessors(bench.processors.measured, [file, 'agent', '--config', configFile]), {
			logFile,
			env: {},
		});
		await waitFor('The agent did not listen', running, 10_000, () => greet(address), 5);
		startMs.push(performance.now() - running.startedAt);
		return running;
	};
	for (let turn = 0; turn < bench.options.starts; turn++) await (await start()).stop();
	const agent = await start();
	const daemon = startServe(bench.compiled, daemonConfig([{name: 'agent-001', address}], secretFile), {
		scratch: bench.scratch,
		processors: bench.processors.others,
	});
	await untilReady(daemon);
	await untilSound(daemon, 1);
	await wait(settleMs);
	const first = await scrape();
	const cpuBefore = cpuMsOf(agent.pid);
	const from = performance.now();
	await wait(bench.options.agentsWindowMs);
	const cpuMs = cpuMsOf(agent.pid) - cpuBefore;
	const seconds = (performance.now() - from) / 1000;
	const last = await scrape();
	const memory = memoryOf(agent.pid);
	await daemon.stop();
	await agent.stop();
	const runs = (verdict: string) =>
		sumOf(last.samples, 'tailprobe_check_runs_total', {verdict}) -
		sumOf(first.samples, 'tailprobe_check_runs_total', {verdict});
	const figures: AgentFigures = {
		seconds,
		wantedRuns: (checksEach * seconds * 1000) / intervalMs,
		up: runs('up'),
		down: runs('down'),
		unknown: runs('unknown'),
		cpuPercent: cpuMs / seconds / 10,
		...memory,
		startMs,
	};
	bench.tell(
		`one agent: ${figures.up} runs up of ${figures.wantedRuns.toFixed(0)}, ${figures.cpuPercent.toFixed(2)} % of a core, ${memory.anonymousMb.toFixed(0)} MB anonymous`,
	);
	return figures;
}

/** The secret's file and the packed agent. */
async function prepare(bench: Bench): Promise<{secretFile: string; agentFile: string}> {
	const folder = join(bench.scratch, 'agents');
	mkdirSync(folder, {recursive: true});
	const secretFile = join(folder, 'secret');
	writeFileSync(secretFile, secret);
	const agentFile = join(folder, 'tailprobe-agent');
	await buildExecutable(await bundleProgram('scripts/pack/main.ts'), agentFile);
	return {secretFile, agentFile};
}

function daemonConfig(hosts: readonly {name: string; address: string}[], secretFile: string): object {
	const targets = Array.from({length: checksEach}, (_, index) => ({
		name: `t${index}`,
		target: `http://${addressOf(index)}:${plainPort}/tailprobe/t${index}`,
	}));
	return {
		vantages: [
			withoutTailscaled,
			{name: 'gpu', type: 'remote', hosts, ways: [{agent: {port, secret: {file: secretFile}}}]},
		],
		checks: [{name: 'bench', prober: 'http', via: 'direct', from: ['gpu'], interval: `${intervalMs}ms`, targets}],
	};
}

/** Resolves when so many agents are in touch with the daemon. */
async function untilSound(daemon: Running, count: number): Promise<void> {
	await waitFor(
		`Not all of ${count} agents came into touch with the daemon`,
		daemon,
		longestWaitMs,
		async () => {
			const {samples} = await scrape();
			const sound = samples.filter(
				({name, labels, value}) => name === 'tailprobe_vantage_up' && labels.vantage !== 'local' && value === 1,
			);
			return sound.length >= count ? true : undefined;
		},
		500,
	);
}

/** Any answer will do: whoever says no hello answers all the same. */
async function greet(address: string): Promise<true> {
	await fetch(`http://${address}:${port}/agent/hello`, {signal: AbortSignal.timeout(1000)});
	return true;
}

async function scrape(): Promise<{text: string; samples: Sample[]}> {
	const text = (await getText(`${tailprobeUrl}/metrics`)) ?? '';
	return {text, samples: parseSamples(text, name => /^tailprobe_(check_runs_total|vantage_\w+)$/.test(name))};
}
