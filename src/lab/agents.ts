/** `tailprobe agent` on the GPU machines: a child process each, beside a tailscaled and an nvidia-smi of its own. */

import {type ChildProcess, fork} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {ownFile} from '../util/own-file.ts';
import {type Conditions, isReachable} from './conditions.ts';
import {type GpuMode, installFakeSmi} from './fake-gpus.ts';
import type {Identities} from './identity.ts';
import {listenTogether} from './listening.ts';
import {domain, findNode, type GpuNodeName, gpuNodeNames, prefix} from './platform.ts';
import {startTailscaled} from './tailscaled.ts';
import type {World} from './world.ts';

export interface LabAgents {
	/** Where each of them listens, on the address of its node. */
	port: number;
	/** What they and the daemon prove that they have. */
	secretFile: string;
	/** Ends them at once. */
	stop(): void;
}

export interface AgentSurroundings {
	world: World;
	identities: Identities;
	/** The lab's own. */
	directory: string;
	derpPort: number;
	dnsPort: number;
	/** Port of the real platform, taken where it is free. */
	usualPort: number;
}

/** Starts them in the background: the first measure a second later. Each is gone while nothing of its machine can be reached. */
export async function startAgents(around: AgentSurroundings): Promise<LabAgents> {
	const {world, directory} = around;
	const port = await findPort(around.usualPort);
	const secretFile = join(directory, 'agent-secret');
	writeFileSync(secretFile, `${randomBytes(24).toString('base64url')}\n`, {mode: 0o600});
	const machines = await Promise.all(gpuNodeNames.map(name => prepare(name, around, {port, secretFile})));
	const settle = (now: Conditions) => {
		for (const machine of machines) machine.settle(now);
	};
	world.onChange(settle);
	settle(world.conditions);
	const stop = () => {
		for (const machine of machines) machine.stop();
	};
	return {port, secretFile, stop};
}

/** One that nothing listens on at any of the addresses just now. */
async function findPort(usualPort: number): Promise<number> {
	const members = gpuNodeNames.map(name => ({server: createServer(), address: findNode(name).address}));
	const port = await listenTogether(members, usualPort);
	await Promise.all(members.map(({server}) => new Promise(resolve => server.close(resolve))));
	return port;
}

async function prepare(
	name: GpuNodeName,
	{world, identities, directory: parent, derpPort, dnsPort}: AgentSurroundings,
	{port, secretFile}: Omit<LabAgents, 'stop'>,
): Promise<{settle(now: Conditions): void; stop(): void}> {
	const directory = join(parent, name);
	mkdirSync(directory, {mode: 0o700});
	const socket = join(directory, 'tailscaled.sock');
	await startTailscaled(world, identities, {own: name, socketPath: socket, derpPort});
	const smi = installFakeSmi(directory, 'healthy');
	const configPath = join(directory, 'agent.yaml');
	writeFileSync(
		configPath,
		`listen: "${findNode(name).address}:${port}"
secret: {file: ${JSON.stringify(secretFile)}}
tailscaled: {socket: ${JSON.stringify(socket)}}
tailnet: {prefixes: [${prefix}], domain: ${domain}, dns_server: "127.0.0.1:${dnsPort}"}
log: {level: error}
`,
	);
	let mode: GpuMode = 'healthy';
	let running: ChildProcess | undefined;

	return {
		stop: () => void running?.kill('SIGKILL'),
		settle(now) {
			const {gpus} = now.nodes[name];
			if (gpus !== mode) smi.become(gpus);
			mode = gpus;
			const wanted = now.agents[name] && isReachable(now, name);
			if (!wanted) {
				running?.kill('SIGKILL');
				running = undefined;
			} else running ??= start();
		},
	};

	function start(): ChildProcess {
		const child = fork(fileURLToPath(ownFile('./agent-process.ts', import.meta.url)), [configPath], {
			execArgv: ['--max-semi-space-size=2'],
			env: {...process.env, PATH: `${directory}:${process.env.PATH ?? ''}`, MALLOC_ARENA_MAX: '2'},
			stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
		});
		child.once('exit', () => {
			if (running === child) running = undefined;
		});
		child.once('error', () => {});
		return child;
	}
}
