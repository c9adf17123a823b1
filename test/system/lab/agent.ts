/** `tailprobe agent` in a host of the lab, started as users start it. */

import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {nodeEnvironment, nodeFlags} from '../../../scripts/as-started.ts';
import {until} from '../../helpers/until.ts';
import {tailnetDomain} from './headscale.ts';
import {type Running, startProcess} from './processes.ts';
import type {NodeHost, Tailnet} from './tailnet.ts';

/** A running agent. */
export interface Agent {
	freeze(): void;
	thaw(): void;
	/** Gone without a word. */
	kill(): Promise<void>;
	/** Starts it again after `kill` or `stop`; resolves when it listens. */
	start(): Promise<void>;
	stop(): Promise<void>;
	log(): Promise<string>;
}

/** The port of agents where nothing else is said. */
export const agentPort = 9754;

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/**
 * Starts it where the agent itself chooses to listen: on its address in the tailnet, and on loopback in userspace mode. It ends with the
 * tailnet, where not before. `port`: another one, for a second agent of a host.
 */
export async function startAgent(
	tailnet: Tailnet,
	host: NodeHost,
	{secretFile, port = agentPort, path}: {secretFile: string; port?: number; path?: string},
): Promise<Agent> {
	const {socket, userspace} = tailnet.node(host);
	const file = join(tailnet.directory, `agent-${host}-${port}.yaml`);
	const proxy = userspace ? ', socks5: "127.0.0.2:1055"' : '';
	await writeFile(
		file,
		`secret: {file: ${secretFile}}
tailscaled: {socket: ${socket}${proxy}}
tailnet: {domain: ${tailnetDomain}}
${port === agentPort ? '' : `listen: ${userspace ? '127.0.0.1' : 'tailnet'}:${port}`}
`,
	);
	const address = userspace ? '127.0.0.1' : await tailnet.node(host).address();
	let running: Running | undefined;
	const start = async () => {
		const started = startProcess({
			namespace: tailnet.underlay.namespace(host),
			command: process.execPath,
			args: [...nodeFlags, main, 'agent', '--config', file],
			env: {...nodeEnvironment, ...(path !== undefined && {PATH: path})},
			logFile: join(tailnet.directory, `agent-${host}-${port}.log`),
		});
		running = started;
		await until(
			async () => {
				if (!started.alive()) throw new Error(`The agent of ${host} ended: ${(await started.log()).slice(-2000)}`);
				// Whatever it answers to somebody without the secret.
				return tailnet.underlay.run(host, 'curl', ['-s', '-o', '/dev/null', `http://${address}:${port}/`]).then(
					() => true,
					() => false,
				);
			},
			30_000,
			100,
		);
	};
	tailnet.beforeStop(async () => running?.stop());
	await start();
	return {
		start,
		freeze: () => running?.signal('SIGSTOP'),
		thaw: () => running?.signal('SIGCONT'),
		kill: async () => {
			running?.signal('SIGKILL');
			await running?.exited;
		},
		stop: async () => void (await running?.stop()),
		log: async () => (await running?.log()) ?? '',
	};
}
