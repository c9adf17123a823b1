/** The request that asks a web server to go on as a WebSocket, and whether its answer is one to go on from (RFC 6455, section 4). */

import {createHash, randomBytes} from 'node:crypto';
import type {Duplex} from 'node:stream';
import {TargetDownError} from '../util/errors.ts';
import {refuseInjection} from './http1.ts';
import {type Header, ResponseReader} from './http1-reader.ts';
import {Incoming} from './incoming.ts';
import {quoted} from './lines.ts';
import {socketFailure} from './socket-errors.ts';

export interface UpgradeRequest {
	/** Path with query, as it goes on the wire. */
	path: string;
	/** All headers but those of the upgrade itself. */
	headers: readonly Header[];
	subprotocols: readonly string[];
}

export interface UpgradeAnswer {
	status: number;
	statusText: string;
	headers: readonly Header[];
	/** What came behind the head of a 101: the first bytes of the WebSocket. */
	behind: Buffer;
	/** Our half of the proof that the server understood. */
	key: string;
	/** performance.now() when the head was complete. */
	at: number;
}

/**
 * Asks over the connected socket, which the caller destroys, and reads the head of the answer; the body of a refusal is not waited
 * for. Throws TargetDownError (`protocol`, `reset` …) with a clause as its message, or the signal's reason.
 */
export async function requestUpgrade(
	socket: Duplex,
	request: UpgradeRequest,
	signal: AbortSignal,
): Promise<UpgradeAnswer> {
	const key = randomBytes(16).toString('base64');
	const head = headOf(request, key);
	// An answer to HEAD ends with its headers, and that is as far as a refusal is read.
	const reader = new ResponseReader('HEAD', {maxHeadBytes: 65_536, maxBodyBytes: 0, maySwitch: true});
	const incoming = new Incoming(socket);
	const onAbort = () => socket.destroy();
	signal.addEventListener('abort', onAbort);
	try {
		signal.throwIfAborted();
		socket.write(head, 'latin1');
		for (;;) {
			const chunk = await incoming.more();
			signal.throwIfAborted();
			if (!chunk) throw reader.cutShort();
			if (!reader.push(chunk)) continue;
			const {status, statusText, headers, behind} = reader;
			return {status, statusText, headers, behind, key, at: performance.now()};
		}
	} catch (error) {
		signal.throwIfAborted();
		throw error instanceof Error ? socketFailure(error) : error;
	} finally {
		incoming.release();
		signal.removeEventListener('abort', onAbort);
	}
}

/** The subprotocol that was agreed on. Throws TargetDownError (`protocol`) when a 101 does not keep to the rules. */
export function judgeUpgrade(answer: UpgradeAnswer, offered: readonly string[]): string | undefined {
	const valuesOf = (wanted: string) =>
		answer.headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
	const [upgrade, ...moreUpgrades] = valuesOf('upgrade');
	if (upgrade?.toLowerCase() !== 'websocket' || moreUpgrades.length > 0) {
		throw broken(`Upgrade ${upgrade === undefined ? 'is missing' : `is ${quoted(upgrade, 40)}`}`);
	}
	if (!valuesOf('connection').some(value => /(?:^|[\s,])upgrade(?:$|[\s,])/i.test(value))) {
		throw broken('Connection does not say Upgrade');
	}
	const [accept, ...moreAccepts] = valuesOf('sec-websocket-accept');
	if (accept === undefined) throw broken('Sec-WebSocket-Accept is missing');
	if (accept !== proofFor(answer.key) || moreAccepts.length > 0) {
		throw broken(
			'Sec-WebSocket-Accept is not the one that belongs to our key: a cache or no WebSocket server answered',
		);
	}
	const extensions = valuesOf('sec-websocket-extensions').join(', ');
	if (extensions !== '') throw broken(`it uses an extension that was not offered: ${quoted(extensions, 60)}`);
	const subprotocols = valuesOf('sec-websocket-protocol');
	const [subprotocol] = subprotocols;
	if (subprotocol === undefined && offered.length > 0) {
		throw broken(`none of the subprotocols ${offered.join(', ')} was taken`);
	}
	if (subprotocol !== undefined && (subprotocols.length > 1 || !offered.includes(subprotocol))) {
		throw broken(`the subprotocol ${quoted(subprotocols.join(', '), 60)} was not offered`);
	}
	return subprotocol;
}

function headOf({path, headers, subprotocols}: UpgradeRequest, key: string): string {
	const all: Header[] = [
		...headers,
		['Upgrade', 'websocket'],
		['Connection', 'Upgrade'],
		['Sec-WebSocket-Key', key],
		['Sec-WebSocket-Version', '13'],
	];
	if (subprotocols.length > 0) all.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
	refuseInjection('GET', path, all);
	return `GET ${path} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** What RFC 6455 has the server make of our key. */
function proofFor(key: string): string {
	return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function broken(message: string): TargetDownError {
	return new TargetDownError('protocol', `the server switched protocols, but ${message}`);
}
