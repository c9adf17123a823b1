/** The API server as a node asks it: JSON over kept connections. */

import {Agent, request} from 'undici';

/** An answer of the API that is not 2xx. */
export class ApiError extends Error {
	override readonly name = 'ApiError';
	/** HTTP status. */
	readonly code: number;

	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}
}

/** Where the API server is, and as whom it is asked. */
export interface ApiPlace {
	url: string;
	ca: string;
	token: string;
}

/** One request; rejects with `ApiError` unless it was answered 2xx. A PATCH is a merge patch. */
export type Ask = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => Promise<unknown>;

/** A client that gives up on a silent server after ten seconds. */
export function apiClient({url, ca, token}: ApiPlace): Ask {
	const dispatcher = new Agent({connect: {ca}, headersTimeout: 10_000, bodyTimeout: 10_000});
	return async (method, path, body) => {
		const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
		const answer = await request(`${url}${path}`, {
			method,
			dispatcher,
			headers: {authorization: `Bearer ${token}`, 'content-type': type},
			...(body !== undefined && {body: JSON.stringify(body)}),
		});
		const text = await answer.body.text();
		if (answer.statusCode >= 300) throw new ApiError(answer.statusCode, `${method} ${path}: ${messageOf(text)}`);
		return JSON.parse(text);
	};
}

/** What the API says in its own words, or what came instead of them. */
function messageOf(text: string): string {
	try {
		return (JSON.parse(text) as {message?: string}).message ?? text;
	} catch {
		return text.slice(0, 500);
	}
}
