/** Runs the headscale command line in its pod, by exec through the Kubernetes API: arguments as they are, no shell, bounded. */

import {z} from 'zod';
import type {KubernetesAccess} from '../../kubernetes/client.ts';
import {KubernetesError} from '../../kubernetes/errors.ts';
import {execInPod, faultOfNames} from '../../kubernetes/exec.ts';
import {HeadscaleError} from '../get.ts';
import {CommandFailedError, describeCommand, explainSaid, type RunOptions, tooMuchPrinted} from './run.ts';

export interface PodPlace {
	namespace: string;
	/** A label selector. */
	selector: string;
	/** Default: the only one of the pod. */
	container?: string;
}

export interface RunInPodOptions extends RunOptions {
	place: PodPlace;
	access: Pick<KubernetesAccess, 'kubeConfig' | 'ask'>;
}

/**
 * The standard output of a command that ended with 0. The pod is looked for each time, because it may have been replaced. Rejects as
 * `runHeadscale` does; no error quotes the output, which may hold keys.
 */
export async function runHeadscaleInPod({
	access,
	place,
	command,
	args,
	timeoutMs,
	maxOutputBytes,
	signal,
}: RunInPodOptions): Promise<string> {
	const beganAt = performance.now();
	const pod = await findPod(access, place, timeoutMs, signal);
	const tried = `${describeCommand(command, args)} in the pod ${place.namespace}/${pod}`;
	const {namespace, container} = place;
	const result = await execInPod(
		access,
		{namespace, pod, container, command: [...command, ...args]},
		{deadlineMs: Math.max(1, timeoutMs - (performance.now() - beganAt)), maxBytes: maxOutputBytes, signal},
	);
	signal?.throwIfAborted();
	if (result.kind === 'refused') throw new HeadscaleError(`${tried} could not be run. ${result.detail}`);
	const {stdout, stderr, status, ending} = result;
	if (ending === 'overflow') throw new HeadscaleError(`${tried} ${tooMuchPrinted(stdout.length, maxOutputBytes)}`);
	if (ending === 'deadline')
		throw new HeadscaleError(`${tried} did not end within ${timeoutMs / 1000} s.`, undefined, 'silent');
	if (status === undefined) throw new HeadscaleError(`${tried} was cut off in the middle.`);
	if (status === 0) return stdout.toString();
	if ((status === 126 || status === 127) && stdout.length === 0 && stderr === '')
		throw new HeadscaleError(
			`${tried} ended with ${status}: there is no such program in the container. Correct headscale.cli.command, or name the container of headscale under headscale.cli.pod.`,
		);
	throw new CommandFailedError(`${tried} ended with ${status}. ${explainSaid(stderr)}`, stderr);
}

const listSchema = z.object({
	items: z
		.array(
			z.object({
				metadata: z.object({name: z.string(), deletionTimestamp: z.string().optional()}),
				status: z.object({phase: z.string().optional()}).optional(),
			}),
		)
		.max(1000),
});

/** Any pod that runs: all of one headscale tell the same. */
async function findPod(
	access: RunInPodOptions['access'],
	{namespace, selector}: PodPlace,
	timeoutMs: number,
	signal: AbortSignal | undefined,
): Promise<string> {
	const searched = `the pods ${selector} in ${namespace} of headscale.cli.pod`;
	let answer: unknown;
	try {
		answer = await access.ask({
			path: `/api/v1/namespaces/${namespace}/pods`,
			query: {labelSelector: selector, limit: '50'},
			timeoutMs,
			signal,
		});
	} catch (error) {
		if (signal?.aborted || !(error instanceof KubernetesError)) throw error;
		throw new HeadscaleError(
			`Headscale cannot be asked: ${searched} cannot be listed. ${error.message}`,
			error.failure,
		);
	}
	const list = listSchema.safeParse(answer);
	if (!list.success) throw new HeadscaleError(`Headscale cannot be asked: the list of ${searched} is not as expected.`);
	const {items} = list.data;
	const running = items.filter(({status}) => status?.phase === 'Running');
	const pod = running.find(({metadata}) => metadata.deletionTimestamp === undefined) ?? running[0];
	if (!pod) throw new HeadscaleError(`Headscale cannot be asked: none of ${searched} runs (${items.length} there).`);
	const fault = faultOfNames({namespace, pod: pod.metadata.name});
	if (fault !== undefined) throw new HeadscaleError(`Headscale cannot be asked: ${fault}`);
	return pod.metadata.name;
}
