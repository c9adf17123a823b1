/** Who asks: the name that was proved, else the address. */

import type {IncomingMessage, ServerResponse} from 'node:http';
import {SocketAddress} from 'node:net';
import {parseAddress} from '../../net/guard.ts';
import {oneLine} from '../../util/errors.ts';
import type {AdhocRequest} from '../types.ts';

export interface Caller {
	/** Who it proved to be; undefined where nobody was asked. */
	name?: string;
	/** By what. */
	by?: 'password' | 'token' | 'certificate';
	address: string;
	/** What limits count by: the name, else the address (of IPv6 its /64, as one machine has all of that). */
	key: string;
}

/** Notes who was recognised; the door does that once for each request. */
export function recognise(request: IncomingMessage, name: string, by: NonNullable<Caller['by']>): void {
	const address = addressOf(request);
	callers.set(request, {name: oneLine(name, 100), by, address, key: `name ${name}`});
}

/** Whoever asks, recognised or not. */
export function callerOf(request: IncomingMessage): Caller {
	const known = callers.get(request);
	if (known) return known;
	const address = addressOf(request);
	return {address, key: `address ${placeOf(address)}`};
}

/** Notes that the caller may read reasons where everybody gets an answer; the door does that for each such request at most once. */
export function entrust(request: IncomingMessage): void {
	entrusted.add(request);
}

/** Whether the caller proved who it is, or nobody is asked to and only this machine is answered. */
export function isEntrusted(request: IncomingMessage): boolean {
	return entrusted.has(request);
}

/** What an ad hoc request says about who asks: spread it into the AdhocRequest. The signal aborts when the caller goes away. */
export function askedBy(
	request: IncomingMessage,
	response: ServerResponse,
): Pick<AdhocRequest, 'caller' | 'callerKey' | 'callerAddress' | 'signal'> {
	const {name, address, key} = callerOf(request);
	const gone = new AbortController();
	response.once('close', () => {
		if (!response.writableFinished) gone.abort();
	});
	return {caller: name ?? address, callerKey: key, callerAddress: address, signal: gone.signal};
}

/** What of an address is one place for limits: an IPv4 address, or a /64 of IPv6. */
export function placeOf(address: string): string {
	const parsed = parseAddress(address.replace(/%.*$/, ''));
	if (!parsed) return 'unknown';
	if (parsed.family === 4) return parsed.address;
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(parsed.address)?.[1];
	if (mapped !== undefined) return mapped;
	return `${new SocketAddress({address: firstHalf(parsed.address), family: 'ipv6'}).address}/64`;
}

const callers = new WeakMap<IncomingMessage, Caller>();
const entrusted = new WeakSet<IncomingMessage>();

function addressOf(request: IncomingMessage): string {
	return oneLine(request.socket.remoteAddress ?? 'unknown', 100).replace(/^::ffff:(?=\d+\.)/, '');
}

/** The first four groups of a compressed IPv6 address, the rest zero. */
function firstHalf(address: string): string {
	const [head = '', tail] = address.split('::');
	const before = head === '' ? [] : head.split(':');
	// A dotted end stands for two groups; it never reaches into the first four.
	const after = tail === undefined || tail === '' ? [] : tail.split(':');
	const zeros = tail === undefined ? 0 : 8 - before.length - after.length - (tail.includes('.') ? 1 : 0);
	const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4);
	return `${groups.join(':')}::`;
}
