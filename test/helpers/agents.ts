/** Real agents as child processes on loopback, and the daemon's side of them; gone when the test ends. */

import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {type AgentVantageOptions, createAgentVantage} from '../../src/vantages/agent.ts';
import type {Vantage} from '../../src/vantages/types.ts';
import {aCheck} from './checks.ts';
import {until} from './until.ts';

export const aSecret = 'kYw0W0bXl1J3pQ5mN8sR2tU4vX6zA7cE';

export interface AgentChild {
	folder: string;
	/** What was taken first; the same after each start. */
	port: number;
	pid(): number;
	/** Each line of its log. */
	log: Record<string, unknown>[];
	/** Writes the secret's file at once. */
	rotate(secret: string): void;
	/** Ends it without a word. */
	kill(): Promise<void>;
	/** Starts it anew at the same port. */
	start(): Promise<void>;
	/** Stops it in its tracks, and lets it go on. */
	freeze(): void;
	thaw(): void;
}

/** `more` is YAML put behind `listen`, `secret` and `tailscaled: false`. */
export async function startAgentChild(t: Pick<ExecutionContext, 'teardown'>, more = ''): Promise<AgentChild> {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-agent-'));
	const log: Record<string, unknown>[] = [];
	const tailscaled = /^tailscaled:/m.test(more) ? '' : 'tailscaled: false\n';
	let child: ChildProcess | undefined;
	let port = 0;
	const rotate = (secret: string) => {
		writeFileSync(join(folder, '.new'), `${secret}\n`);
		renameSync(join(folder, '.new'), join(folder, 'secret'));
	};
	const agent: AgentChild = {
		folder,
		port,
		pid: () => child?.pid ?? 0,
		log,
		rotate,
		async kill() {
			const dying = child;
			child = undefined;
			if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
			const ended = once(dying, 'exit');
			dying.kill('SIGKILL');
			await ended;
		},
		async start() {
			const config = join(folder, 'agent.yaml');
			writeFileSync(config, `listen: 127.0.0.1:${port}\nsecret: {file: secret}\n${tailscaled}${more}\n`);
			const before = log.length;
			child = spawn(process.execPath, [new URL('../fixtures/bin/agent.ts', import.meta.url).pathname, config], {
				stdio: ['pipe', 'ignore', 'pipe'],
			});
			let rest = '';
			child.stderr?.on('data', (chunk: Buffer) => {
				const lines = (rest + chunk).split('\n');
				rest = lines.pop() ?? '';
				for (const line of lines) log.push(parseLine(line));
			});
			const listening = () => log.slice(before).find(({msg}) => msg === 'the agent listens for its daemon');
			await until(() => listening() !== undefined || child?.exitCode !== null);
			if (!listening()) throw new Error(`the agent did not start: ${JSON.stringify(log.slice(before))}`);
			port = Number(listening()?.port);
			agent.port = port;
		},
		freeze: () => void child?.kill('SIGSTOP'),
		thaw: () => void child?.kill('SIGCONT'),
	};
	t.teardown(async () => {
		await agent.kill();
		rmSync(folder, {recursive: true});
	});
	rotate(aSecret);
	await agent.start();
	return agent;
}

export interface DaemonSide {
	vantage: Vantage;
	outcomes: Outcome[];
	/** Bugs that were told. */
	bugs: string[];
	/** How often a change was told. */
	changes: number;
	secretFile: string;
	rotate(secret: string): void;
}

/** The daemon's side of an agent at that port of loopback. */
export function startDaemonSide(
	t: ExecutionContext,
	port: number,
	{secret = aSecret, ...over}: {secret?: string} & Partial<AgentVantageOptions> = {},
): DaemonSide {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-daemon-side-'));
	const secretFile = join(folder, 'secret');
	const rotate = (text: string) => {
		writeFileSync(join(folder, '.new'), `${text}\n`);
		renameSync(join(folder, '.new'), secretFile);
	};
	rotate(secret);
	const side: DaemonSide = {outcomes: [], bugs: [], changes: 0, secretFile, rotate} as never;
	side.vantage = createAgentVantage({
		member: {name: 'june-gpu-1', group: 'gpu', address: '127.0.0.1'},
		way: {type: 'agent', port, secret: {file: secretFile}},
		dial: {tailnet: tailnetOfTests, allowLoopback: true},
		onOutcomes: outcomes => void side.outcomes.push(...outcomes),
		onChange: () => void side.changes++,
		onBug: text => void side.bugs.push(text),
		times: {firstBackoffMs: 50, maxBackoffMs: 400, waitMs: 2000, graceMs: 2000},
		...over,
	});
	t.teardown(async () => {
		await side.vantage.stop();
		rmSync(folder, {recursive: true});
	});
	return side;
}

export const tailnetOfTests = {
	prefixes: ['100.64.0.0/10'],
	dnsServer: '100.100.100.100',
	overheadObjectiveSeconds: 0.01,
};

/** A check of a TCP port on loopback, twice a second. */
export function tcpCheck(port: number, over: Partial<Check> = {}): Check {
	return aCheck({
		key: `tcp/june-gpu-1/port-${port}`,
		name: 'tcp',
		type: 'tcp',
		vantage: 'june-gpu-1',
		target: {name: `port-${port}`, address: `127.0.0.1:${port}`, via: 'direct', peer: ''},
		options: {},
		intervalMs: 500,
		timeoutMs: 400,
		...over,
	});
}

/** A rule that lets agents of tests look at loopback. */
export const allowLoopbackTargets = 'allow: [{via: tailnet}, {via: direct, prefixes: [127.0.0.0/8]}]';

function parseLine(line: string): Record<string, unknown> {
	try {
		return JSON.parse(line) as Record<string, unknown>;
	} catch {
		return {text: line};
	}
}
