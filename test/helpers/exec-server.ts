/** A Kubernetes API server as far as exec goes, over TLS on loopback, that behaves as badly as a test wants. */

import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import type {IncomingMessage} from 'node:http';
import {createServer, type Server} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import type {ExecutionContext} from 'ava';
import {type WebSocket, WebSocketServer} from 'ws';
import {type KubernetesAccess, openKubernetes} from '../../src/kubernetes/client.ts';

export interface Exec {
	socket: WebSocket;
	request: IncomingMessage;
	/** What was asked for. */
	query: URLSearchParams;
	stdout(bytes: string | Buffer): void;
	stderr(text: string): void;
	/** Sends the status frame. */
	status(status: object): void;
	/** Sends the status frame and closes. */
	succeed(): void;
	exit(code: number): void;
}

export interface ExecServer {
	server: Server;
	port: number;
	/** A folder for the kubeconfig and what it names, with `ca.pem` and `token` in it. */
	folder: string;
	kubeconfigFile: string;
	/** Upgrades that were asked for. */
	requests: IncomingMessage[];
	/** Connections that are open. */
	open: Set<Socket>;
	/** Execs that run. */
	running: Set<WebSocket>;
	/** Execs that ran at the same time, at most. */
	mostAtOnce: number;
	/** Closing codes of those that ended; 1006 is a connection that was broken off. */
	codes: number[];
}

export interface ExecManners {
	onExec?(exec: Exec): void;
	/** Instead of upgrading. */
	onUpgrade?(socket: Duplex, request: IncomingMessage): void;
	/** Any other request, answered with this JSON. */
	answer?(request: IncomingMessage): unknown;
	/** Versions of the protocol that it speaks. */
	protocols?: readonly string[];
}

const fixtures = new URL('../fixtures/tls/', import.meta.url);
export const pem = (name: string) => readFileSync(new URL(`${name}.pem`, fixtures));
export const serverKey = readFileSync(new URL('server.key', fixtures));

export async function serveExec(t: ExecutionContext, manners: ExecManners): Promise<ExecServer> {
	const {onExec, onUpgrade, answer, protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']} = manners;
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-exec-'));
	const server = createServer({key: serverKey, cert: pem('good'), requestCert: true, rejectUnauthorized: false});
	const state: ExecServer = {
		server,
		port: 0,
		folder,
		kubeconfigFile: join(folder, 'kubeconfig'),
		requests: [],
		open: new Set(),
		running: new Set(),
		mostAtOnce: 0,
		codes: [],
	};
	const sockets = new WebSocketServer({
		noServer: true,
		handleProtocols: offered => [...offered].find(one => protocols.includes(one)) ?? false,
	});
	server.on('connection', socket => {
		state.open.add(socket);
		socket.on('close', () => state.open.delete(socket)).on('error', () => {});
	});
	server.on('request', (request, response) => {
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify(answer?.(request) ?? {}));
	});
	server.on('upgrade', (request, socket, head) => {
		state.requests.push(request);
		socket.on('error', () => {});
		if (onUpgrade) return onUpgrade(socket, request);
		sockets.handleUpgrade(request, socket, head, opened => {
			state.running.add(opened);
			state.mostAtOnce = Math.max(state.mostAtOnce, state.running.size);
			opened.on('error', () => {});
			opened.on('close', code => {
				state.running.delete(opened);
				state.codes.push(code);
			});
			onExec?.(execOver(opened, request));
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	state.port = (server.address() as AddressInfo).port;
	t.teardown(async () => {
		for (const socket of state.open) socket.destroy();
		server.close();
		await rm(folder, {recursive: true, force: true});
	});
	await writeFile(join(folder, 'ca.pem'), pem('ca'));
	await writeFile(join(folder, 'token'), 'first');
	await writeFile(state.kubeconfigFile, kubeconfig(state.port, {tokenFile: 'token'}));
	return state;
}

/** A kubeconfig for the server; `user` is what proves who we are. */
export function kubeconfig(port: number, user: Record<string, string>, cluster: Record<string, string> = {}): string {
	return JSON.stringify({
		apiVersion: 'v1',
		kind: 'Config',
		'current-context': 'test',
		clusters: [
			{name: 'test', cluster: {server: `https://127.0.0.1:${port}`, 'certificate-authority': 'ca.pem', ...cluster}},
		],
		users: [{name: 'test', user}],
		contexts: [{name: 'test', context: {cluster: 'test', user: 'test'}}],
	});
}

/** The access that the daemon would have. */
export async function accessTo(t: ExecutionContext, {kubeconfigFile}: ExecServer): Promise<KubernetesAccess> {
	const access = await openKubernetes({kubeconfigFile, timeoutMs: 10_000});
	t.teardown(() => access.close());
	return access;
}

/** The head of a refusal with a Status object behind it, as an API server sends it. */
export function refuse(socket: Duplex, status: number, message: string): void {
	const body = JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status});
	socket.end(
		`HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
	);
}

function execOver(socket: WebSocket, request: IncomingMessage): Exec {
	const send = (channel: number, bytes: string | Buffer) =>
		socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(bytes)]));
	const status = (body: object) => send(3, JSON.stringify({kind: 'Status', apiVersion: 'v1', metadata: {}, ...body}));
	return {
		socket,
		request,
		query: new URL(request.url ?? '', 'https://localhost').searchParams,
		stdout: bytes => send(1, bytes),
		stderr: text => send(2, text),
		status,
		succeed() {
			status({status: 'Success'});
			socket.close();
		},
		exit(code) {
			status({
				status: 'Failure',
				reason: 'NonZeroExitCode',
				message: `command terminated with non-zero exit code: error executing command, exit code ${code}`,
				details: {causes: [{reason: 'ExitCode', message: String(code)}]},
			});
			socket.close();
		},
	};
}
