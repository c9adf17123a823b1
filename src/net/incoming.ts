/** What comes in over a connection, taken piece by piece by one reader who waits for it. */

import type {Duplex} from 'node:stream';
import {socketFailure} from './socket-errors.ts';

/**
 * Nobody else may read from the socket until `release`. Whoever wants to stop waiting destroys the socket: that ends like a close.
 * One set of listeners for the whole time, because a `readable` listener that is put back finds the same bytes again at once, and
 * whoever waits for more of them than there are would spin.
 */
export class Incoming {
	#socket: Duplex;
	#wake = () => {};
	/** What OpenSSL finds wrong after the handshake is told, and not kept in `errored`. */
	#error: Error | undefined;

	constructor(socket: Duplex) {
		this.#socket = socket;
		for (const event of events) socket.on(event, this.#onEvent);
		socket.on('error', this.#onError);
	}

	/** What has come, at least a byte; undefined when the other side closed. Throws what socketFailure makes of an error. */
	async more(): Promise<Buffer | undefined> {
		return this.#read(() => this.#socket.read());
	}

	/** Exactly so many bytes, of which there may be no more than a few; what comes behind them stays in the socket. Undefined and throws as above. */
	async exactly(count: number): Promise<Buffer | undefined> {
		const bytes = await this.#read(() => this.#socket.read(count));
		return bytes?.length === count ? bytes : undefined;
	}

	/** What has come already, without waiting. */
	rest(): Buffer | undefined {
		return this.#socket.read() ?? undefined;
	}

	release(): void {
		for (const event of events) this.#socket.off(event, this.#onEvent);
		this.#socket.off('error', this.#onError);
	}

	#onEvent = (): void => this.#wake();

	#onError = (error: Error): void => {
		this.#error ??= error;
		this.#wake();
	};

	async #read(read: () => Buffer | null): Promise<Buffer | undefined> {
		const socket = this.#socket;
		for (;;) {
			const bytes = read();
			if (bytes) return bytes;
			const error = this.#error ?? socket.errored;
			if (error) throw socketFailure(error);
			if (socket.readableEnded || socket.destroyed) return undefined;
			await new Promise<void>(resolve => {
				this.#wake = resolve;
			});
		}
	}
}

const events = ['readable', 'end', 'close'] as const;
