/** What a failed exec says about the way: nothing can work there, we have no right to, or not now. Pure. */

import type {ExecResult} from '../kubernetes/exec.ts';
import type {ExecFault} from '../kubernetes/exec-status.ts';
import type {Node} from '../kubernetes/types.ts';
import type {FoundPod} from './pod-of-member.ts';
import {fairMs, type ShellRun} from './shell-transport.ts';

export type PodRefusal = Extract<ShellRun, {kind: 'refused'}>;

/** Why the script did not run; undefined: it did. */
export function reasonOf(result: ExecResult, pod: FoundPod, node: Node | undefined): PodRefusal | undefined {
	if (result.kind === 'ran') return faultOfShell(result, pod);
	const {fault, detail, hadMs = fairMs} = result;
	if (hadMs < fairMs) return {...refused('vantage', detail), hurried: true};
	if (fault === 'forbidden') return refused('denied', detail);
	if (fault === 'not-served' || fault === 'no-shell') return refused('unsupported', detail);
	if (node && dueToKubelet.has(fault) && node.kubeletPort === undefined)
		return refused('unsupported', `${describe(node)} Exec into ${pod.namespace}/${pod.name} cannot work. ${detail}`);
	if (!node && fault === 'unreachable' && dialsLoopback.test(detail))
		return refused('unsupported', `${detail} It looked on loopback, where no kubelet of another machine can be.`);
	return refused('vantage', detail);
}

/** All that is known of a node that we do not read. */
const dialsLoopback = /dial tcp (127\.|\[::1\])/;

/** What may be the answer when nobody serves where the API server dials, or a stranger does: another kubelet on the same machine. */
const dueToKubelet: ReadonlySet<ExecFault> = new Set(['unreachable', 'failed', 'no-pod', 'container', 'cut', 'silent']);

/** The runtime tells a missing program with the exit codes that sh has for its own; but a script that sh has read prints something. */
function faultOfShell({status, stdout}: Extract<ExecResult, {kind: 'ran'}>, pod: FoundPod): PodRefusal | undefined {
	if ((status !== 126 && status !== 127) || stdout.length > 0) return undefined;
	return refused(
		'unsupported',
		`Exec into ${pod.namespace}/${pod.name} works, but the container cannot run sh (exit code ${status}): its image has no shell.`,
	);
}

function describe({name, internalIp, loopback}: Node): string {
	const address =
		internalIp === undefined ? 'no address' : `the address ${internalIp}${loopback ? ', which is loopback,' : ''}`;
	return `The node ${name} says that no kubelet serves there: it gives ${address} and no port, as a virtual kubelet without exec does.`;
}

function refused(reason: PodRefusal['reason'], detail: string): PodRefusal {
	return {kind: 'refused', reason, detail};
}
