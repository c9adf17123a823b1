/** Where an agent listens: at one address, or at those that tailscaled tells, bound anew when they change. */

import type {RequestListener, Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {isInside} from '../net/guard.ts';
import type {Clock} from '../util/clock.ts';
import {messageOf, UserError} from '../util/errors.ts';
import {http} from '../util/node-http.ts';
import type {AgentConnections} from './connections.ts';

export interface Listening {
	/** tailscaled told our addresses: listen at those of them that lie in the tailnet. */
	use(addresses: readonly string[]): void;
	/** What is listened at, with the port that was taken. */
	places(): readonly {address: string; port: number}[];
	stop(): Promise<void>;
}

export interface ListeningOptions {
	clock: Clock;
	port: number;
	prefixes: readonly string[];
	connections: AgentConnections;
	handler: RequestListener;
	/** It is listened there from now on. */
	onListening(address: string, port: number): void;
	/** It cannot be listened there at present; tried again in `retryMs`. */
	onFailure(address: string, why: string, retryMs: number): void;
}

/** Listens at a fixed address. Throws a UserError when it cannot be had. */
export async function listenAt(host: string, options: ListeningOptions): Promise<Listening> {
	const server = createServer(options);
	try {
		await listen(server, host, options.port);
	} catch (error) {
		throw new UserError(
			`The agent cannot listen on ${host} port ${options.port}: ${messageOf(error)}. Set listen to an address of this machine with a free port.`,
			exitUnavailable,
		);
	}
	const {port} = server.address() as AddressInfo;
	options.onListening(host, port);
	return {use() {}, places: () => [{address: host, port}], stop: () => close(server)};
}

/** Listens wherever `use` says. */
export function listenInTailnet(options: ListeningOptions): Listening {
	const {clock, prefixes, onListening, onFailure} = options;
	/** By address. */
	const servers = new Map<string, {server: Server | undefined; cancelRetry: () => void}>();
	const ending = new Set<Promise<void>>();

	return {
		use(addresses) {
			const wanted = new Set(addresses.filter(address => isInside(address, prefixes)).slice(0, maxAddresses));
			for (const address of servers.keys()) if (!wanted.has(address)) end(address);
			for (const address of wanted) if (!servers.has(address)) void begin(address, firstRetryMs);
		},
		places: () =>
			[...servers].flatMap(([address, {server}]) =>
				server ? [{address, port: (server.address() as AddressInfo).port}] : [],
			),
		async stop() {
			for (const address of [...servers.keys()]) end(address);
			await Promise.all(ending);
		},
	};

	async function begin(address: string, retryMs: number): Promise<void> {
		const entry: {server: Server | undefined; cancelRetry: () => void} = {server: undefined, cancelRetry() {}};
		servers.set(address, entry);
		const server = createServer(options);
		try {
			await listen(server, address, options.port);
		} catch (error) {
			if (servers.get(address) !== entry) return;
			// tailscaled tells an address a moment before the kernel has it.
			onFailure(address, messageOf(error), retryMs);
			entry.cancelRetry = clock.after(retryMs, () => void begin(address, Math.min(2 * retryMs, maxRetryMs)));
			return;
		}
		if (servers.get(address) !== entry) return void close(server);
		entry.server = server;
		onListening(address, (server.address() as AddressInfo).port);
	}

	function end(address: string): void {
		const entry = servers.get(address);
		servers.delete(address);
		entry?.cancelRetry();
		if (!entry?.server) return;
		const ended = close(entry.server);
		ending.add(ended);
		void ended.finally(() => ending.delete(ended));
	}
}

const maxAddresses = 4;
const firstRetryMs = 1000;
const maxRetryMs = 30_000;
/** EX_UNAVAILABLE of sysexits. */
const exitUnavailable = 69;

function createServer({handler, connections}: ListeningOptions): Server {
	const server = http.createServer(
		{
			maxHeaderSize: 8192,
			headersTimeout: 5000,
			requestTimeout: 15_000,
			// A daemon asks again at once; whoever is silent for longer may connect anew.
			keepAliveTimeout: 15_000,
			connectionsCheckingInterval: 5000,
			requireHostHeader: false,
		},
		handler,
	);
	server.maxHeadersCount = 40;
	server.on('clientError', (_error, socket) => socket.destroy());
	server.on('checkExpectation', (request, response) => server.emit('request', request, response));
	connections.watch(server);
	return server;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
	const {promise, resolve, reject} = Promise.withResolvers<void>();
	server.once('listening', resolve);
	server.once('error', reject);
	server.listen({host, port});
	await promise;
	server.off('error', reject);
}

async function close(server: Server): Promise<void> {
	const {promise, resolve} = Promise.withResolvers<void>();
	server.close(() => resolve());
	server.closeAllConnections();
	await promise;
}
