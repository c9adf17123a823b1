/** The Kubernetes API: client-node's credentials, our own requests. One pool of connections, a deadline on every call. */

import {createHash} from 'node:crypto';
import type {AgentOptions} from 'node:https';
import type {Cluster, HttpMethod, KubeConfig, RequestContext} from '@kubernetes/client-node';
import type {buildConnector, Dispatcher} from 'undici';
import type {KubernetesConfig} from '../config/types.ts';
import {raceAbort} from '../net/shared.ts';
import {excessOf} from '../util/json-bounds.ts';
import {loadCredentials, markOfCredentials, podSurroundings, type Surroundings} from './credentials.ts';
import {explainFault, KubernetesError, refusedBy} from './errors.ts';
import {rememberCredentials} from './secret-words.ts';
import {joinSignals} from './signals.ts';

export type AccessConfig = Pick<KubernetesConfig, 'kubeconfigFile' | 'context' | 'timeoutMs'>;

/** A way into one cluster. All reject with a KubernetesError, or with the signal's reason. */
export interface KubernetesAccess {
	/** client-node, for what is built on it, such as exec. */
	readonly library: typeof import('@kubernetes/client-node');
	/**
	 * client-node's configuration with the credentials of now; ask for it before each use. What it makes shares our connections, knows no
	 * deadline, and throws errors whose messages hold whole answers. Throws a KubernetesError when the credentials cannot be read.
	 */
	kubeConfig(): KubeConfig;
	/** The answer's JSON. A 401 is tried once more with credentials read anew. */
	ask(call: Call): Promise<unknown>;
	/** What comes, piece by piece, until the server or the signal ends it. `timeoutMs` only bounds the wait for the answer to begin. */
	listen(call: Call): Promise<AsyncIterable<Buffer>>;
	close(): Promise<void>;
}

export interface Call {
	method?: 'GET' | 'POST' | 'PUT';
	/** Such as `/api/v1/nodes`; names in it are escaped by whoever makes it. */
	path: string;
	query?: Readonly<Record<string, string>>;
	body?: unknown;
	/** Default: that of the configuration. */
	timeoutMs?: number;
	/** A longer answer is refused. Default 16 MiB. */
	maxBytes?: number;
	signal?: AbortSignal | undefined;
}

/** Loads client-node, which costs some 60 MB, and the credentials. Rejects with a KubernetesError when there are none. */
export async function openKubernetes(
	config: AccessConfig,
	surroundings: Surroundings = podSurroundings,
): Promise<KubernetesAccess> {
	const [library, undici] = await Promise.all([import('@kubernetes/client-node'), import('undici')]);
	const connections = createConnections(undici, config.timeoutMs);
	let mark = markOfCredentials(config);
	let current = load();
	const closing = new AbortController();

	return {
		library,
		kubeConfig,
		ask: ({maxBytes = 16 * 1024 * 1024, ...call}) =>
			within(call, async (signal, leave) => {
				try {
					const {tried, body} = await send(call, signal);
					return await readJson(body, tried, maxBytes);
				} finally {
					leave();
				}
			}),
		listen: call =>
			within(call, async (signal, leave) => {
				try {
					const {body} = await send(call, signal);
					body.once('close', leave);
					return body;
				} catch (error) {
					leave();
					throw error;
				}
			}),
		async close() {
			closing.abort(new KubernetesError('The access to Kubernetes was closed.'));
			await connections.close();
		},
	};

	function load(): KubeConfig {
		const kubeConfig = new library.KubeConfig();
		loadCredentials(kubeConfig, config, surroundings);
		connections.share(kubeConfig);
		return kubeConfig;
	}

	function kubeConfig(): KubeConfig {
		const now = markOfCredentials(config);
		if (now === mark) return current;
		current = load();
		mark = now;
		return current;
	}

	/** Runs with a signal that ends with the caller or us, until `leave` is called; and with the deadline, as long as this runs. */
	async function within<T>(call: Call, work: (signal: AbortSignal, leave: () => void) => Promise<T>): Promise<T> {
		const {timeoutMs = config.timeoutMs} = call;
		const {signal, abort, leave} = joinSignals(closing.signal, call.signal);
		const timer = setTimeout(() => {
			const message = `${describe(call)} was not answered within ${timeoutMs} ms: the API server, its database or the way to it stands still.`;
			abort(new KubernetesError(message, {failure: 'unanswered'}));
		}, timeoutMs);
		try {
			return await raceAbort(work(signal, leave), signal);
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			throw explainFault(error, describe(call));
		} finally {
			clearTimeout(timer);
		}
	}

	async function send(call: Call, signal: AbortSignal) {
		const tried = describe(call);
		let answer = await sendOnce(call, signal);
		if (answer.statusCode === 401) {
			discard(answer.body);
			// Rotated a moment ago, or kept by client-node beyond its time.
			current = load();
			answer = await sendOnce(call, signal);
		}
		const {statusCode, body} = answer;
		if (statusCode < 200 || statusCode > 299) throw refusedBy(statusCode, tried, await wordsOf(body, tried));
		return {tried, body};
	}

	async function sendOnce(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
		const kube = kubeConfig();
		const server = kube.getCurrentCluster()?.server ?? '';
		const url = new URL(server.replace(/\/+$/, '') + call.path);
		for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
		const context: RequestContext = new library.RequestContext(url.href, 'GET' as HttpMethod);
		await raceAbort(kube.applySecurityAuthentication(context), signal);
		rememberCredentials(context.getHeaders());
		const dispatcher = context.getDispatcher();
		if (!dispatcher) throw new Error('client-node gave no dispatcher.');
		return undici.request(url, {
			// The types of client-node's own undici are the same ones.
			dispatcher: dispatcher as Dispatcher,
			method: call.method ?? 'GET',
			headers: {
				...context.getHeaders(),
				accept: 'application/json',
				'accept-encoding': 'identity',
				'user-agent': 'tailprobe',
				...(call.body === undefined ? {} : {'content-type': 'application/json'}),
			},
			body: call.body === undefined ? null : JSON.stringify(call.body),
			signal,
		});
	}
}

