/** One exec over one WebSocket, from the upgrade to the end: what came on its channels, within bounds. */

import type {IncomingMessage} from 'node:http';
import type {ClientOptions, RawData, WebSocket as Socket} from 'ws';
import {BodyStore} from '../net/body-store.ts';
import {messageOf} from '../util/errors.ts';

export interface ConverseOptions {
	/** Bound of standard output. */
	maxBytes: number;
	/** Aborts with the deadline, or when nobody wants the answer any more. */
	ended: AbortSignal;
}

export interface Ended {
	kind: 'ended';
	stdout: Buffer;
	stderr: string;
	/** The status frame as it came. */
	status?: Buffer;
	/**
	 * `status`: the other side told how it went; `closed`: the connection ended before; `deadline`: our signal ended it; `overflow`: more
	 * came than is kept; `protocol`: what came is no exec stream.
	 */
	ending: 'status' | 'closed' | 'deadline' | 'overflow' | 'protocol';
	detail?: string;
}

/** The upgrade was refused. */
export interface Refused {
	kind: 'refused';
	code: number;
	body: string;
}

/**
 * Opens the socket, listens and ends it: by breaking it off, because a closing handshake leaves the command there running. Rejects with
 * what `ws` says when no answer to the upgrade comes, or with the signal's reason when that aborts before one came.
 */
export async function converse(url: string, options: ClientOptions, limits: ConverseOptions): Promise<Ended | Refused> {
	const {default: WebSocket} = await import('ws');
	limits.ended.throwIfAborted();
	const socket = new WebSocket(url, protocols, {
		...options,
		headers: {...options.headers, 'User-Agent': 'tailprobe'},
		followRedirects: false,
		// What inflates to a thousand times its size would pass our bounds.
		perMessageDeflate: false,
		maxPayload: maxMessageBytes,
		skipUTF8Validation: true,
	});
	// An error without a listener would end the daemon, also one that comes when all is over.
	socket.on('error', () => {});
	try {
		const answer = await opened(socket, limits.ended);
		return answer ?? (await listen(socket, limits));
	} finally {
		socket.terminate();
	}
}

/** The versions that tell how the command ended. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const stdoutChannel = 1;
const stderrChannel = 2;
const statusChannel = 3;
const closeChannel = 255;

/** API servers pass on 32 KiB at a time. */
const maxMessageBytes = 1024 * 1024;
const maxStderrBytes = 256 * 1024;
const maxStatusBytes = 64 * 1024;
const maxRefusalBytes = 16 * 1024;

/** A frame costs work although it brings nothing. */
const frameCost = 32;

/** Undefined when it is open. */
function opened(socket: Socket, ended: AbortSignal): Promise<Refused | undefined> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(ended.reason);
		ended.addEventListener('abort', abort, {once: true});
		socket.once('open', () => {
			ended.removeEventListener('abort', abort);
			resolve(undefined);
		});
		socket.once('error', error => {
			ended.removeEventListener('abort', abort);
			reject(error);
		});
		socket.once('unexpected-response', async (request, response) => {
			const body = await readRefusal(response, ended);
			ended.removeEventListener('abort', abort);
			request.destroy();
			resolve({kind: 'refused', code: response.statusCode ?? 0, body});
		});
	});
}

/** The number is what counts: an answer that breaks off or does not end is taken as far as it came. */
function readRefusal(response: IncomingMessage, ended: AbortSignal): Promise<string> {
	const store = new BodyStore({maxBodyBytes: maxRefusalBytes});
	return new Promise(resolve => {
		const done = () => {
			clearTimeout(timer);
			ended.removeEventListener('abort', done);
			resolve(store.content().toString());
		};
		const timer = setTimeout(done, 1000);
		ended.addEventListener('abort', done, {once: true});
		response.on('data', (chunk: Buffer) => {
			store.add(chunk, 0, chunk.length);
			if (store.truncated) done();
		});
		response.once('close', done).once('error', done);
	});
}

function listen(socket: Socket, {maxBytes, ended}: ConverseOptions): Promise<Ended> {
	const stdout = new BodyStore({maxBodyBytes: maxBytes});
	const stderr = new BodyStore({maxBodyBytes: maxStderrBytes});
	let budget = 4 * maxBytes + 1024 * 1024;
	return new Promise(resolve => {
		let over = false;
		const end = (ending: Ended['ending'], more: {status?: Buffer; detail?: string} = {}) => {
			if (over) return;
			over = true;
			ended.removeEventListener('abort', abort);
			resolve({kind: 'ended', stdout: stdout.content(), stderr: stderr.content().toString(), ending, ...more});
		};
		const abort = () => end('deadline');
		if (ended.aborted) return abort();
		ended.addEventListener('abort', abort, {once: true});
		socket.on('error', error => end('closed', {detail: messageOf(error)}));
		socket.on('close', code => end('closed', {detail: `the connection was closed (${code})`}));
		socket.on('message', (data, isBinary) => {
			if (over) return;
			const frame = bytesOf(data);
			budget -= frame.length + frameCost;
			if (!isBinary) return end('protocol', {detail: 'text came where bytes were wanted.'});
			// Each channel is announced by a frame without content.
			if (frame.length > 1) receive(frame[0] ?? 0, frame);
			else if (frame.length === 0) end('protocol', {detail: 'an empty message came.'});
			if (budget < 0) end('overflow');
		});

		function receive(channel: number, frame: Buffer): void {
			if (channel === stdoutChannel) {
				stdout.add(frame, 1, frame.length);
				if (stdout.truncated) end('overflow');
			} else if (channel === stderrChannel) stderr.add(frame, 1, frame.length);
			else if (channel === statusChannel && frame.length <= maxStatusBytes) end('status', {status: frame.subarray(1)});
			else if (channel !== closeChannel) end('protocol', {detail: `${frame.length} bytes came on channel ${channel}.`});
		}
	});
}

function bytesOf(data: RawData): Buffer {
	if (Buffer.isBuffer(data)) return data;
	return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
