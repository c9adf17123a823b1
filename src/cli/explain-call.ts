/** Why no daemon could be asked, and what to do about it: one sentence or two for whoever typed the command. */

import {commandLab} from '../lab/commanding.ts';
import {messageOf, oneLine} from '../util/errors.ts';
import {formatLatency} from '../util/readable.ts';
import type {Daemon} from './call-daemon.ts';

/** Nothing came back. `otherwise` is what else the command could do, after a comma. */
export async function explainFailure(
	daemon: Daemon,
	error: unknown,
	{timeoutMs, otherwise}: {timeoutMs: number; otherwise?: string | undefined},
): Promise<string> {
	const {url, caFile} = daemon;
	const code = codeOf(error);
	const {origin, host} = url;
	const ours = caFile === undefined ? 'that this machine trusts' : `in ${caFile}`;
	if (unknownAuthority.has(code))
		return `Something answers at ${origin}, but no authority ${ours} vouches for its certificate (${code}). Name a file with its authority: --ca-file FILE or TAILPROBE_CA_FILE.`;
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
		return `Something answers at ${origin}, but its certificate is for other names than ${url.hostname}. Put a name that it has into --url.`;
	if (code.startsWith('CERT_'))
		return `Something answers at ${origin}, but its certificate is not valid (${code}). It needs a new one.`;
	if (url.protocol === 'https:' && /wrong version number|packet length too long/.test(messageOf(error)))
		return `What listens at ${host} speaks no HTTPS. Ask it at http://${host}, if it is a tailprobe.`;
	if (url.protocol === 'http:' && ['ECONNRESET', 'HPE_INVALID_CONSTANT'].includes(code))
		return `${nobody(url)}: what listens there ended the connection without an answer. Perhaps it speaks HTTPS: try --url https://${host}.`;
	if (error instanceof Error && error.name === 'AbortError')
		return `${shownUrl(url.origin)} did not answer within ${formatLatency(timeoutMs / 1000)}: give it more time with --timeout, or see whether it is well. A diagnosis takes up to 10 s.`;
	return `${nobody(url)}: ${plainly[code] ?? messageOf(error)}. ${await adviceFor(daemon, otherwise)}`;
}

/** Something came back, and it is not what a daemon says. */
export async function explainStrangeAnswer(
	daemon: Daemon,
	{status, text, isJson}: {status: number; text: string; isJson: boolean},
	otherwise?: string,
): Promise<string> {
	const {url} = daemon;
	if (url.protocol === 'http:' && status === 400 && /\bhttps\b/i.test(text))
		return `What listens at ${url.host} speaks HTTPS: ask it at https://${url.host}.`;
	const what = isJson ? 'with nothing that a tailprobe says' : 'with something that is not JSON';
	return `${nobody(url)}: it answered with status ${status}, and ${what}. ${await adviceFor(daemon, otherwise)}`;
}

function nobody({origin}: URL): string {
	return `No tailprobe answers at ${shownUrl(origin)}`;
}

/** A name can have been pasted with a page after it. */
function shownUrl(origin: string): string {
	return oneLine(origin, 200);
}

/** What to do where none answers. A lab is not asked unbidden: who means another daemon would take its answer for that one's. */
async function adviceFor({url, labDirectory}: Daemon, otherwise = ''): Promise<string> {
	const lab = await commandLab(labDirectory, {do: 'status'}).catch(() => undefined);
	const at = lab?.ok ? lab.status.url : undefined;
	if (at === undefined || URL.parse(at)?.origin === url.origin) {
		const or = otherwise === '' ? ' or' : ',';
		return `Start one with "tailprobe serve --config FILE"${or} name another with --url or TAILPROBE_URL${otherwise === '' ? '' : `, ${otherwise}`}.`;
	}
	return `Your lab does, at ${at}: to ask that one, add --url ${at}, or set TAILPROBE_URL.`;
}

/** Where Node's own words say less. */
const plainly: Record<string, string> = {
	ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
	ENOTFOUND: 'no name server knows that name (ENOTFOUND)',
	EAI_AGAIN: 'the name servers of this machine did not answer for that name (EAI_AGAIN)',
	EHOSTUNREACH: 'no way leads there (EHOSTUNREACH)',
	ENETUNREACH: 'no network leads there (ENETUNREACH)',
	ETIMEDOUT: 'nothing took the connection (ETIMEDOUT)',
};

const unknownAuthority: ReadonlySet<string> = new Set([
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'CERT_SIGNATURE_FAILURE',
]);

function codeOf(error: unknown): string {
	return error instanceof Error && 'code' in error ? String(error.code) : '';
}
