/** The line to an agent: dialled by us, greeted, and then every request and every answer on it is proved. */

import type {Socket} from 'node:net';
import {hashOf, isSameProof, newNonce, proveAnswer, proveHello, proveRequest} from '../agent/proof.ts';
import {agentPaths, helloSchema, proofHeaders, protocolVersion, refusalSchema, wireLimits} from '../agent/wire.ts';
import {dial} from '../net/dial.ts';
import {checkAddress, parseAddress} from '../net/guard.ts';
import {type Exchange, type ExchangeRequest, exchange} from '../net/http1.ts';
import {resolveTarget} from '../net/resolve.ts';
import {dialThroughSocks5} from '../net/socks5.ts';
import type {TailnetFacts} from '../probes/types.ts';
import type {Clock} from '../util/clock.ts';
import {CannotLookError, TargetDownError} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';
import {AgentError, explainDial, explainRefusal} from './agent-errors.ts';

/** How an agent is dialled. */
export interface AgentDial {
	/** tailscaled's SOCKS5 proxy, in userspace mode. */
	socks5?: string;
	tailnet: TailnetFacts;
	/** Embedded lab and tests only. */
	allowLoopback: boolean;
}

/** One start of an agent that has proved that it has a secret of ours. */
export interface Session {
	address: string;
	family: 4 | 6;
	port: number;
	boot: string;
	/** With which it proved that, and we prove ourselves. */
	secret: string;
	/** Add to our monotonic clock to have the agent's. */
	offsetMs: number;
}

export interface Line {
	/** Greets over a new connection, which is kept. Throws AgentError. */
	greet(host: string, secrets: readonly string[], signal: AbortSignal): Promise<Session>;
	/**
	 * Sends a request to a session over the kept connection (opened anew where it broke), or over one of its own. Answers the JSON.
	 * Throws AgentError, or the signal's reason as soon as it aborts, which closes the connection.
	 */
	ask(session: Session, path: string, body: string, how: {signal: AbortSignal; apart?: boolean}): Promise<unknown>;
	close(): void;
}

const dialMs = 5000;
const maxHeadBytes = 8192;
/** Of a hello or a refusal. */
const maxSmallBytes = 4096;

export function createLine({dial: way, port, clock}: {dial: AgentDial; port: number; clock: Clock}): Line {
	let kept: Socket | undefined;

	return {
		async greet(host, secrets, signal) {
			const place = `${host} port ${port}`;
			try {
				const {address, family} = await findAddress(host, way, signal);
				kept?.destroy();
				const socket = await connect({address, family}, signal);
				kept = socket;
				return await hello({address, family, port}, socket, secrets, signal);
			} catch (error) {
				signal.throwIfAborted();
				throw explainDial(error, place);
			}
		},
		async ask(session, path, body, {signal, apart = false}) {
			const place = `${session.address} port ${port}`;
			let socket = apart ? undefined : kept;
			try {
				if (!socket || socket.destroyed) socket = await connect(session, signal);
				if (!apart) kept = socket;
				return await askOver(socket, session, path, body, signal);
			} catch (error) {
				socket?.destroy();
				signal.throwIfAborted();
				throw explainDial(error, place);
			} finally {
				if (apart) socket?.destroy();
			}
		},
		close: () => kept?.destroy(),
	};

	async function connect(to: Pick<Session, 'address' | 'family'>, signal: AbortSignal): Promise<Socket> {
		const limited = AbortSignal.any([signal, AbortSignal.timeout(dialMs)]);
		const isOverTailnet = !way.allowLoopback || !/^(127\.|::1$)/.test(to.address);
		return way.socks5 !== undefined && isOverTailnet
			? dialThroughSocks5(way.socks5, to, port, limited)
			: dial(to, port, limited);
	}

	async function hello(
		to: Pick<Session, 'address' | 'family' | 'port'>,
		socket: Socket,
		secrets: readonly string[],
		signal: AbortSignal,
	): Promise<Session> {
		const nonce = newNonce();
		const place = `${to.address} port ${port}`;
		const answer = await exchange(
			socket,
			requestOf('GET', agentPaths.hello, to, {[proofHeaders.nonce]: nonce, [proofHeaders.to]: to.address}),
			{maxHeadBytes, maxBodyBytes: maxSmallBytes},
			AbortSignal.any([signal, AbortSignal.timeout(dialMs)]),
		);
		const heardAt = clock.now();
		// Without its code: no other hello at once mends what is said to a hello.
		if (answer.status !== 200) throw new AgentError(refusalIn(answer, place, false).message);
		const read = helloSchema.safeParse(parseJson(answer.body));
		if (!read.success) throw noAgent(place);
		const claim = read.data;
		const given = headerOf(answer, proofHeaders.proof).split(' ').slice(0, maxProofs);
		const secret = secrets.find(candidate =>
			given.some(proof => isSameProof(proveHello(candidate, {...claim, nonce, to: to.address}), proof)),
		);
		if (claim.protocol !== protocolVersion) throw otherProtocol(claim.protocol, place, secret !== undefined);
		if (secret === undefined) throw new AgentError(explainRefusal('proof', place, false), {code: 'proof'});
		return {...to, boot: claim.boot, secret, offsetMs: claim.nowMs - heardAt};
	}

	async function askOver(
		socket: Socket,
		session: Session,
		path: string,
		body: string,
		signal: AbortSignal,
	): Promise<unknown> {
		const {address: to, boot, secret, offsetMs} = session;
		const nonce = newNonce();
		const claim = {
			method: 'POST',
			path,
			to,
			boot,
			timeMs: Math.round(clock.now() + offsetMs),
			nonce,
			bodyHash: hashOf(body),
		};
		const answer = await exchange(
			socket,
			{
				...requestOf('POST', path, session, {
					[proofHeaders.to]: to,
					[proofHeaders.boot]: boot,
					[proofHeaders.time]: String(claim.timeMs),
					[proofHeaders.nonce]: nonce,
					[proofHeaders.bodyHash]: claim.bodyHash,
					[proofHeaders.proof]: proveRequest(secret, claim),
					'content-type': 'application/json',
				}),
				body,
			},
			{maxHeadBytes, maxBodyBytes: wireLimits.answerBytes},
			signal,
		);
		const place = `${to} port ${port}`;
		const {status} = answer;
		if (answer.truncated) throw new OversizedError(place);
		if (!answer.reusable) socket.destroy();
		const proved = proveAnswer(secret, {status, boot, nonce, bodyHash: hashOf(answer.body)});
		// A refusal before our proof was seen cannot be proved: it is only believed to be none of the answers we wanted.
		if (!isSameProof(proved, headerOf(answer, proofHeaders.proof))) {
			if (status !== 200) throw refusalIn(answer, place, false);
			throw new AgentError(`What answers at ${place} does not prove that it is our agent: its answer was not taken.`);
		}
		if (status !== 200) throw refusalIn(answer, place, true);
		const excess = excessOf(answer.body);
		if (excess !== undefined) throw new OversizedError(place, excess);
		return parseJson(answer.body);
	}
}

