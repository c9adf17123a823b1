/** The request that asks a web server to go on as a WebSocket, and whether its answer is one to go on from (RFC 6455, section 4). */

import {createHash, randomBytes} from 'node:crypto';
import type {Duplex} from 'node:stream';
import {TargetDownError} from '../util/errors.ts';
import type {ExchangeTimings, Header} from './http1.ts';
import {upgradeRequest} from './http1-upgrade.ts';
import {quoted} from './lines.ts';

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
	const timings: Partial<ExchangeTimings> = {};
	const asked = {method: 'GET', path: request.path, headers: headersOf(request, key)};
	const {status, statusText, headers, behind} = await upgradeRequest(socket, asked, limits, signal, timings);
	return {status, statusText, headers, behind, key, at: timings.endAt ?? performance.now()};
}

const limits = {maxHeadBytes: 65_536, maxBodyBytes: 0, headOnly: true};

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
		throw broken(
			offered.length === 1
				? 'the subprotocol that was offered was not taken'
				: `none of the ${offered.length} subprotocols that were offered was taken`,
		);
	}
	if (subprotocol !== undefined && (subprotocols.length > 1 || !offered.includes(subprotocol))) {
		// What was offered may hold a token, and may be said again in another way.
		const which = offered.length === 0 ? ` ${quoted(subprotocols.join(', '), 60)}` : '';
		throw broken(`it takes the subprotocol${which}, which was not offered`);
	}
	return subprotocol;
}

function headersOf({headers, subprotocols}: UpgradeRequest, key: string): Header[] {
	const all: Header[] = [
		...headers,
		['Upgrade', 'websocket'],
		['Connection', 'Upgrade'],
		['Sec-WebSocket-Key', key],
		['Sec-WebSocket-Version', '13'],
	];
	if (subprotocols.length > 0) all.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
	return all;
}

/** What RFC 6455 has the server make of our key. */
function proofFor(key: string): string {
	return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function broken(message: string): TargetDownError {
	return new TargetDownError('protocol', `the server switched protocols, but ${message}`);
}
