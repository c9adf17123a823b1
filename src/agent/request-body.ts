/** The body of a request that was proved: of the length that it tells, with the hash that was proved, and bounded before it is parsed. */

import type {IncomingMessage} from 'node:http';
import {excessOf} from '../util/json-bounds.ts';
import {hashOf} from './proof.ts';
import {wireLimits} from './wire.ts';

/** The JSON, or undefined when it cannot be had so. Rejects when the connection breaks. */
export async function readJsonBody(request: IncomingMessage, bodyHash: string): Promise<{json: unknown} | undefined> {
	const length = Number(request.headers['content-length'] ?? Number.NaN);
	if (!(length <= wireLimits.requestBytes) || request.headers['transfer-encoding'] !== undefined) return undefined;
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk);
	const body = Buffer.concat(chunks);
	if (hashOf(body) !== bodyHash || excessOf(body) !== undefined) return undefined;
	try {
		return {json: JSON.parse(body.toString()) as unknown};
	} catch {
		return undefined;
	}
}
