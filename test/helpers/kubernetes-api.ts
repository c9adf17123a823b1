/** An API server of Kubernetes on loopback that lists and watches what a test puts there, and misbehaves as it says. */

import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

const tlsFolder = new URL('../fixtures/headscale/tls/', import.meta.url);
const tls = {key: readFileSync(new URL('server.key', tlsFolder)), cert: readFileSync(new URL('server.pem', tlsFolder))};

export interface FakeObject {
	metadata: {name: string; namespace?: string; [key: string]: unknown};
	[key: string]: unknown;
}

/** What it does instead of answering; `false`: answer after all. */
export type Misdeed = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface FakeKubernetes {
	port: number;
	folder: string;
	/** Path of a kubeconfig with a token file of its own. */
	kubeconfig: string;
	tokenFile: string;
	/** By path of the list. A list that is not there is empty. */
	objects: Map<string, FakeObject[]>;
	/** Rights that are refused, as `verb resource`. */
	denied: Set<string>;
	/** The token that is taken; undefined: any. */
	token: string | undefined;
	/** Before a token is refused. */
	onRefused(): void;
	requests: {method: string; url: URL}[];
	/** Before anything else. Leases that are read one by one are among them. */
	onList: Misdeed;
	/** Before a lease is made or written. */
	onWrite: Misdeed;
	onWatch: Misdeed;
	sockets: Set<Socket>;
	/** How many connections there ever were. */
	connections: number;
	/** Changes objects and tells all watches of the path. */
	change(path: string, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: FakeObject): void;
	/** Writes to all open watches of the path. */
	write(path: string, text: string): void;
	/** Ends all open watches. */
	endWatches(): void;
	watches(): number;
	/** Stops to listen and breaks all connections; the other starts anew on the same port. */
	goDown(): Promise<void>;
	comeUp(): Promise<void>;
}

