/** A node of the lab's cluster that runs pods for real, and what a test asks of them. */

import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {V1Pod} from '@kubernetes/client-node';
import {execa} from 'execa';
import {until} from '../../../helpers/until.ts';
import {headscaleName} from '../headscale.ts';
import type {Kubernetes} from '../kubernetes.ts';
import {apiPort} from '../kubernetes-programs.ts';
import {startProcess} from '../processes.ts';
import type {Tailnet} from '../tailnet.ts';
import {asUser, type ImageRoot} from './container-command.ts';
import type {NodeOptions} from './main.ts';

/** What a command in a container said. */
export interface ExecResult {
	exitCode: number | undefined;
	stdout: string;
	stderr: string;
}

/** A node that runs pods. */
export interface PodNode {
	/** All output of a container, over all its starts; of pods of this name. */
	log(namespace: string, pod: string, container: string): Promise<string>;
	/** Runs a command in a container as its user, with its rights and its environment. */
	exec(pod: V1Pod, container: string, ...command: string[]): Promise<ExecResult>;
	/** The first process of a container, on this machine. Throws where it does not run. */
	processOf(pod: V1Pod, container: string): number;
	/** What the node itself said: when it took each pod, and when each was ready. */
	ownLog(): Promise<string>;
	stop(): Promise<void>;
}

/** The node's name in the cluster. */
export const nodeName = 'lab-node';

/** Starts it beside the API server. The cluster must have been started with controllers whose grace outlasts the test: it sends no heartbeats. */
export async function startPodNode(
	tailnet: Tailnet,
	kubernetes: Kubernetes,
	images: readonly ImageRoot[],
): Promise<PodNode> {
	const {underlay} = tailnet;
	const directory = join(tailnet.directory, 'pods');
	await mkdir(directory, {recursive: true});
	const address = underlay.address('hs');
	const kubeconfig = JSON.parse(await readFile(join(tailnet.directory, 'kubernetes', 'admin.kubeconfig'), 'utf8'));
	const options: NodeOptions = {
		name: nodeName,
		directory,
		hub: underlay.namespace('switch'),
		address,
		images,
		env: {
			KUBERNETES_SERVICE_HOST: address,
			KUBERNETES_SERVICE_PORT: `${apiPort}`,
			KUBERNETES_SERVICE_PORT_HTTPS: `${apiPort}`,
		},
		dns: address,
		api: {url: kubernetes.url, ca: await readFile(kubernetes.caFile, 'utf8'), token: kubeconfig.users[0].user.token},
		apiAddress: {host: address, port: apiPort},
		names: {[headscaleName]: address},
	};
	const file = join(tailnet.directory, 'pod-node.json');
	await writeFile(file, JSON.stringify(options), {mode: 0o600});
	const running = startProcess({
		namespace: underlay.namespace('hs'),
		command: process.execPath,
		args: [fileURLToPath(new URL('main.ts', import.meta.url)), file],
		logFile: join(tailnet.directory, 'pod-node.log'),
	});
	tailnet.beforeStop(() => running.stop());
	await until(async () => {
		if (!running.alive()) throw new Error(`The node ended: ${await running.log()}`);
		return (await running.log()).includes('ready\n');
	});

	const processOf: PodNode['processOf'] = ({metadata, status}, container) => {
		const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
		const id = all.find(({name}) => name === container)?.containerID;
		if (id === undefined) throw new Error(`The container ${container} of ${metadata?.name} does not run.`);
		return Number(id.replace('lab://', ''));
	};
	return {
		log: (namespace, pod, container) =>
			readFile(join(directory, `${namespace}_${pod}_${container}.log`), 'utf8').catch(() => ''),
		processOf,
		exec: async (pod, name, ...command) => {
			const container = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
				one => one.name === name,
			);
			const image = images.find(({prefix}) => container?.image?.startsWith(prefix));
			if (container === undefined || image === undefined) throw new Error(`The pod has no container ${name}.`);
			const pid = processOf(pod, name);
			const env = Object.fromEntries(
				(await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').flatMap(line => {
					const at = line.indexOf('=');
					return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
				}),
			);
			const enter = [`--target=${pid}`, '--mount', '--pid', '--net', '--ipc', '--uts'];
			const {exitCode, stdout, stderr} = await execa(
				'nsenter',
				[...enter, ...asUser(pod, container, image), ...command],
				{
					env,
					extendEnv: false,
					reject: false,
					stdin: 'ignore',
					timeout: 60_000,
				},
			);
			return {exitCode, stdout, stderr};
		},
		ownLog: () => running.log(),
		stop: () => running.stop(),
	};
}