/** A name as a part of a path. Throws for what would be another path. */
export function pathPart(name: string): string {
	if (name === '' || name === '.' || name === '..') throw new Error(`${JSON.stringify(name)} is no name.`);
	return encodeURIComponent(name);
}

/** Long lists stay open beside short calls, so more than a handful; an API server serves thousands. */
const maxConnections = 16;

/** Gives every KubeConfig the same connections, as long as CA, client certificate and address are the same. */
function createConnections(undici: typeof import('undici'), timeoutMs: number) {
	let shared: {key: string; dispatcher: Dispatcher} | undefined;
	let socketsKey = '';
	return {
		share(kubeConfig: KubeConfig): void {
			// client-node makes a new pool for each call, and keeps that of WebSockets for ever. Both methods are private in its types only.
			const makeAgent = Reflect.get(kubeConfig, 'createAgent').bind(kubeConfig);
			Object.defineProperties(kubeConfig, {
				createDispatcher: {
					value: (cluster: Cluster | null, tls: AgentOptions) => dispatcherFor(kubeConfig, cluster, tls),
				},
				createAgent: {
					value(cluster: Cluster | null, tls: AgentOptions): unknown {
						const key = keyOf(cluster, tls);
						if (key !== socketsKey) Reflect.get(kubeConfig, 'agentCache').clear();
						socketsKey = key;
						return makeAgent(cluster, tls);
					},
				},
			});
		},
		async close(): Promise<void> {
			await shared?.dispatcher.destroy();
			shared = undefined;
		},
	};

	function dispatcherFor(kubeConfig: KubeConfig, cluster: Cluster | null, tls: AgentOptions): Dispatcher {
		const key = keyOf(cluster, tls);
		if (shared?.key === key) return shared.dispatcher;
		// Whatever runs on the old connections may end.
		shared?.dispatcher.close().catch(() => {});
		shared = {key, dispatcher: makeDispatcher(kubeConfig, cluster, tls)};
		return shared.dispatcher;
	}

	function makeDispatcher(kubeConfig: KubeConfig, cluster: Cluster | null, tls: AgentOptions): Dispatcher {
		const {connect, ...how} = {connect: {}, ...kubeConfig.createDispatcherOptions(cluster, tls)};
		if (how.type === 'proxy' || how.type === 'socks') {
			const {prototype} = Object.getPrototypeOf(kubeConfig).constructor;
			return Reflect.get(prototype, 'createDispatcher').call(kubeConfig, cluster, tls) as Dispatcher;
		}
		return new undici.Agent({
			connect: {...(connect as buildConnector.BuildOptions), timeout: timeoutMs},
			connections: maxConnections,
			// On one connection of HTTP/2 a standstill would hold all calls.
			allowH2: false,
			headersTimeout: 0,
			bodyTimeout: 0,
		});
	}
}

function keyOf(
	cluster: Cluster | null,
	{ca, cert, key, pfx, passphrase, rejectUnauthorized, servername}: AgentOptions,
): string {
	const hash = createHash('sha256');
	const parts = [cluster?.server, cluster?.proxyUrl, passphrase, rejectUnauthorized, servername, ca, cert, key, pfx];
	for (const part of parts) {
		const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part === undefined ? '' : String(part));
		hash.update(`${bytes.length}:`).update(bytes);
	}
	return hash.digest('base64');
}

/** Without it, a body that nobody reads holds its connection; what goes wrong on the way is nobody's loss. */
function discard(body: Dispatcher.ResponseData['body']): void {
	body.on('error', () => {});
	body.destroy();
}

/** For sentences. Queries hold nothing that helps a person. */
function describe({method = 'GET', path}: Call): string {
	return `${method} ${path} at the Kubernetes API`;
}

async function readJson(body: AsyncIterable<Buffer>, tried: string, maxBytes: number): Promise<unknown> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of body) {
		length += chunk.length;
		if (length > maxBytes) throw new KubernetesError(`${tried} was answered with more than ${maxBytes} bytes.`);
		chunks.push(chunk);
	}
	return parseJson(Buffer.concat(chunks), tried);
}

/** Throws a KubernetesError for what is no JSON, or would cost too much. */
export function parseJson(bytes: Buffer, tried: string): unknown {
	const excess = excessOf(bytes);
	if (excess !== undefined) throw new KubernetesError(`${tried} was answered with ${excess}, as no API server says.`);
	try {
		return JSON.parse(bytes.toString());
	} catch {
		throw new KubernetesError(`${tried} was answered with something that is no JSON.`);
	}
}

const maxWordsBytes = 16 * 1024;

/** The message of a Status object; nothing of any other body. */
async function wordsOf(body: AsyncIterable<Buffer>, tried: string): Promise<string | undefined> {
	try {
		const status = await readJson(body, tried, maxWordsBytes);
		if (typeof status !== 'object' || status === null) return undefined;
		const {kind, message} = status as {kind?: unknown; message?: unknown};
		return kind === 'Status' && typeof message === 'string' ? message : undefined;
	} catch {
		return undefined;
	}
}