export async function fakeKubernetes(t: ExecutionContext): Promise<FakeKubernetes> {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-kubernetes-'));
	const open = new Set<{path: string; response: ServerResponse}>();
	let version = 100;
	const server = createServer(tls, (request, response) => {
		const url = new URL(request.url ?? '', 'https://fake');
		fake.requests.push({method: request.method ?? '', url});
		response.on('error', () => {});
		if (fake.token !== undefined && request.headers.authorization !== `Bearer ${fake.token}`) {
			fake.onRefused();
			return status(response, 401, 'Unauthorized');
		}
		if (/\/leases(\/|$)/.test(url.pathname) && request.method !== 'GET') return write(url, request, response);
		if (request.method === 'POST') return review(request, response);
		if (url.searchParams.has('watch')) return watch(url, request, response);
		if (fake.onList(request, response)) return;
		const objects = fake.objects.get(url.pathname);
		if (!objects && /\/leases\//.test(url.pathname)) return status(response, 404, 'there is no such lease');
		if (!Array.isArray(objects)) return json(response, listOf([]));
		json(response, /\/leases\//.test(url.pathname) ? (objects[0] ?? {}) : page(objects, url));
	});
	const fake: FakeKubernetes = {
		port: 0,
		folder,
		kubeconfig: join(folder, 'kubeconfig'),
		tokenFile: join(folder, 'token'),
		objects: new Map(),
		denied: new Set(),
		token: undefined,
		onRefused() {},
		requests: [],
		onList: () => false,
		onWrite: () => false,
		onWatch: () => false,
		sockets: new Set(),
		connections: 0,
		change(path, type, object) {
			const known = fake.objects.get(path) ?? [];
			const others = known.filter(({metadata}) => metadata.name !== object.metadata.name);
			fake.objects.set(path, type === 'DELETED' ? others : [...others, object]);
			const versioned = {...object, metadata: {...object.metadata, resourceVersion: String(++version)}};
			fake.write(path, `${JSON.stringify({type, object: versioned})}\n`);
		},
		write(path, text) {
			for (const one of open) if (one.path === path) one.response.write(text);
		},
		endWatches() {
			for (const {response} of open) response.end();
		},
		watches: () => open.size,
		async goDown() {
			const closed = once(server, 'close');
			server.close();
			for (const socket of fake.sockets) socket.destroy();
			await closed;
		},
		async comeUp() {
			server.listen(fake.port, '127.0.0.1');
			await once(server, 'listening');
		},
	};
	server.on('connection', socket => {
		fake.connections++;
		fake.sockets.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => fake.sockets.delete(socket));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	fake.port = (server.address() as AddressInfo).port;
	writeFileSync(fake.tokenFile, 'the-first-token\n');
	writeFileSync(fake.kubeconfig, kubeconfigOf(fake.port, 'token'));
	t.teardown(() => {
		server.close();
		for (const socket of fake.sockets) socket.destroy();
		rmSync(folder, {recursive: true});
	});
	return fake;

	function watch(url: URL, request: IncomingMessage, response: ServerResponse): void {
		if (fake.onWatch(request, response)) return;
		const one = {path: url.pathname, response};
		open.add(one);
		response.writeHead(200, {'content-type': 'application/json'}).flushHeaders();
		const timer = setTimeout(() => response.end(), Number(url.searchParams.get('timeoutSeconds') ?? 60) * 1000);
		response.on('close', () => {
			clearTimeout(timer);
			open.delete(one);
		});
	}

	function page(objects: FakeObject[], url: URL): unknown {
		const limit = Number(url.searchParams.get('limit') ?? 500);
		const from = Number(url.searchParams.get('continue') ?? 0);
		const next = from + limit < objects.length ? String(from + limit) : '';
		return {...listOf(objects.slice(from, from + limit)), metadata: {resourceVersion: String(version), continue: next}};
	}

	function listOf(items: readonly FakeObject[]) {
		return {kind: 'List', apiVersion: 'v1', metadata: {resourceVersion: String(version)}, items};
	}

	/** A lease is made, or written over where nobody else did so since it was read. */
	async function write(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
		const lease: FakeObject = JSON.parse(await textOf(request));
		if (fake.onWrite(request, response)) return;
		const path = request.method === 'POST' ? `${url.pathname}/${lease.metadata.name}` : url.pathname;
		const found = fake.objects.get(path)?.[0];
		if (request.method === 'POST' && found) return status(response, 409, 'there is such a lease already');
		if (request.method === 'PUT' && !found) return status(response, 404, 'there is no such lease');
		if (found && found.metadata.resourceVersion !== lease.metadata.resourceVersion)
			return status(response, 409, 'the lease was changed: please apply your changes to the latest version');
		const written = {...lease, metadata: {...lease.metadata, uid: 'l', resourceVersion: String(++version)}};
		fake.objects.set(path, [written]);
		json(response, written, found ? 200 : 201);
	}

	function review(request: IncomingMessage, response: ServerResponse): void {
		void textOf(request).then(text => {
			const {spec} = JSON.parse(text);
			const {verb, resource, subresource} = spec.resourceAttributes;
			const thing = subresource === undefined ? resource : `${resource}/${subresource}`;
			json(response, {spec, status: {allowed: !fake.denied.has(`${verb} ${thing}`)}}, 201);
		});
	}
}

async function textOf(request: IncomingMessage): Promise<string> {
	let text = '';
	for await (const chunk of request) text += chunk;
	return text;
}

/** `user`: lines of the user, or `token` for one with a token file beside it. */
export function kubeconfigOf(port: number, user: 'token' | string): string {
	const ca = new URL('ca.pem', tlsFolder).pathname;
	return `apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: lab, cluster: {server: "https://127.0.0.1:${port}", certificate-authority: "${ca}"}}]
users: [{name: lab, user: {${user === 'token' ? 'tokenFile: token' : user}}}]
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
`;
}

export function json(response: ServerResponse, body: unknown, code = 200): void {
	response.writeHead(code, {'content-type': 'application/json'}).end(JSON.stringify(body));
}

/** A refusal as the API server writes it. */
export function status(response: ServerResponse, code: number, message: string): void {
	json(response, {kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code}, code);
}

/** A pod as short as they come. */
export function aPod(name: string, more: Record<string, unknown> = {}): FakeObject {
	return {
		metadata: {name, namespace: 'june-services', uid: `uid-${name}`},
		spec: {nodeName: 'vast-vk-0'},
		status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]},
		...more,
	};
}
