/** tailprobe in the bench: the very `serve` command, compiled as an image ships it or from its source. */

import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {nodeEnvironment, nodeFlags} from '../as-started.ts';
import {parseSamples, sumOf} from './exposition.ts';
import {type AtWork, certificate, getText, type Task, targetsOf} from './probers.ts';
import {type Running, startProgram, waitFor} from './processes.ts';
import {onProcessors} from './processors.ts';
import type {ReportedRun} from './types.ts';

/** The program and its first arguments, before `serve`. */
export interface Program {
	command: readonly string[];
	env: NodeJS.ProcessEnv;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const defaultPort = 9753;
export const tailprobeUrl = urlOf(defaultPort);

/** Node itself, where the one that runs now may have been found through a wrapper. */
const node = [process.execPath, ...nodeFlags];
const env = {...process.env, ...nodeEnvironment};

/** As `npm run tailprobe` starts it, without npm. */
export function sourceProgram(): Program {
	const cache = join(root, 'node_modules/.cache/tailprobe');
	return {command: [...node, join(root, 'src/main.ts')], env: {...env, NODE_COMPILE_CACHE: cache}};
}

/** Compiled by tsc into a folder, with the dependencies beside it. Throws where it does not compile. */
export function compileProgram(scratch: string): Program {
	const output = join(scratch, 'compiled');
	mkdirSync(output);
	const settings = {
		extends: join(root, 'tsconfig.json'),
		compilerOptions: {
			noEmit: false,
			rootDir: join(root, 'src'),
			outDir: join(output, 'src'),
			typeRoots: [join(root, 'node_modules/@types')],
		},
		include: [join(root, 'src')],
	};
	writeFileSync(join(output, 'tsconfig.json'), JSON.stringify(settings));
	const run = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(output, 'tsconfig.json')], {encoding: 'utf8'});
	if (run.status !== 0)
		throw new Error(`tsc could not compile tailprobe: ${(run.stdout || run.stderr).slice(0, 1000)}`);
	cpSync(join(root, 'package.json'), join(output, 'package.json'));
	symlinkSync(join(root, 'node_modules'), join(output, 'node_modules'));
	return {command: [...node, join(output, 'src/main.js')], env};
}

/** Starts `serve` with this configuration on these processors. JSON is YAML, too. */
export function startServe(
	program: Program,
	config: object,
	{scratch, processors, port = defaultPort}: Pick<Task, 'scratch' | 'processors'> & {port?: number},
): Running {
	const configFile = join(scratch, `tailprobe-${port}.yaml`);
	const web = {listen: `127.0.0.1:${port}`};
	writeFileSync(configFile, JSON.stringify({web, log: {level: 'warn', format: 'json'}, ...config}));
	const command = onProcessors(processors, [...program.command, 'serve', '--config', configFile]);
	return startProgram(command, {logFile: join(scratch, `tailprobe-${port}.log`), env: program.env});
}

/** Resolves when it is ready, with the milliseconds since its start. */
export async function untilReady(running: Running, url = tailprobeUrl): Promise<number> {
	await waitFor('tailprobe did not become ready', running, 30_000, () => getText(`${url}/-/ready`), 5);
	return performance.now() - running.startedAt;
}

/** Starts it with one http check over all targets, as a user writes one: everything else by default, but for `more`. */
export async function startTailprobe(
	program: Program,
	task: Task,
	{port = defaultPort, ...more}: {checks?: readonly object[]; limits?: object; port?: number} = {},
): Promise<AtWork> {
	const url = urlOf(port);
	const running = startServe(
		program,
		{
			vantages: [withoutTailscaled],
			...more,
			checks: [checkOf(task), ...(more.checks ?? [])],
		},
		{...task, port},
	);
	await untilReady(running, url);
	const keys = targetsOf('tailprobe', task).map(({name}) => `${checkName}/local/${name}`);
	return {
		running,
		pause: () => running.pause(),
		resume: () => running.resume(),
		begin: async () => {},
		scrape: async () => void (await getText(`${url}/metrics`)),
		async counts() {
			const samples = parseSamples((await getText(`${url}/metrics`)) ?? '', name => name === runsMetric);
			return {runs: sumOf(samples, runsMetric), succeeded: sumOf(samples, runsMetric, {verdict: 'up'})};
		},
		async readings() {
			const runs: ReportedRun[] = [];
			for (const key of keys) runs.push(...(await historyOf(url, key)));
			return runs;
		},
	};
}

export const withoutTailscaled = {name: 'local', type: 'local', tailscaled: false};
const checkName = 'bench';
const runsMetric = 'tailprobe_check_runs_total';

function urlOf(port: number): string {
	return `http://127.0.0.1:${port}`;
}

function checkOf(task: Task): object {
	const tls = {tls_config: {ca_file: certificate.authority, server_name: certificate.name}};
	return {
		name: checkName,
		prober: 'http',
		via: 'direct',
		interval: `${task.intervalMs}ms`,
		timeout: `${task.timeoutMs}ms`,
		targets: targetsOf('tailprobe', task).map(({name, url}) => ({name, target: url})),
		...(task.scheme === 'https' ? {http: tls} : {}),
	};
}

/** The API keeps the last twenty runs of each check. */
async function historyOf(url: string, key: string): Promise<ReportedRun[]> {
	const text = await getText(`${url}/api/v1/checks/${encodeURIComponent(key)}/history`);
	const {recent} = JSON.parse(text ?? '{"recent":[]}') as {recent: RecentRun[]};
	return recent.flatMap(({startedAt, durationSeconds, verdict, late, phases}) => {
		if (verdict !== 'up' || phases?.processing === undefined) return [];
		// What tailprobe_check_duration_seconds shows.
		const phasesMs = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0) * 1000;
		return [
			{
				path: `/tailprobe/${key.slice(key.lastIndexOf('/') + 1)}`,
				startedWallMs: Date.parse(startedAt),
				reportedMs: phasesMs,
				phasesMs,
				runMs: durationSeconds * 1000,
				processingMs: phases.processing * 1000,
				late,
			},
		];
	});
}

interface RecentRun {
	startedAt: string;
	durationSeconds: number;
	verdict: string;
	late: boolean;
	phases?: Record<string, number>;
}
