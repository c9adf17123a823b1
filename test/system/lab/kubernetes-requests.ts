/** Single requests to the API server of the lab, by curl in the cluster's host. */

import {join} from 'node:path';
import {execa} from 'execa';
import {apiPort, type ClusterPlace} from './kubernetes-programs.ts';

/** What to ask, and as whom. */
export interface ApiRequest {
	token: string;
	method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
	path: string;
	body?: unknown;
	/** Of the body; JSON where nothing is said. */
	type?: string;
}

/** What came, whatever it was. */
export interface ApiAnswer {
	status: number;
	/** JSON as it came; a text where it is none. */
	body: unknown;
}

/** Asks once. Rejects only where nothing came within ten seconds. */
export async function askApi(
	{namespace, address, directory}: ClusterPlace,
	{token, method, path, body, type = 'application/json'}: ApiRequest,
): Promise<ApiAnswer> {
	const url = `https://${address}:${apiPort}${path}`;
	const headers = ['-H', `Authorization: Bearer ${token}`, '-H', `Content-Type: ${type}`];
	const sent = body === undefined ? [] : ['--data-binary', '@-'];
	const options = ['-s', '-g', '--max-time', '10', '--cacert', join(directory, 'ca.pem'), '-w', '\n%{http_code}'];
	const args = ['netns', 'exec', namespace, 'curl', '-X', method, ...options, ...headers, ...sent, url];
	const {stdout} = await execa('ip', args, {...(body !== undefined && {input: JSON.stringify(body)})});
	const end = stdout.lastIndexOf('\n');
	return {status: Number(stdout.slice(end + 1)), body: parsed(stdout.slice(0, end))};
}

/** Where the API keeps an object, or one that is to be made; the namespace is the object's own. */
export function pathOf({
	apiVersion,
	kind,
	metadata,
}: {
	apiVersion: string;
	kind: string;
	metadata: {name: string; namespace?: string};
}): string {
	const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
	const space = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
	return `${group}${space}/${pluralOf(kind.toLowerCase())}/${metadata.name}`;
}

function pluralOf(word: string): string {
	if (word.endsWith('y')) return `${word.slice(0, -1)}ies`;
	return word.endsWith('s') ? `${word}es` : `${word}s`;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