/** The agent says more than any honest one does. */
export class OversizedError extends AgentError {
	constructor(place: string, excess = `more than ${wireLimits.answerBytes} bytes`) {
		super(`An answer of the agent at ${place} holds ${excess}, as that of no honest agent does: it was not taken.`);
	}
}

const maxProofs = 5;

/** An address in the tailnet, or one of loopback where that is allowed. */
async function findAddress(host: string, {tailnet, allowLoopback}: AgentDial, signal: AbortSignal) {
	const literal = parseAddress(host);
	if (literal && allowLoopback && /^(127\.|::1$)/.test(literal.address)) return literal;
	const rule = {via: 'tailnet' as const, prefixes: tailnet.prefixes, allowLoopback};
	if (literal) {
		checkAddress(literal.address, rule);
		return literal;
	}
	const limited = AbortSignal.any([signal, AbortSignal.timeout(dialMs)]);
	return resolveTarget(host, rule, {preferred: 4, fallback: true}, {tailnet, timeoutMs: dialMs}, limited);
}

function requestOf(
	method: string,
	path: string,
	{address, port}: Pick<Session, 'address' | 'port'>,
	headers: Record<string, string>,
): ExchangeRequest {
	const host = `${address.includes(':') ? `[${address}]` : address}:${port}`;
	return {method, path, headers: [['host', host], ['connection', 'keep-alive'], ...Object.entries(headers)]};
}

function headerOf({headers}: Exchange, name: string): string {
	return headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

function refusalIn({body, status}: Exchange, place: string, isProved: boolean): AgentError {
	const read = body.length <= maxSmallBytes ? refusalSchema.safeParse(parseJson(body)) : undefined;
	if (!read?.success) return status === 200 ? noAgent(place) : noAgent(place, ` (it answered with ${status})`);
	const code = read.data.refused;
	return new AgentError(explainRefusal(code, place, isProved), {code, isProved});
}

function noAgent(place: string, more = ''): AgentError {
	return new AgentError(`What answers at ${place} is no tailprobe agent${more}: look at the port.`);
}

/** Where nothing proves that it is ours it may be anybody, and is asked again as usual. */
function otherProtocol(theirs: number, place: string, isProved: boolean): AgentError {
	const advice = theirs > protocolVersion ? 'update this tailprobe' : 'update the agent';
	if (!isProved)
		return new AgentError(
			`Something at ${place} says that it is an agent of protocol ${theirs}, and does not prove that it has our secret. We speak ${protocolVersion}: if it is ours, ${advice}.`,
		);
	return new AgentError(
		`The agent at ${place} speaks protocol ${theirs}, and we speak ${protocolVersion}: ${advice}.`,
		{unsupported: true},
	);
}

function parseJson(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString()) as unknown;
	} catch {
		return undefined;
	}
}

/** Whether a failure is one of the world's; all else is a bug of ours. */
export function isOfTheWorld(error: unknown): boolean {
	return error instanceof AgentError || error instanceof TargetDownError || error instanceof CannotLookError;
}
