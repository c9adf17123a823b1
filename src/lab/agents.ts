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
import {createSilentPorts} from './silent-ports.ts';
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
	const port = await findPort(world.conditions, around.usualPort);
	const secretFile = join(directory, 'agent-secret');
	writeFileSync(secretFile, `${randomBytes(24).toString('base64url')}\n`, {mode: 0o600});
	const machines = await Promise.all(gpuNodeNames.map(name => prepare(name, around, {port, secretFile})));
	const silent = createSilentPorts();
	const settle = async (now: Conditions) => {
		await Promise.all(machines.map(machine => machine.settle(now)));
		// A machine that is gone says nothing, not even that nobody listens.
		const gone = gpuNodeNames.filter(name => now.nodes[name].member && !isReachable(now, name));
		await silent.become(gone.map(name => ({address: findNode(name).address, port})));
		for (const machine of machines) machine.begin(now);
	};
	world.onChange(settle);
	await settle(world.conditions);
	const stop = () => {
		for (const machine of machines) machine.stop();
	};
	return {port, secretFile, stop};
}

/** One that nothing listens on at any of the addresses just now. */
async function findPort({nodes}: Conditions, usualPort: number): Promise<number> {
	const members = gpuNodeNames
		.filter(name => nodes[name].member)
		.map(name => ({server: createServer(), address: findNode(name).address}));
	const port = await listenTogether(members, usualPort);
	await Promise.all(members.map(({server}) => new Promise(resolve => server.close(resolve))));
	return port;
}

interface Machine {
	/** Its GPUs and whether its agent may run are as they are now; resolves when an agent that may not is gone. */
	settle(now: Conditions): Promise<void>;
	/** Starts the agent where it may run and does not. */
	begin(now: Conditions): void;
	stop(): void;
}

async function prepare(
	name: GpuNodeName,
	{world, identities, directory: parent, derpPort, dnsPort}: AgentSurroundings,
	{port, secretFile}: Omit<LabAgents, 'stop'>,
): Promise<Machine> {
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
		async settle(now) {
			const {gpus} = now.nodes[name];
			if (gpus !== mode) smi.become(gpus);
			mode = gpus;
			if (isWanted(now) || !running) return;
			const ended = new Promise(resolve => running?.once('exit', resolve));
			running.kill('SIGKILL');
			running = undefined;
			await ended;
		},
		begin(now) {
			if (isWanted(now)) running ??= start();
		},
	};

	function isWanted(now: Conditions): boolean {
		return now.agents[name] && isReachable(now, name);
	}

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
