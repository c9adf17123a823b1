/** What a relay says first (the frame ServerKey): it proves that a DERP server is there, behind whatever forwards the connection. */

import type {Socket} from 'node:net';
import {Incoming} from '../../net/incoming.ts';
import {TargetDownError} from '../../util/errors.ts';
import type {Findings} from '../shared/failed-reading.ts';

/** Opens a connection of its own, over TLS where the URL says so; its phases go to these findings. */
export type Connect = (findings: Findings) => Promise<Socket>;

/**
 * The beginning of the relay's public key in hexadecimal, enough to see that it is another one. `begun` has come already. Throws
 * TargetDownError (`protocol`, `reset` …, its message a clause) or the signal's reason; the socket is destroyed then.
 */
export async function relayGreeting(socket: Socket, begun: Buffer, signal: AbortSignal): Promise<string> {
	signal.throwIfAborted();
	const onAbort = () => socket.destroy();
	signal.addEventListener('abort', onAbort);
	const incoming = new Incoming(socket);
	let bytes = begun;
	try {
		while (!isWhole(bytes)) {
			const chunk = await incoming.more();
			if (chunk === undefined) {
				throw new TargetDownError(
					'reset',
					'the connection was closed after the upgrade, before the relay said who it is',
				);
			}
			bytes = Buffer.concat([bytes, chunk]);
		}
		return `${bytes.toString('hex', keyAt, keyAt + 4)}…`;
	} catch (error) {
		socket.destroy();
		signal.throwIfAborted();
		throw error;
	} finally {
		incoming.release();
		signal.removeEventListener('abort', onAbort);
	}
}

/** Type (one byte), length (four bytes), magic, key (32 bytes). */
const frameHeadBytes = 5;
const serverKeyType = 1;
const magic = Buffer.from('DERP🔑');
const keyAt = frameHeadBytes + magic.length;
const leastBytes = magic.length + 32;
/** Newer servers may say more behind their key. */
const mostBytes = 1024;

/** Whether all that is needed came. Throws as soon as it can be no greeting. */
function isWhole(bytes: Buffer): boolean {
	if (bytes.length >= frameHeadBytes) {
		const length = bytes.readUInt32BE(1);
		if (bytes[0] !== serverKeyType || length < leastBytes || length > mostBytes) {
			throw notDerp(`a frame of type ${bytes[0]} with ${length} bytes`);
		}
	} else if (bytes.length > 0 && bytes[0] !== serverKeyType) throw notDerp(`a frame of type ${bytes[0]}`);
	const said = bytes.subarray(frameHeadBytes, keyAt);
	if (!said.equals(magic.subarray(0, said.length))) throw notDerp('a key without the mark of DERP');
	return bytes.length >= frameHeadBytes + leastBytes;
}

function notDerp(what: string): TargetDownError {
	return new TargetDownError('protocol', `after the upgrade came ${what}; a relay sends its key first`);
}
