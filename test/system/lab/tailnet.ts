/** A whole real tailnet, as the June platform has it: `startTailnet()` in about fifteen seconds, all of it gone after `stop`. */

import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {until} from '../../helpers/until.ts';
import {type Headscale, type HeadscaleVersion, headscaleName, startHeadscale} from './headscale.ts';
import {type Running, startProcess} from './processes.ts';
import {makeNode, type TailnetNode} from './tailscaled.ts';
import {startUnderlay, type Underlay} from './underlay.ts';

/** Hosts that may be in the lab; `hs` (headscale) is always there. gpu2 has no tunnel device. */
export const nodeNames = {
	orch: 'june-orchestrator',
	livekit: 'livekit',
	gpu1: 'june-gpu-00000001',
	gpu2: 'june-gpu-00000002',
	mon: 'prober',
} as const;

/** A host with a tailscaled. */
export type NodeHost = keyof typeof nodeNames;

const userspaceHosts: readonly string[] = ['gpu2'];
const roles: Partial<Record<NodeHost, string>> = {orch: 'orchestrator', livekit: 'livekit', gpu1: 'gpu', gpu2: 'gpu'};

/** A running tailnet. */
export interface Tailnet {
	/** Everything that the lab writes lies here, and goes at `stop`. */
	directory: string;
	underlay: Underlay;
	headscale: Headscale;
	node(host: NodeHost): TailnetNode;
	/** Starts the services of a host; they run already after `startTailnet`, so only after `stopServices`. */
	startServices(host: NodeHost): Promise<void>;
	stopServices(host: NodeHost): Promise<void>;
	/** Resolves once every other node answers a ping of this one over a direct path. */
	settle(from?: NodeHost): Promise<void>;
	/** What was started inside it and must end before it does; the last comes first. */
	beforeStop(step: () => Promise<unknown>): void;
	stop(): Promise<void>;
}

/** Starts headscale, the nodes of `hosts` and their services. Ends what it started when it fails half-way. */
export async function startTailnet({
	headscale: version = '0.29.2',
	hosts = Object.keys(nodeNames) as NodeHost[],
	waiting = [],
}: {
	headscale?: HeadscaleVersion;
	hosts?: readonly NodeHost[];
	/** Of `hosts`, those that do not join by themselves: the test signs them in, in a way of its own. */
	waiting?: readonly NodeHost[];
} = {}): Promise<Tailnet> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-system-'));
	const undo: Array<() => Promise<void>> = [() => rm(directory, {recursive: true, force: true})];
	const stop = async () => {
		for (const step of undo.splice(0).reverse()) await step();
	};
	try {
		const underlay = await startUnderlay(['hs', ...hosts], {[headscaleName]: 'hs'}, directory);
		undo.push(() => underlay.stop());
		const headscale = await startHeadscale(underlay, 'hs', version, directory);
		undo.push(() => headscale.stop());

		const nodes = new Map<NodeHost, TailnetNode>();
		for (const host of hosts) {
			const options = {host, name: nodeNames[host], userspace: userspaceHosts.includes(host)};
			const node = await makeNode(underlay, headscale, options, directory);
			nodes.set(host, node);
			undo.push(() => node.stop());
			await node.start();
			if (!waiting.includes(host)) await node.join();
		}

		const services = new Map<NodeHost, Running>();
		const startServices = async (host: NodeHost) => {
			const role = roles[host];
			if (role === undefined) return;
			const running = startProcess({
				namespace: underlay.namespace(host),
				command: process.execPath,
				args: [fileURLToPath(new URL('services.ts', import.meta.url)), role, directory],
				logFile: join(directory, `services-${host}-${Date.now()}.log`),
			});
			services.set(host, running);
			undo.push(() => running.stop());
			await until(async () => {
				if (!running.alive()) throw new Error(`The services of ${host} ended: ${await running.log()}`);
				return (await running.log()).includes('ready');
			});
		};
		await Promise.all(hosts.map(startServices));

		const node = (host: NodeHost): TailnetNode => {
			const found = nodes.get(host);
			if (found === undefined) throw new Error(`This tailnet was started without ${host}.`);
			return found;
		};
		return {
			directory,
			underlay,
			headscale,
			node,
			startServices,
			stopServices: async host => void (await services.get(host)?.stop()),
			beforeStop: step => void undo.push(async () => void (await step())),
			settle: async (from = 'mon') => {
				for (const [host, {name}] of nodes) {
					if (host === from) continue;
					// `tailscale ping` ends with success at the first pong over a direct path.
					const ping = () => node(from).cli('ping', '-c', '20', '--timeout', '1s', name);
					await until(() =>
						ping().then(
							() => true,
							() => false,
						),
					);
				}
			},
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}
