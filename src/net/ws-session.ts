/** A WebSocket over a connection that was upgraded: a few messages, a ping, a close. Frames are read and written by the package ws. */

import {randomBytes} from 'node:crypto';
import type {Duplex, Writable} from 'node:stream';
import {oneLine, TargetDownError} from '../util/errors.ts';
import {socketFailure} from './socket-errors.ts';

export interface SessionLimits {
	maxMessageBytes: number;
	/** Bytes of everything that comes. */
	maxBytes: number;
	/** Messages that may come, and pings. */
	maxMessages: number;
}

/** What the package exports and its types leave out. */
interface Framing {
	Receiver: new (options: {
		isServer: boolean;
		maxPayload: number;
		maxFragments: number;
		maxBufferedChunks: number;
	}) => Writable;
	Sender: new (
		socket: Duplex,
	) => {
		send(data: string, options: {binary: boolean; compress: boolean; fin: boolean; mask: boolean; rsv1: boolean}): void;
		ping(data: Buffer, mask: boolean): void;
		pong(data: Buffer, mask: boolean): void;
		close(code: number, data: string, mask: boolean): void;
	};
}

/**
 * The session over the socket; `behind` came with the answer to the upgrade. The package is loaded with the first one: it costs the
 * measuring thread 7 MB and 25 ms. Load it before anything is measured, with `loadFraming`.
 */
export class WebSocketSession {
	#socket: Duplex;
	#limits: SessionLimits;
	#receiver: Writable;
	#sender: InstanceType<Framing['Sender']>;
	#messages: string[] = [];
	#pong: {payload: Buffer; at: number} | undefined;
	#counts = {bytes: 0, messages: 0, pings: 0};
	#failure: Error | undefined;
	#ended = false;
	#wake = () => {};

	constructor({Receiver, Sender}: Framing, socket: Duplex, behind: Buffer, limits: SessionLimits) {
		this.#socket = socket;
		this.#limits = limits;
		this.#sender = new Sender(socket);
		this.#receiver = new Receiver({
			isServer: false,
			maxPayload: limits.maxMessageBytes,
			maxFragments: 1000,
			maxBufferedChunks: 4096,
		});
		this.#receiver
			.on('message', (data: Buffer) => this.#onMessage(data))
			.on('ping', (data: Buffer) => this.#onPing(data))
			.on('pong', (payload: Buffer) => this.#note(() => (this.#pong = {payload, at: performance.now()})))
			.on('conclude', (code: number, reason: Buffer) => this.#end(closedWith(code, reason)))
			.on('error', (error: Error & {code?: string}) => this.#end(this.#frameFailure(error)));
		socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onError);
		if (behind.length > 0) this.#onData(behind);
	}

	send(text: string): void {
		this.#sender.send(text, {binary: false, compress: false, fin: true, mask: true, rsv1: false});
	}

	/** Seconds until the pong to a ping of ours came. Throws TargetDownError with a clause as its message. */
	async ping(): Promise<number> {
		const payload = randomBytes(8);
		const sentAt = performance.now();
		this.#sender.ping(payload, true);
		const pong = await this.#until(() => (this.#pong?.payload.equals(payload) ? this.#pong : undefined));
		return (pong.at - sentAt) / 1000;
	}

	/** The next message; a binary one as UTF-8. Throws as ping does. */
	async message(): Promise<string> {
		return this.#until(() => this.#messages.shift());
	}

	/** Says goodbye and waits for the answer, a second at most; then the socket is the caller's to end. Never throws. */
	async close(): Promise<void> {
		const timer = setTimeout(() => this.#end(new Error('no answer')), 1000);
		this.#sender.close(1000, '', true);
		await this.#until(() => undefined).catch(() => {});
		clearTimeout(timer);
		this.release();
	}

	/** Lets go of the socket, which is the caller's to destroy. */
	release(): void {
		this.#socket
			.off('data', this.#onData)
			.off('end', this.#onEnd)
			.off('close', this.#onEnd)
			.off('error', this.#onError);
		this.#end(new Error('released'));
	}

	#onData = (chunk: Buffer): void => {
		if (this.#ended) return;
		this.#counts.bytes += chunk.length;
		if (this.#counts.bytes > this.#limits.maxBytes) this.#end(tooMuch(`${this.#limits.maxBytes} bytes`));
		else this.#receiver.write(chunk);
	};

	#onEnd = (): void => {
		this.#end(new TargetDownError('reset', 'the connection was closed without a closing frame'));
	};

	#onError = (error: Error): void => {
		this.#end(socketFailure(error));
	};

	#onMessage(data: Buffer): void {
		if (++this.#counts.messages > this.#limits.maxMessages) this.#end(tooMuch(`${this.#limits.maxMessages} messages`));
		else this.#note(() => this.#messages.push(data.toString()));
	}

	#onPing(data: Buffer): void {
		if (++this.#counts.pings > this.#limits.maxMessages) this.#end(tooMuch(`${this.#limits.maxMessages} pings`));
		else if (!this.#ended) this.#sender.pong(data, true);
	}

	#frameFailure({code, message}: Error & {code?: string}): TargetDownError {
		if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
			return tooMuch(`${this.#limits.maxMessageBytes} bytes in one message`);
		if (code === 'WS_ERR_TOO_MANY_BUFFERED_PARTS') return tooMuch('1000 pieces of one message');
		return new TargetDownError(
			'protocol',
			`the server broke the rules of WebSocket frames: ${oneLine(message.replace(/^Invalid WebSocket frame: /, ''), 80)}`,
		);
	}

	/** Nothing that comes after the end counts. */
	#note(change: () => unknown): void {
		if (this.#ended) return;
		change();
		this.#wake();
	}

	#end(failure: Error): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#failure = failure;
		this.#wake();
	}

	/** What came before the end still counts. */
	async #until<T>(find: () => T | undefined): Promise<T> {
		for (;;) {
			const found = find();
			if (found !== undefined) return found;
			if (this.#failure) throw this.#failure;
			await new Promise<void>(resolve => {
				this.#wake = resolve;
			});
		}
	}
}

/** The package, loaded once. */
export async function loadFraming(): Promise<Framing> {
	return (await import('ws')) as unknown as Framing;
}

function closedWith(code: number, reason: Buffer): TargetDownError {
	const text = oneLine(reason.toString(), 80);
	// 1005 stands for a closing frame without a code.
	const named = `${code === 1005 ? 'without a code' : `with code ${code}`}${text === '' ? '' : ` ("${text}")`}`;
	return new TargetDownError('protocol', `the server closed the WebSocket ${named}`);
}

function tooMuch(what: string): TargetDownError {
	return new TargetDownError('content', `the server sent more than ${what}`);
}
