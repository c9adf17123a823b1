/**
 * Runs a command in a container through the Kubernetes API. The path is long (API server, kubelet, container runtime) and each part of it
 * can hang, lie or break off: so everything has one deadline, everything that comes is bounded, and the outcome is data.
 */

import type {ClientOptions} from 'ws';
import {raceAbort} from '../net/shared.ts';
import type {KubernetesAccess} from './client.ts';
import {explainFault, KubernetesError} from './errors.ts';
import {converse, type Ended} from './exec-socket.ts';
import {type ExecRefusal, readStatus, refusal, refusedHandshake, withoutCommand} from './exec-status.ts';
import {createExecTurns} from './exec-turns.ts';
import {rememberCredentials} from './secret-words.ts';

export interface ExecRequest {
	namespace: string;
	pod: string;
	/** Without it the API server takes the first of the pod, and refuses where there is a choice and no default. */
	container?: string | undefined;
	/** Program and arguments. They travel in a URL, and so may be in the audit log of the cluster. */
	command: readonly string[];
}

export interface ExecOptions {
	/** For everything: waiting for its turn, connecting, running. */
	deadlineMs: number;
	/** Standard output beyond it is not kept, and ends the exec. */
	maxBytes: number;
	signal?: AbortSignal | undefined;
}

export type ExecResult =
	/**
	 * It ran, perhaps not to its end. `status`: as the other side tells it, which also tells 0 for a stream that was cut; only what stands
	 * in the output proves that it is whole. `ending`: how it was seen to end.
	 */
	| {kind: 'ran'; stdout: Buffer; stderr: string; status?: number; ending: Ended['ending']; roundTripMs: number}
	| ExecRefusal;

/** What is needed of the access. */
export type ExecAccess = Pick<KubernetesAccess, 'kubeConfig'>;

/**
 * Runs the command and hands back what came. Never rejects for what the cluster does; ends by the deadline, or at once when the signal
 * aborts, and the command there is ended with it. No two run in the same container at a time, and at most 32 run in all.
 */
export async function execInPod(access: ExecAccess, request: ExecRequest, options: ExecOptions): Promise<ExecResult> {
	const fault = faultOfNames(request);
	if (fault !== undefined) return refusal('name', fault);
	const {deadlineMs, signal} = options;
	const deadline = new AbortController();
	const timer = setTimeout(() => deadline.abort(), deadlineMs);
	const ended = signal ? AbortSignal.any([deadline.signal, signal]) : deadline.signal;
	try {
		return await execInTurn(access, request, {...options, ended});
	} finally {
		clearTimeout(timer);
	}
}

/** What is wrong with the names, which go into a path; undefined when nothing is. */
export function faultOfNames({namespace, pod, container}: Omit<ExecRequest, 'command'>): string | undefined {
	if (!label.test(namespace)) return `${JSON.stringify(namespace.slice(0, 100))} is no name of a namespace.`;
	if (pod.length > 253 || !pod.split('.').every(part => label.test(part)))
		return `${JSON.stringify(pod.slice(0, 100))} is no name of a pod.`;
	if (container !== undefined && !label.test(container))
		return `${JSON.stringify(container.slice(0, 100))} is no name of a container.`;
	return undefined;
}

/** RFC 1123. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** One GPU that hangs holds its place until its deadline, so more than a few; an API server does far more. */
const execsAtATime = 32;
const turns = createExecTurns(execsAtATime);

async function execInTurn(
	access: ExecAccess,
	request: ExecRequest,
	{deadlineMs, maxBytes, signal, ended}: ExecOptions & {ended: AbortSignal},
): Promise<ExecResult> {
	const where = `${request.namespace}/${request.pod}`;
	let beganAt: number | undefined;
	const gaveUp = (what: string): ExecRefusal => {
		if (signal?.aborted) return refusal('canceled', `The exec into ${where} was given up.`);
		const hadMs = beganAt === undefined ? 0 : performance.now() - beganAt;
		return {...refusal('silent', `The exec into ${where} was given up after ${deadlineMs} ms: ${what}`), hadMs};
	};
	let release: () => void;
	try {
		release = await turns.take(`${where}/${request.container ?? ''}`, ended);
	} catch {
		return gaveUp('others that ran before it had not ended.');
	}
	try {
		beganAt = performance.now();
		let conversation: Awaited<ReturnType<typeof converse>>;
		try {
			const options = await raceAbort(connectionOptions(access), ended);
			conversation = await converse(options.url + pathOf(request), options.ws, {maxBytes, ended});
		} catch (error) {
			if (ended.aborted) return gaveUp('the Kubernetes API did not answer.');
			const {message} = explainFault(error, `Exec into ${where}`);
			return refusal('api', withoutCommand(message, request.command));
		}
		if (conversation.kind === 'refused') return refusedHandshake(conversation, where);
		const {stdout, stderr, ending} = conversation;
		const roundTripMs = performance.now() - beganAt;
		const status =
			conversation.status === undefined ? undefined : readStatus(conversation.status, where, request.command);
		if (status?.kind === 'refused') return status;
		if (ending === 'protocol')
			return refusal(
				'api',
				`Exec into ${where} was answered with what is no exec stream: ${conversation.detail ?? ''}`,
			);
		if (signal?.aborted) return gaveUp('');
		if (status === undefined && ending !== 'overflow' && stdout.length === 0 && stderr === '') {
			if (ending === 'deadline')
				return gaveUp(
					'the API server let us in and then nothing came. The kubelet of its node, or the container, stands still.',
				);
			return refusal(
				'cut',
				`The exec into ${where} was cut off before anything came: ${conversation.detail ?? 'closed'}.`,
			);
		}
		return {kind: 'ran', stdout, stderr, ...(status ? {status: status.code} : {}), ending, roundTripMs};
	} finally {
		release();
	}
}

/** Where and as whom: read anew for each exec, so that a rotated token, CA or certificate counts at once. */
async function connectionOptions(access: ExecAccess): Promise<{url: string; ws: ClientOptions}> {
	const kubeConfig = access.kubeConfig();
	const server = kubeConfig.getCurrentCluster()?.server;
	if (server === undefined) throw new KubernetesError('No cluster is configured.');
	const ws: ClientOptions = {};
	await kubeConfig.applyToHTTPSOptions(ws);
	rememberCredentials(ws.headers);
	return {url: server.replace(/^http/, 'ws').replace(/\/+$/, ''), ws};
}

/** The names were judged: nothing in them needs escaping. */
function pathOf({namespace, pod, container, command}: ExecRequest): string {
	const query = new URLSearchParams({stdin: 'false', stdout: 'true', stderr: 'true', tty: 'false'});
	if (container !== undefined) query.set('container', container);
	for (const part of command) query.append('command', part);
	return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
}
