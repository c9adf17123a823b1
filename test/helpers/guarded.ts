/** A real server behind a real front door: a web configuration file in a folder of its own, tokens, TLS, and requests to it. */

import {mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingHttpHeaders} from 'node:http';
import http from 'node:http';
import https from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import bcrypt from 'bcryptjs';
import type {BearerToken} from '../../src/config/types.ts';
import {createApp, type Log, type LogLine, startServer} from '../../src/server/app.ts';
import {createDoor, type Door} from '../../src/server/door/door.ts';
import type {RefusalKind} from '../../src/server/door/refusals.ts';
import type {DaemonView} from '../../src/server/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import type {Rate} from '../../src/util/token-bucket.ts';
import {fakeDaemon} from './fake-daemon.ts';

const certificates = new URL('../fixtures/tls/', import.meta.url);

/** A bcrypt hash of the least cost. */
export function hashOf(password: string, cost = 4): string {
	return bcrypt.hashSync(password, cost);
}

export interface GuardedOptions {
	/** Text of the web configuration file; `later`: it is named and not there yet. */
	web?: string;
	tokens?: (folder: string) => BearerToken[];
	rate?: Rate;
	/** As if bound to this address; it is always 127.0.0.1. */
	listenHost?: string;
	view?: DaemonView;
	/** Files to put beside the web configuration first, by name. */
	files?: Record<string, string>;
}

export interface Asking {
	method?: string;
	headers?: Record<string, string>;
	/** `user:password`. */
	auth?: string;
	token?: string;
	body?: string;
	/** A certificate of fixtures/tls to show. */
	certificate?: string;
	agent?: http.Agent;
}

export interface Guarded {
	readonly url: string;
	port: number;
	folder: string;
	/** Ends the server before the test does. */
	close(): Promise<void>;
	door: Door;
	log: LogLine[];
	refused: Map<RefusalKind, number>;
	/** Writes a file of the folder at once, as a careful editor does. */
	write(name: string, text: string): void;
	ask(path: string, asking?: Asking): Promise<GuardedAnswer>;
}

export interface GuardedAnswer {
	status: number;
	headers: IncomingHttpHeaders;
	body: string;
	/** Subject of the server's certificate. */
	subject?: string;
}

/** A certificate of fixtures/tls, as text. */
export function pem(name: string): string {
	return readFileSync(new URL(name, certificates), 'utf8');
}

/** Serves until the test ends. */
export async function guard(t: ExecutionContext, options: GuardedOptions): Promise<Guarded> {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-door-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const write = (name: string, text: string) => {
		writeFileSync(join(folder, '.new'), text);
		renameSync(join(folder, '.new'), join(folder, name));
	};
	for (const [name, text] of Object.entries(options.files ?? {})) write(name, text);
	if (options.web !== undefined && options.web !== 'later') write('web.yml', options.web);
	const tokens = options.tokens?.(folder) ?? [];
	const log: LogLine[] = [];
	const refused = new Map<RefusalKind, number>();
	const tell: Log = (event, fields, level = 'warn') => void log.push({event, fields, level});
	const door = createDoor({
		webConfigPath: options.web === undefined ? undefined : join(folder, 'web.yml'),
		bearerTokens: () => tokens,
		...(options.rate ? {callerRate: () => options.rate as Rate} : {}),
		clock: systemClock,
		log: tell,
		count: (kind, by) => void refused.set(kind, (refused.get(kind) ?? 0) + by),
	});
	const app = createApp(options.view ?? fakeDaemon(), {
		listenHost: options.listenHost ?? '0.0.0.0',
		log: tell,
		door,
	});
	const server = await startServer(app, {host: '127.0.0.1', port: 0}, door);
	t.teardown(() => Promise.all([server.close(), door.stop()]));
	return {
		get url() {
			return server.url;
		},
		close: () => server.close(),
		port: Number(new URL(server.url).port),
		folder,
		door,
		log,
		refused,
		write,
		ask: (path, asking = {}) => ask(`${server.url}${path}`, asking),
	};
}

function ask(url: string, {method = 'GET', headers, auth, token, body, certificate, agent}: Asking) {
	const {promise, resolve, reject} = Promise.withResolvers<GuardedAnswer>();
	const options: https.RequestOptions = {
		method,
		headers: {
			...(auth === undefined ? {} : {Authorization: `Basic ${Buffer.from(auth).toString('base64')}`}),
			...(token === undefined ? {} : {Authorization: `Bearer ${token}`}),
			...(body === undefined ? {} : {'Content-Length': String(Buffer.byteLength(body))}),
			...headers,
		},
		agent: agent ?? false,
		ca: pem('ca.pem'),
		...(certificate === undefined ? {} : {cert: pem(certificate), key: pem('server.key')}),
	};
	const request = (url.startsWith('https:') ? https : http).request(url, options, response => {
		const chunks: Buffer[] = [];
		const socket = response.socket as unknown as {getPeerX509Certificate?(): {subject: string}};
		const subject = socket.getPeerX509Certificate?.()?.subject;
		response.on('data', chunk => chunks.push(chunk)).on('error', reject);
		response.on('end', () =>
			resolve({
				status: response.statusCode ?? 0,
				headers: response.headers,
				body: Buffer.concat(chunks).toString(),
				...(subject === undefined ? {} : {subject}),
			}),
		);
	});
	request.on('error', reject);
	request.end(body);
	return promise;
}
