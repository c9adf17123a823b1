/** A LocalAPI on a real unix socket that answers with what the real tailscaled once said, until a test says otherwise. */

import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {holdThread} from './hold-thread.ts';

/** What the real tailscaled answered, by the name of the file in test/fixtures/localapi. */
export function recorded(name: string): Record<string, unknown> {
	return JSON.parse(readFileSync(new URL(`../fixtures/localapi/${name}.json`, import.meta.url), 'utf8'));
}

/** The same answer, made on the thread of the test, which is held so long. */
export function slowly(answer: object, holdMs: number): object {
	return {
		toJSON() {
			holdThread(holdMs);
			return answer;
		},
	};
}

/** The answer's JSON; `silent` never answers, as a lost ping; `close` hangs up; or the raw answer itself. */
export type LocalAnswer = object | 'silent' | 'close' | {status: number; body: string};

export interface LocalApiServer {
	socket: string;
	/** Method and path of each call, in order. */
	calls: string[];
	/** The status as it is told now; `Peer` is left out where the caller wants no peers. */
	status: LocalAnswer;
	derpMap: LocalAnswer;
	/** Answers the nth ping (from 1) of its type to an address. */
	ping(type: string, address: string, nth: number): LocalAnswer;
}

const pings: Record<string, string> = {disco: 'ping-disco-direct', TSMP: 'ping-tsmp', ICMP: 'ping-icmp'};

/** Runs until the test ends. */
export async function startLocalApi(t: ExecutionContext, over: Partial<LocalApiServer> = {}): Promise<LocalApiServer> {
	const directory = await mkdtemp(join(tmpdir(), 'localapi-'));
	const local: LocalApiServer = {
		socket: join(directory, 'tailscaled.sock'),
		calls: [],
		status: recorded('status'),
		derpMap: recorded('derpmap'),
		ping: type => recorded(pings[type] ?? 'unknown'),
		...over,
	};
	const counts = new Map<string, number>();
	const server = createServer((request, response) => answer(local, counts, request, response));
	server.listen(local.socket);
	await once(server, 'listening');
	t.teardown(async () => {
		server.closeAllConnections();
		server.close();
		await rm(directory, {recursive: true});
	});
	return local;
}

function answer(
	local: LocalApiServer,
	counts: Map<string, number>,
	request: IncomingMessage,
	response: ServerResponse,
): void {
	local.calls.push(`${request.method} ${request.url}`);
	const url = new URL(request.url ?? '/', 'http://local');
	const path = url.pathname.replace('/localapi/v0/', '');
	if (request.headers.host !== 'local-tailscaled.sock' || request.headers.origin || request.headers.referer) {
		send(response, {status: 403, body: 'invalid localapi request\n'});
	} else if (path === 'ping' && request.method === 'POST') {
		const type = url.searchParams.get('type') ?? '';
		const nth = (counts.get(type) ?? 0) + 1;
		counts.set(type, nth);
		send(response, local.ping(type, url.searchParams.get('ip') ?? '', nth));
	} else if (path === 'status' && request.method === 'GET') {
		const whole = url.searchParams.get('peers') !== 'false' || typeof local.status === 'string';
		send(response, whole ? local.status : Object.assign({}, local.status, {Peer: null}));
	} else if (path === 'derpmap') {
		send(response, local.derpMap);
	} else {
		send(response, {status: 404, body: 'no such thing\n'});
	}
}

function send(response: ServerResponse, what: LocalAnswer): void {
	if (what === 'silent') return;
	if (what === 'close') response.destroy();
	else if ('status' in what && 'body' in what) response.writeHead(Number(what.status)).end(what.body);
	else response.writeHead(200, {'Content-Type': 'application/json'}).end(JSON.stringify(what));
}
