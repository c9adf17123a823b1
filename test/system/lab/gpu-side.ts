/** The GPU hosts of the lab as vantages, each by all three ways at once: an agent, a shell by ssh, and a shell in a pod. */

import {randomBytes} from 'node:crypto';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {type Agent, agentPort, startAgent} from './agent.ts';
import {type Kubernetes, monitorRights, podNamespace, startKubernetes} from './kubernetes.ts';
import type {Series} from './prober.ts';
import {type Sshd, startSshd, usualPath} from './sshd.ts';
import {nodeNames, type Tailnet} from './tailnet.ts';

/** gpu1 has a kernel tunnel, gpu2 a userspace tailscaled. */
export type GpuHost = 'gpu1' | 'gpu2';

/** The ways, and what a host is called as a vantage by each. */
export const gpuVantages: Readonly<Record<GpuHost, Readonly<Record<'agent' | 'ssh' | 'pod', string>>>> = {
	gpu1: {agent: nodeNames.gpu1, ssh: 'gpu1-ssh', pod: 'gpu1-pod'},
	gpu2: {agent: nodeNames.gpu2, ssh: 'gpu2-ssh', pod: 'gpu2-pod'},
};
/** gpu1 once more, by the first way that works. */
export const anyWay = 'gpu1-any';
/** The cluster's node of each host's pod. */
export const clusterNodes: Readonly<Record<GpuHost, string>> = {gpu1: 'vast-gpu-1', gpu2: 'vast-gpu-2'};

/** What runs, and how tailprobe is told. */
export interface GpuSide {
	kubernetes: Kubernetes;
	agents: Readonly<Record<GpuHost, Agent>>;
	sshds: Readonly<Record<GpuHost, Sshd>>;
	/** The agent of `anyWay`: one serves one vantage. */
	secondAgent: Agent;
	/** Where the agents' secret is read, the daemon's side and theirs. */
	secretFiles: {daemon: string; agents: string};
	/** Makes the pod of a host, again where it was deleted. */
	startPod(host: GpuHost): Promise<void>;
	/** Entries of `vantages`, by the names of `gpuGroups`: `agents` are found by name and owner, `ssh-…` listed, `pods-…` found by label. */
	vantages: readonly string[];
	/** The block `kubernetes`. */
	config: string;
}

/** The names of the entries, for `from`. */
export const gpuGroups = ['agents', 'ssh-gpu1', 'ssh-gpu2', 'pods-gpu1', 'pods-gpu2', 'any'] as const;

/** Starts all of it; it ends with the tailnet. `programs`: a directory that all ways look into first, for an nvidia-smi. */
export async function startGpuSide(
	tailnet: Tailnet,
	{
		controllers,
		intervalMs = 3000,
		programs = '/usr/local/bin',
	}: {controllers?: {graceSeconds: number}; intervalMs?: number; programs?: string} = {},
): Promise<GpuSide> {
	const {directory} = tailnet;
	const secretFiles = {daemon: join(directory, 'secret-daemon'), agents: join(directory, 'secret-agents')};
	const secret = randomBytes(24).toString('hex');
	for (const file of Object.values(secretFiles)) await writeFile(file, secret, {mode: 0o600});
	const path = `${programs}:${usualPath}`;
	const ofAgents = {secretFile: secretFiles.agents, path};
	const secondPort = agentPort + 1;
	const [kubernetes, sshd1, sshd2, agent1, agent2, secondAgent] = await Promise.all([
		startKubernetes(tailnet, {nodes: Object.values(clusterNodes), ...(controllers && {controllers})}),
		startSshd(tailnet, 'gpu1', {path}),
		startSshd(tailnet, 'gpu2', {path}),
		startAgent(tailnet, 'gpu1', ofAgents),
		startAgent(tailnet, 'gpu2', ofAgents),
		startAgent(tailnet, 'gpu1', {...ofAgents, port: secondPort}),
	]);
	const sshds = {gpu1: sshd1, gpu2: sshd2};
	const startPod = (host: GpuHost) => {
		const labels = {host, 'tailnet-node': nodeNames[host]};
		const annotations = {'lab/path-prefix': programs};
		return kubernetes.pods({name: gpuVantages[host].pod, node: clusterNodes[host], host, labels, annotations});
	};
	await Promise.all([startPod('gpu1'), startPod('gpu2')]);
	const kubeconfigFile = await kubernetes.account('monitor', monitorRights);

	const place = (host: GpuHost) => {
		const {socket, userspace} = tailnet.node(host);
		return `tailscaled: {socket: ${socket}${userspace ? ', socks5: "127.0.0.2:1055"' : ''}}`;
	};
	const agentWay = (port: number) => `{agent: {port: ${port}, secret: {file: ${secretFiles.daemon}}}}`;
	const sshWay = (host: GpuHost) => {
		const {port, user, identityFile, knownHostsFile} = sshds[host];
		const files = `identity_file: ${identityFile}, known_hosts_file: ${knownHostsFile}`;
		return `{ssh: {user: ${user}, port: ${port}, ${files}, ${place(host)}}}`;
	};
	const podWay = (host: GpuHost) =>
		`{pod: {namespace: ${podNamespace}, selector: "host=${host}", node_by: {label: tailnet-node}, ${place(host)}}}`;
	const hostsOf = (host: GpuHost, name: string) => `hosts: [{name: ${name}, address: ${nodeNames[host]}}]`;
	const remote = (name: string, members: string, ...ways: readonly string[]) =>
		`{name: ${name}, type: remote, ${members}, ways: [${ways.join(', ')}]}`;
	return {
		kubernetes,
		agents: {gpu1: agent1, gpu2: agent2},
		sshds,
		secondAgent,
		secretFiles,
		startPod,
		vantages: [
			remote('agents', 'nodes: {name: "june-gpu-*", owner: ozzu}', agentWay(agentPort)),
			remote('ssh-gpu1', hostsOf('gpu1', gpuVantages.gpu1.ssh), sshWay('gpu1')),
			remote('ssh-gpu2', hostsOf('gpu2', gpuVantages.gpu2.ssh), sshWay('gpu2')),
			remote('pods-gpu1', 'pods: true', podWay('gpu1')),
			remote('pods-gpu2', 'pods: true', podWay('gpu2')),
			remote('any', hostsOf('gpu1', anyWay), agentWay(secondPort), sshWay('gpu1'), podWay('gpu1')),
		],
		config: `kubernetes:
  kubeconfig_file: ${kubeconfigFile}
  gpu_pods: {namespace: ${podNamespace}, selector: app=june-gpu-services}
  interval: ${intervalMs}ms
  timeout: 2s
`,
	};
}

/** The states of all checks as `check vantage target state`, in order. */
export function statesByVantage(series: Series): string[] {
	return series
		.all('tailprobe_check_state')
		.filter(({value}) => value === 1)
		.map(({labels}) => `${labels.check} ${labels.vantage} ${labels.target} ${labels.state}`)
		.sort();
}
