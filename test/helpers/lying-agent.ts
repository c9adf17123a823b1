/** Whoever has the secret can be an agent: a server on loopback that proves all it says, and says what a test wants. */

import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {ExecutionContext} from 'ava';
import {hashOf, newNonce, proveAnswer, proveHello} from '../../src/agent/proof.ts';
import {agentPaths, proofHeaders, protocolVersion} from '../../src/agent/wire.ts';
import {aSecret} from './agents.ts';

export interface LyingAgent {
	port: number;
	boot: string;
	/** Bodies of the requests that came, by path. */
	asked: {path: string; body: Record<string, unknown>}[];
}

export interface Lies {
	protocol?: number;
	secret?: string;
	/** The text of each answer; by default an honest one without outcomes. Not a text: the answer is left to it. */
	onSync?: (body: Record<string, unknown>, response: ServerResponse) => string | undefined;
	onRun?: (body: Record<string, unknown>) => string;
	/** Instead of the right proof of an answer. */
	proof?: string;
}

/** An answer to a sync as an honest agent gives it. */
export function honestAnswer(over: object = {}, state: object = {}): string {
	return JSON.stringify({
		list: null,
		outcomes: [],
		more: false,
		state: {
			condition: 'sound',
			latenessMs: 0,
			runsInFlight: 0,
			facts: {},
			version: '0.1.0',
			addresses: [],
			runs: {started: 0, up: 0, down: 0, unknown: 0},
			skippedSlots: {overlap: 0, late: 0},
			threadRestarts: 0,
			denied: 0,
			dropped: 0,
			...state,
		},
		...over,
	});
}

/** Listens until the test ends. */
export async function startLyingAgent(t: ExecutionContext, lies: Lies = {}): Promise<LyingAgent> {
	const {secret = aSecret, protocol = protocolVersion} = lies;
	const agent: LyingAgent = {port: 0, boot: newNonce(), asked: []};
	const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	agent.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		server.closeAllConnections();
		server.close();
	});
	return agent;

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const header = (name: string) => String(request.headers[name] ?? '');
		const nonce = header(proofHeaders.nonce);
		const {boot} = agent;
		if (request.url === agentPaths.hello) {
			const hello = {tailprobe: 'agent' as const, protocol, boot, nowMs: Math.round(performance.now())};
			const proof = proveHello(secret, {...hello, nonce, to: header(proofHeaders.to)});
			response.writeHead(200, {[proofHeaders.proof]: proof}).end(JSON.stringify(hello));
			return;
		}
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
		agent.asked.push({path: request.url ?? '', body});
		const text =
			request.url === agentPaths.run ? lies.onRun?.(body) : lies.onSync ? lies.onSync(body, response) : honestAnswer();
		if (text === undefined) return;
		const proof = lies.proof ?? proveAnswer(secret, {status: 200, boot, nonce, bodyHash: hashOf(text)});
		response.writeHead(200, {[proofHeaders.proof]: proof, 'content-length': Buffer.byteLength(text)}).end(text);
	}
}
