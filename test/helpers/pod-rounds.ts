/**
 * `node pod-rounds.ts KUBECONFIG NAMESPACE SELECTOR`: the Kubernetes source and a pod transport for each pod that is asked for, as the
 * daemon has them, for tests whose cluster is in another network namespace. A line of JSON in is a run, a line out what came of it.
 */

import {createInterface} from 'node:readline';
import {startKubernetes} from '../../src/kubernetes/source.ts';
import {createLog} from '../../src/util/log.ts';
import {createPodTransport} from '../../src/vantages/pod-transport.ts';
import type {ShellRun, ShellTransport} from '../../src/vantages/shell-transport.ts';
import {until} from './until.ts';

/** What goes in. */
export interface PodRound {
	id: number;
	pod: string;
	script: string;
	deadlineMs: number;
	maxBytes: number;
}

/** What comes out. */
export interface PodRoundAnswer {
	id: number;
	run: ShellRun extends infer Run
		? Run extends {stdout: Buffer}
			? Omit<Run, 'stdout'> & {stdout: string}
			: Run
		: never;
	/** From the call to the answer. */
	tookMs: number;
}

const [kubeconfigFile = '', namespace = '', selector = ''] = process.argv.slice(2);
const source = startKubernetes(
	{
		kubeconfigFile,
		gpuPods: {namespace, selector},
		leases: false,
		exposureNamespaces: [],
		intervalMs: 2000,
		timeoutMs: 2000,
		resyncMs: 600_000,
	},
	{log: createLog({level: 'error', format: 'text'}), onChange() {}, entered: {ways: [{namespace, selector}]}},
);
const transports = new Map<string, ShellTransport>();
const never = new AbortController();
const watched = () => source.state().wayPods.get(`${namespace} ${selector}`)?.read;
await until(() => watched()?.value !== undefined && (watched()?.value?.items.length ?? 0) > 0);

for await (const line of createInterface({input: process.stdin})) void answer(JSON.parse(line) as PodRound);
await source.stop();

async function answer({id, pod, script, ...limits}: PodRound): Promise<void> {
	const transport = transports.get(pod) ?? begin(pod);
	transports.set(pod, transport);
	const beganAt = performance.now();
	const run = await transport.run(script, {...limits, signal: never.signal});
	const tookMs = performance.now() - beganAt;
	const told = run.kind === 'ran' ? {...run, stdout: run.stdout.toString('latin1')} : run;
	process.stdout.write(`${JSON.stringify({id, run: told, tookMs} satisfies PodRoundAnswer)}\n`);
}

function begin(name: string): ShellTransport {
	return createPodTransport({
		member: {name, group: 'gpu'},
		way: {type: 'pod', namespace, selector, nodeBy: 'name'},
		kubernetes: () => source,
	});
}
