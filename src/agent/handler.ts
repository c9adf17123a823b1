/** What an agent answers over HTTP: a hello to everybody, all else only to whoever has the secret. */

import type {IncomingMessage, RequestListener, ServerResponse} from 'node:http';
import type {Clock} from '../util/clock.ts';
import {createTokenBuckets} from '../util/token-bucket.ts';
import type {AgentConnections} from './connections.ts';
import {type Gate, isDialled} from './gate.ts';
import {hashOf, isNonce, proveAnswer, proveHello} from './proof.ts';
import {readJsonBody} from './request-body.ts';
import {agentPaths, type Hello, proofHeaders, protocolVersion, type RefusalCode} from './wire.ts';

export interface HandlerOptions {
	clock: Clock;
	boot: string;
	gate: Gate;
	connections: AgentConnections;
	secrets(): readonly string[];
	/** Whether an address that was dialled is ours. */
	isOurs(address: string): boolean;
	/** The answer as JSON text, or why not. The signal tells that the caller is gone. */
	sync(json: unknown, signal: AbortSignal): Promise<string | Refused>;
	run(json: unknown, signal: AbortSignal): Promise<string | Refused>;
	onRefused(code: RefusalCode): void;
	/** An error of ours. */
	onBug(error: unknown): void;
}

export interface Refused {
	status: number;
	refused: RefusalCode;
}

/** Hellos and failed proofs, of all strangers together. */
const strangerRate = {count: 50, perMs: 1000};

export function createHandler(options: HandlerOptions): RequestListener {
	const {clock, boot, gate, connections} = options;
	const strangers = createTokenBuckets({clock, maxKeys: 1});

	return (request, response) => {
		// Cut in the middle: nobody is there to be answered.
		request.on('error', () => response.destroy());
		handle(request, response).catch((error: unknown) => {
			if (!request.socket.destroyed && !isBroken(error)) options.onBug(error);
			response.destroy();
		});
	};

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const {method = '', url = '', headers} = request;
		if (method === 'GET' && url === agentPaths.hello) {
			sayHello(request, response);
			return;
		}
		const serve = method === 'POST' ? {[agentPaths.sync]: options.sync, [agentPaths.run]: options.run}[url] : undefined;
		const judged = serve ? gate({method, path: url, headers}) : undefined;
		if (!serve || !judged?.ok) {
			const {status, code} = judged && !judged.ok ? judged : {status: 404, code: 'request' as const};
			refuse(response, status, code);
			return;
		}
		connections.know(request.socket);
		const {secret, nonce, bodyHash} = judged;
		const body = await readJsonBody(request, bodyHash);
		const gone = new AbortController();
		response.on('close', () => gone.abort());
		const answer = body ? await serve(body.json, gone.signal) : {status: 400, refused: 'request' as const};
		const [status, text] =
			typeof answer === 'string' ? [200, answer] : [answer.status, JSON.stringify({refused: answer.refused})];
		const proof = proveAnswer(secret, {status, boot, nonce, bodyHash: hashOf(text)});
		// What was not read to its end is not read on.
		send(response, status, text, {[proofHeaders.proof]: proof, ...(body ? {} : {connection: 'close'})});
	}

	function sayHello(request: IncomingMessage, response: ServerResponse): void {
		const {[proofHeaders.nonce]: nonce, [proofHeaders.to]: to} = request.headers;
		if (typeof nonce !== 'string' || !isNonce(nonce) || typeof to !== 'string' || !isDialled(to)) {
			refuse(response, 400, 'request');
			return;
		}
		if (strangers.take('', strangerRate) > 0) {
			refuse(response, 429, 'busy');
			return;
		}
		// Who is called by another's address would vouch for whoever passes this on.
		if (!options.isOurs(to)) {
			refuse(response, 421, 'address');
			return;
		}
		const hello: Hello = {tailprobe: 'agent', protocol: protocolVersion, boot, nowMs: Math.round(clock.now())};
		const proofs = options.secrets().map(secret => proveHello(secret, {...hello, nonce, to}));
		send(response, 200, JSON.stringify(hello), {[proofHeaders.proof]: proofs.join(' ')});
	}

	function refuse(response: ServerResponse, status: number, code: RefusalCode): void {
		options.onRefused(code);
		send(response, status, JSON.stringify({refused: code}), {connection: 'close'});
	}
}

function send(response: ServerResponse, status: number, text: string, headers: Record<string, string>): void {
	const length = String(Buffer.byteLength(text));
	response.writeHead(status, {'content-type': 'application/json', 'content-length': length, ...headers}).end(text);
}

function isBroken(error: unknown): boolean {
	return (
		error instanceof Error &&
		'code' in error &&
		(error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
	);
}
