/** What an exec that did not run means: from the number of a refused upgrade, and from the status frame. Pure. */

import {z} from 'zod';
import {oneLine} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';
import type {Refused} from './exec-socket.ts';
import {withoutSecrets} from './secret-words.ts';

/**
 * `name`: names that cannot be; `canceled`: nobody wants it any more; `silent`: nothing came in time; `cut`: broken off before anything
 * came; `api`: the API server cannot be used; `forbidden`; `no-pod`; `container`: no such container, or a choice between several;
 * `unreachable`: the API server finds no kubelet at the node's address; `no-shell`: there is no such program in the container;
 * `not-served`: the kubelet says that it serves no exec; `failed`: kubelet or runtime could not, and say so.
 */
export type ExecFault =
	| 'name'
	| 'canceled'
	| 'silent'
	| 'cut'
	| 'api'
	| 'forbidden'
	| 'no-pod'
	| 'container'
	| 'unreachable'
	| 'no-shell'
	| 'not-served'
	| 'failed';

/** The command did not run. `detail`: a sentence without the command, which may hold secrets. */
export interface ExecRefusal {
	kind: 'refused';
	fault: ExecFault;
	detail: string;
	/** Of `silent`: milliseconds that it had to answer, once its turn came; 0: that did not come. */
	hadMs?: number;
}

export function refusal(fault: ExecFault, detail: string): ExecRefusal {
	return {kind: 'refused', fault, detail};
}

/** A refused upgrade: the number tells what; the API server's own words are added. `where`: namespace and pod. */
export function refusedHandshake({code, body}: Pick<Refused, 'code' | 'body'>, where: string): ExecRefusal {
	const said = wordsOf(body);
	const answered = `Exec into ${where} was answered ${code}${said === '' ? '' : ` ("${said}")`}`;
	if (code === 403) return refusal('forbidden', `${answered}. ${grant(where)}`);
	if (code === 401)
		return refusal(
			'forbidden',
			`${answered}: the Kubernetes API does not take our credentials. The token may have expired or be of another cluster.`,
		);
	if (code === 404) return refusal('no-pod', `${answered}: there is no such pod (any more).`);
	if (code === 400)
		return refusal(
			'container',
			`${answered}: the pod has no such container, several of which one must be named, or no node yet.`,
		);
	if (code === 405 || code === 501) return refusal('not-served', `${answered}: exec is not served there.`);
	if (code >= 500 && isDialFault(said)) return refusal('unreachable', `${answered}: ${unreachable}`);
	if (code === 429 || code >= 500) return refusal('api', `${answered}: the API server, or something before it, fails.`);
	return refusal('api', `${answered}: that is no answer of an API server that can be used.`);
}

export type StatusRead = {kind: 'exit'; code: number} | ExecRefusal;

/** The status frame. `command`: is left out of what was said. */
export function readStatus(frame: Buffer, where: string, command: readonly string[]): StatusRead {
	const status = parseStatus(frame);
	if (status === undefined)
		return refusal('api', `Exec into ${where} ended with a status that cannot be read (${frame.length} bytes).`);
	if (status.status === 'Success') return {kind: 'exit', code: 0};
	if (status.reason === 'NonZeroExitCode') {
		const written = status.details?.causes?.find(({reason}) => reason === 'ExitCode')?.message ?? '';
		if (/^\d{1,3}$/.test(written)) return {kind: 'exit', code: Number(written)};
		return refusal('api', `Exec into ${where} ended with an exit code that is none.`);
	}
	const said = withoutCommand(status.message ?? status.reason ?? '', command);
	const failed = `Exec into ${where} could not be run${said === '' ? '' : `: "${said}"`}`;
	if (status.code === 403 || status.code === 401) return refusal('forbidden', `${failed}. ${grant(where)}`);
	if (
		status.code === 405 ||
		status.code === 501 ||
		/not (yet )?(implemented|supported)|unsupported|\b501\b/i.test(said)
	)
		return refusal('not-served', `${failed}. The kubelet of its node serves no exec.`);
	if (isDialFault(said)) return refusal('unreachable', `${failed}: ${unreachable}`);
	if (noProgram.test(said)) return refusal('no-shell', `${failed}. The container has no such program.`);
	if (/container .{0,100}not found|container not running/i.test(said))
		return refusal('container', `${failed}. The container does not run.`);
	if (status.code === 404 || /pods? .{0,300}(not found|does not exist)/i.test(said))
		return refusal('no-pod', `${failed}. The kubelet that was asked does not have the pod.`);
	return refusal('failed', `${failed}. That is what the kubelet of its node, or its container runtime, says.`);
}

/** Go's words for a failed request quote its URL, and with that the whole command. */
export function withoutCommand(said: string, command: readonly string[]): string {
	let text = withoutSecrets(said)
		.slice(0, 10_000)
		.replace(/\?[^\s"']*/g, '');
	for (const part of command) if (part.length > 8) text = text.replaceAll(part.slice(0, 10_000), '…');
	return oneLine(text, 240);
}

const unreachable = 'the API server cannot reach the kubelet of its node.';
const noProgram = /executable file not found|no such file or directory|stat .{0,100}: no such file/i;

function isDialFault(said: string): boolean {
	return /error dialing backend|connection refused|no route to host|network is unreachable|i\/o timeout|dial tcp|no preferred addresses/i.test(
		said,
	);
}

function grant(where: string): string {
	const [namespace = ''] = where.split('/');
	return `Our service account needs the verbs get and create on pods/exec in the namespace ${namespace} (docs/pod-exec.md).`;
}

const statusSchema = z.object({
	status: z.string().optional(),
	reason: z.string().optional(),
	message: z.string().optional(),
	code: z.number().optional(),
	details: z
		.object({
			causes: z
				.array(z.object({reason: z.string().optional(), message: z.string().optional()}))
				.max(100)
				.nullish(),
		})
		.nullish(),
});

type Status = z.infer<typeof statusSchema>;

function parseStatus(bytes: Buffer): Status | undefined {
	if (excessOf(bytes) !== undefined) return undefined;
	try {
		const read = statusSchema.safeParse(JSON.parse(bytes.toString()));
		return read.success ? read.data : undefined;
	} catch {
		return undefined;
	}
}

/** The message of a Status object; the first words of a plain text; nothing of a page. */
function wordsOf(body: string): string {
	const status = parseStatus(Buffer.from(body));
	if (status) return withoutCommand(status.message ?? '', []);
	return /^\s*[<{]/.test(body) ? '' : withoutCommand(body, []);
}
