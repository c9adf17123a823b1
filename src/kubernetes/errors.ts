/** Why the Kubernetes API gave nothing, as sentences. Nothing that was sent is in them. */

import type {Failure} from '../sources/read.ts';
import {messageOf, oneLine} from '../util/errors.ts';
import {safeMessageOf, withoutSecrets} from './secret-words.ts';

/** The API could not be used. The message says what was tried, what came and what to do, and holds no secret. */
export class KubernetesError extends Error {
	override name = 'KubernetesError';
	/** The HTTP status, where one came. */
	readonly status: number | undefined;
	/** Where all other calls would fail alike. */
	readonly failure: Failure | undefined;

	constructor(message: string, {status, failure}: {status?: number; failure?: Failure} = {}) {
		super(message);
		this.status = status;
		this.failure = failure;
	}
}

/** The error for a status that is no success. `said`: the message of the API server's own Status object, which names who may not do what. */
export function refusedBy(status: number, tried: string, said?: string): KubernetesError {
	const words = said === undefined || said === '' ? '' : ` ("${oneLine(withoutSecrets(said), 240)}")`;
	return new KubernetesError(`${tried} was answered ${status}${words}: ${adviceFor(status)}.`, {
		status,
		...(status === 401 || status === 429 || status >= 500 ? {failure: `status ${status}` as const} : {}),
	});
}

/** What a failed call without an answer means. */
export function explainFault(error: unknown, tried: string): KubernetesError {
	if (error instanceof KubernetesError) return error;
	const code = codeOf(error);
	const known = code === undefined ? undefined : faults[code];
	const what = known ?? `failed: ${safeMessageOf(innermost(error))}${code === undefined ? '' : ` (${code})`}`;
	return new KubernetesError(`${tried} ${what}.`, {failure: 'unanswered'});
}

/** The code of what Node.js threw, also where it stands in a cause. */
export function codeOf(error: unknown): string | undefined {
	for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
		if ('code' in at && typeof at.code === 'string') return at.code;
	}
	return undefined;
}

const faults: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'found nobody listening: the API server is down, or the address is wrong',
	ECONNRESET: 'ended in the middle: the API server, or something before it, broke the connection',
	UND_ERR_SOCKET: 'ended in the middle: the API server, or something before it, broke the connection',
	UND_ERR_CONNECT_TIMEOUT: 'could not connect in time: the API server is down or cut off',
	ETIMEDOUT: 'could not connect in time: the API server is down or cut off',
	EHOSTUNREACH: 'found no way to the API server',
	ENETUNREACH: 'found no way to the API server',
	ENOTFOUND: 'found no address for the name of the API server',
	EAI_AGAIN: 'found no address for the name of the API server: DNS does not answer',
	SELF_SIGNED_CERT_IN_CHAIN:
		"found a certificate of an unknown authority: the CA in kubeconfig or beside the token is not the API server's",
	DEPTH_ZERO_SELF_SIGNED_CERT: 'found a self-signed certificate that the CA in use does not know',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		"found a certificate of an unknown authority: the CA in kubeconfig or beside the token is not the API server's",
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		"found a certificate of an unknown authority: the CA in kubeconfig or beside the token is not the API server's",
	CERT_SIGNATURE_FAILURE: "found a certificate that the CA in use did not sign: the API server's CA was changed",
	CERT_HAS_EXPIRED: "found that the API server's certificate has expired",
	ERR_TLS_CERT_ALTNAME_INVALID: 'found a certificate for another name than that of the API server',
};

function adviceFor(status: number): string {
	if (status === 401) return 'our credentials are not taken; the token may have expired or belong to another cluster';
	if (status === 403) return 'we have no right to it; grant it to our service account (docs/kubernetes.md)';
	if (status === 404) return 'there is no such thing';
	if (status === 410) return 'what we knew is too old, so everything is read anew';
	if (status === 429) return 'the API server has too much to do';
	if (status >= 500) return 'the API server, its database, or something before it fails';
	if (status >= 300 && status < 400) return 'no API server redirects; something else answers there';
	return 'that is no answer of an API server that can be used';
}

function innermost(error: unknown): unknown {
	let at = error;
	for (let depth = 0; at instanceof Error && at.cause instanceof Error && depth < 5; depth++) at = at.cause;
	return at;
}

/** What a try brought that failed with this. */
export function broughtOf(error: unknown): {error: string; failure?: KubernetesError['failure']} {
	if (error instanceof KubernetesError) return {error: error.message, failure: error.failure};
	return {error: `Reading the Kubernetes API failed: ${messageOf(error)}.`};
}
