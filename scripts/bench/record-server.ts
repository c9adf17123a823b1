/**
 * The server that is probed, a process of its own: answers each request 20 ms after it came whole, and records when it was accepted,
 * whole and answered. Written on bare sockets, so that little of its own work stands between the kernel and the record.
 */

import {readFileSync} from 'node:fs';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {createSecureContext, TLSSocket} from 'node:tls';
import type {ServedRequest} from './types.ts';

export type RecordCommand =
	/** Answers with the two ports; 0 takes a free one. */
	| {do: 'listen'; plainPort: number; securePort: number; certificate: string; key: string}
	/** Answers with all that was recorded since the last time (Recorded), and forgets it. */
	| {do: 'take'};

export interface Recorded {
	requests: ServedRequest[];
	/** How late this process itself was, p99, milliseconds: so much may stand in anybody's error. */
	delayP99Ms: number;
}

export interface RecordPorts {
	plainPort: number;
	securePort: number;
}

const answerAfterMs = 20;
/** More is no request of ours. */
const longestRequest = 16_384;

let records: ServedRequest[] = [];
const delay = monitorEventLoopDelay({resolution: 1});

if (import.meta.main) {
	delay.enable();
	process.on('disconnect', () => process.exit());
	process.on('message', (command: RecordCommand) => {
		if (command.do === 'listen') {
			void listen(command).then(ports => process.send?.(ports));
		} else {
			// It tells the time between two beats of a millisecond each.
			const delayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - 1);
			process.send?.({requests: records, delayP99Ms} satisfies Recorded);
			records = [];
			delay.reset();
		}
	});
}

async function listen({plainPort, securePort, certificate, key}: RecordCommand & {do: 'listen'}): Promise<RecordPorts> {
	const secureContext = createSecureContext({cert: readFileSync(certificate), key: readFileSync(key)});
	const plain = createServer({noDelay: true}, socket => serve(socket, now(), Date.now()));
	const secure = createServer({noDelay: true}, socket => {
		const acceptedMs = now();
		const acceptedWallMs = Date.now();
		socket.on('error', () => socket.destroy());
		serve(new TLSSocket(socket, {isServer: true, secureContext}), acceptedMs, acceptedWallMs);
	});
	const [plainAt, secureAt] = await Promise.all([listenOn(plain, plainPort), listenOn(secure, securePort)]);
	return {plainPort: plainAt, securePort: secureAt};
}

function listenOn(server: Server, port: number): Promise<number> {
	return new Promise(resolve => {
		// Bursts of a thousand connections wait there while one is served.
		server.listen({port, host: '0.0.0.0', backlog: 4096}, () => resolve((server.address() as AddressInfo).port));
	});
}

function serve(socket: Socket, acceptedMs: number, acceptedWallMs: number): void {
	let request = '';
	socket.on('error', () => socket.destroy());
	socket.on('data', (data: Buffer) => {
		request += data.toString('latin1');
		if (request.length > longestRequest) socket.destroy();
		if (!request.endsWith('\r\n\r\n')) return;
		const wholeMs = now();
		const target = request.slice(request.indexOf(' ') + 1, request.indexOf(' ', 5));
		request = '';
		setTimeout(() => {
			// Before the write: the peer may have the answer before write() returns here.
			const sentMs = now();
			const gone = socket.destroyed;
			if (!gone) socket.end(answer);
			const record = recordOf(target, {acceptedMs, acceptedWallMs, wholeMs, sentMs});
			records.push(gone ? {...record, gone} : record);
		}, answerAfterMs);
	});
}

const answer = Buffer.from(
	'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
	'latin1',
);

function recordOf(target: string, times: Omit<ServedRequest, 'path' | 'number'>): ServedRequest {
	const [path = '', query = ''] = target.split('?', 2);
	return {path, ...(query.startsWith('n=') ? {number: Number(query.slice(2))} : {}), ...times};
}

function now(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}
