/** The end of a connection, told to the server, so that it need not log one that broke. */

import type {Socket} from 'node:net';

/**
 * Ends the connection in order: close_notify where it is TLS, then FIN. Whatever still comes is passed over until the server has ended
 * it too, for 200 ms at most; closing with bytes unread would be a reset. Returns at once, and keeps no thread alive. `plain` is what
 * TLS runs over. Many at a time are not waited for: the next is destroyed at once, as one is that has nothing to end any more. Nothing
 * happens to a connection that is being ended already.
 */
export function sayGoodbye(socket: Socket, plain: Socket = socket): void {
	endInTime(socket, plain, () => {
		let bytes = 0;
		socket.on('data', (chunk: Buffer) => {
			bytes += chunk.length;
			if (bytes > maxBytes) socket.destroy();
		});
		socket.resume();
		socket.end();
	});
}

/** The same where somebody else owns the socket and ends it when told by `end`. */
export function endInTime(socket: Socket, plain: Socket, end: () => void): void {
	if (leaving.has(plain)) return;
	if (socket.destroyed || plain.destroyed || goodbyes >= maxGoodbyes) {
		socket.destroy();
		plain.destroy();
		return;
	}
	goodbyes++;
	leaving.add(plain);
	const timer = setTimeout(() => socket.destroy(), maxWaitMs).unref();
	socket.once('close', () => {
		goodbyes--;
		clearTimeout(timer);
		plain.destroy();
	});
	socket.unref();
	plain.unref();
	end();
}

let goodbyes = 0;
/** By what they run over. */
const leaving = new WeakSet<Socket>();
const maxGoodbyes = 200;
const maxWaitMs = 200;
/** A server may send on and on. */
const maxBytes = 65_536;
