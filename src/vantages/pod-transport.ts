/** Scripts through exec of the Kubernetes API, into the pod that stands for a member. */

import type {PodWayConfig} from '../config/types.ts';
import type {ExecAccess} from '../kubernetes/exec.ts';
import type {KubernetesState, Node, Pod} from '../kubernetes/types.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import type {Member} from './members.ts';
import {findPod} from './pod-of-member.ts';
import {type PodRefusal, reasonOf} from './pod-refusal.ts';
import type {ShellRun, ShellRunOptions, ShellTransport} from './shell-transport.ts';

export interface PodTransportOptions {
	member: Member;
	way: PodWayConfig;
	/** Asked at each run; undefined: there is none at present. */
	kubernetes: () => PodLookout | undefined;
	clock?: Clock;
}

/** What is needed of the Kubernetes source. */
export interface PodLookout {
	state(): Pick<KubernetesState, 'wayPods' | 'nodes'>;
	access(): ExecAccess;
}

/**
 * Makes a transport that follows the member's pod: each run goes into the one that stands for it then. After an answer that exec cannot
 * work there, runs are answered so at once for ten minutes, unless the pod or its node is another meanwhile.
 */
export function createPodTransport({
	member,
	way,
	kubernetes,
	clock = systemClock,
}: PodTransportOptions): ShellTransport {
	const stopping = new AbortController();
	const running = new Set<Promise<ShellRun>>();
	let hopeless: {place: string; untilMs: number; refusal: PodRefusal} | undefined;

	return {
		type: 'pod',
		maxScriptBytes,
		run(script, options) {
			const run = runOnce(script, options).finally(() => running.delete(run));
			running.add(run);
			return run;
		},
		async stop() {
			stopping.abort();
			await Promise.all(running);
		},
	};

	async function runOnce(script: string, {deadlineMs, maxBytes, signal}: ShellRunOptions): Promise<ShellRun> {
		const source = kubernetes();
		if (!source)
			return refused('vantage', 'There is no kubernetes block in the configuration, through which pods are reached.');
		const {wayPods, nodes} = source.state();
		const found = findPod(member, way, wayPods.get(`${way.namespace} ${way.selector}`)?.read);
		if ('missing' in found) return refused('vantage', found.missing);
		const {pod} = found;
		const container = way.container ?? pod.containers?.[0];
		const node = nodes?.read.value?.items.find(({name}) => name === pod.node);
		const place = placeOf(pod, container, node);
		if (hopeless?.place === place && clock.now() < hopeless.untilMs) return hopeless.refusal;
		hopeless = undefined;

		const {execInPod} = await import('../kubernetes/exec.ts');
		const result = await execInPod(
			source.access(),
			{namespace: pod.namespace, pod: pod.name, container, command: ['sh', '-c', script]},
			{deadlineMs, maxBytes, signal: AbortSignal.any([signal, stopping.signal])},
		);
		const refusal = reasonOf(result, pod, node);
		if (refusal?.reason === 'unsupported') hopeless = {place, untilMs: clock.now() + retryUnsupportedMs, refusal};
		if (refusal) return refusal;
		if (result.kind === 'refused') throw new Error('a refused exec has a reason');
		const {kind, stdout, stderr, status, roundTripMs} = result;
		return {kind, stdout, stderr: stderr.slice(0, maxStderr), ...(status === undefined ? {} : {status}), roundTripMs};
	}
}

/**
 * The script travels in a URL, percent-encoded to up to three times its length. The API server takes a megabyte of headers and Linux
 * 128 KiB of one argument; but proxies before API servers stop at 16 to 64 KiB.
 */
const maxScriptBytes = 12 * 1024;

const maxStderr = 16 * 1024;

/** What cannot work today may after an update of the virtual kubelet. */
const retryUnsupportedMs = 600_000;

/** What must differ before a hopeless place is worth a try. */
function placeOf(pod: Pick<Pod, 'uid'>, container: string | undefined, node: Node | undefined): string {
	return JSON.stringify([pod.uid, container, node?.uid, node?.internalIp, node?.kubeletPort, node?.kubeletVersion]);
}

function refused(reason: PodRefusal['reason'], detail: string): PodRefusal {
	return {kind: 'refused', reason, detail};
}
