/** The listener: HTTP, or HTTPS where the web configuration has a certificate; bounded in every way, and it ends cleanly. */

import type {Server as HttpServer, RequestListener, ServerOptions} from 'node:http';
import https from 'node:https';
import type {AddressInfo} from 'node:net';
import {messageOf, UserError} from '../util/errors.ts';
import {http} from '../util/node-http.ts';
import {boundConnections, connectionBounds} from './door/connections.ts';
import type {Door} from './door/door.ts';
import {isLoopbackHost} from './front-door.ts';
import {answerPlainHttp} from './plain-http.ts';
import {answerUnreadable} from './unreadable.ts';

export interface Server {
	/** Such as `http://127.0.0.1:9753`, with the port that was really taken. */
	readonly url: string;
	/** Takes no more requests, lets those in flight end for a moment, then cuts them. */
	close(): Promise<void>;
}

/**
 * Listens. While the web configuration or its certificate is still awaited, over plain HTTP, where only those paths answer that answer
 * everybody; as soon as they are there over HTTPS, on the same port, where they say so. Throws a UserError, with what to do, when the
 * address cannot be had or the certificate cannot be used.
 */
export async function startServer(
	app: RequestListener,
	{host, port}: {host: string; port: number},
	door?: Door,
): Promise<Server> {
	let listener = await openListener(app, {host, port}, door);
	let isClosing = false;
	let timer: NodeJS.Timeout | undefined;
	let following = Promise.resolve();
	if (door && !door.settings.now()) followDoor(door);
	return {
		get url() {
			return listener.url;
		},
		async close() {
			isClosing = true;
			clearTimeout(timer);
			await following;
			await listener.close();
		},
	};

	function followDoor(awaited: Door): void {
		timer = setTimeout(() => {
			following = follow(awaited).then(isDone => {
				if (!isDone && !isClosing) followDoor(awaited);
			});
		}, awaitedMs).unref();
	}

	async function follow(awaited: Door): Promise<boolean> {
		const web = awaited.settings.now();
		if (!web?.tls) return web !== undefined;
		const taken = Number(new URL(listener.url).port || 80);
		await listener.close();
		try {
			listener = await openListener(app, {host, port: taken}, awaited);
			return true;
		} catch (error) {
			awaited.log('HTTPS cannot be served yet', {error: messageOf(error)});
			return false;
		}
	}
}

async function openListener(
	app: RequestListener,
	{host, port}: {host: string; port: number},
	door: Door | undefined,
): Promise<Server> {
	const server = createServer((request, response) => {
		// Cut meanwhile, or before: nobody waits for an answer.
		if (!request.socket.destroyed) app(request, response);
	}, door);
	server.maxHeadersCount = 100;
	server.timeout = socketSilenceMs;
	answerUnreadable(server);
	// We know of none; whoever expects something is answered as everybody, and counts as everybody.
	server.on('checkExpectation', (request, response) => server.emit('request', request, response));
	const connections = boundConnections(server, connectionBounds, place =>
		door?.refusals.note('connections', {caller: place}),
	);
	// Whoever connected before showed a certificate to the authority of before.
	door?.certificates.onChange(() => connections.renewAll());
	await listen(server, host, port);

	const close = () => closeServer(server, connections.destroyAll);
	const {address, family, port: taken} = server.address() as AddressInfo;
	if (isLoopbackHost(host) && !isLoopbackHost(address)) {
		await close();
		throw new UserError(
			`${host} means ${address} on this machine, which is not loopback; write 127.0.0.1 or [::1] as the host of web.listen.`,
			exitUnavailable,
		);
	}
	const scheme = server instanceof https.Server ? 'https' : 'http';
	return {url: `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${taken}`, close};
}

/** Between two looks at a web configuration that is awaited. */
const awaitedMs = 1000;
/** Longer than any ad hoc probe may take (two minutes), during which nothing goes over its connection. */
const socketSilenceMs = 150_000;
const handshakeMs = 10_000;
/** Time that requests in flight get when we end. */
const closeGraceMs = 1000;
/** EX_UNAVAILABLE of sysexits. */
const exitUnavailable = 69;

const limits: ServerOptions = {
	maxHeaderSize: 16_384,
	headersTimeout: 10_000,
	requestTimeout: 20_000,
	keepAliveTimeout: 10_000,
	connectionsCheckingInterval: 5000,
	// Node.js would answer these by itself, past our bounds; the application does.
	requireHostHeader: false,
};

function createServer(app: RequestListener, door: Door | undefined): HttpServer | https.Server {
	const tls = door?.settings.now()?.tls;
	if (!door || !tls) return http.createServer(limits, app);
	const server = https.createServer(
		{
			...limits,
			...door.certificates.look(tls).options,
			handshakeTimeout: handshakeMs,
			ALPNProtocols: ['http/1.1'],
			requestCert: tls.clientAuth !== 'NoClientCert',
			// judgeCertificate decides, at each request and with a sentence.
			rejectUnauthorized: false,
		},
		app,
	);
	answerPlainHttp(server);
	door.certificates.onChange(options => server.setSecureContext(options));
	// Ours comes first, so that the handshake is made with what the files say now.
	server.prependListener('connection', () => {
		const wanted = door.settings.now()?.tls;
		if (wanted) door.certificates.look(wanted);
	});
	return server;
}

async function listen(server: HttpServer | https.Server, host: string, port: number): Promise<void> {
	const {promise, resolve, reject} = Promise.withResolvers<void>();
	server.once('listening', resolve);
	server.once('error', (error: NodeJS.ErrnoException) => {
		const advice = listenAdvice[error.code ?? ''];
		const said = `tailprobe cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}`;
		reject(
			new UserError(
				`${said}: ${advice ?? `${messageOf(error)}. Set web.listen to an address of this machine.`}`,
				exitUnavailable,
			),
		);
	});
	server.listen({host, port});
	await promise;
}

const listenAdvice: Record<string, string> = {
	EADDRINUSE:
		'another process has that port, perhaps a tailprobe that is still running. End it, or set web.listen to a free port.',
	EACCES: 'this user may not take that port. Set web.listen to a port above 1023.',
	EADDRNOTAVAIL: 'this machine has no such address. Set web.listen to one that it has, such as 127.0.0.1:9753.',
};

async function closeServer(server: HttpServer | https.Server, destroyAll: () => void): Promise<void> {
	const {promise, resolve} = Promise.withResolvers<void>();
	server.close(() => resolve());
	server.closeIdleConnections();
	const cut = setTimeout(destroyAll, closeGraceMs);
	await promise;
	clearTimeout(cut);
}
