/** A connection through tailscaled's SOCKS5 proxy (RFC 1928), to a literal address: the proxy resolves nothing for us. */

import {isIP, type Socket} from 'node:net';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';
import {bytesOfAddress} from './address-bytes.ts';
import {dial} from './dial.ts';
import {parseAddress} from './guard.ts';
import {Incoming} from './incoming.ts';
import type {Resolved} from './types.ts';
import {parseHostPort} from './url.ts';

/**
 * The socket, connected to the target; the caller destroys it. Rejects with TargetDownError when the proxy says that it could not
 * connect (`refused`, `unreachable`, or `proxy` where it does not say why: tailscaled never does), with CannotLookError (`vantage`)
 * when the proxy itself fails, or with the signal's reason.
 */
export async function dialThroughSocks5(
	proxy: string,
	to: Pick<Resolved, 'address' | 'family'>,
	port: number,
	signal: AbortSignal,
): Promise<Socket> {
	if (isIP(to.address) !== to.family) throw new TypeError('only literal addresses are dialled');
	const socket = await dialProxy(proxy, signal);
	const incoming = new Incoming(socket);
	const onAbort = () => socket.destroy();
	signal.addEventListener('abort', onAbort);
	try {
		socket.write(greeting);
		const [version, method] = await readBytes(incoming, 2);
		if (version !== 5) throw new Error('what answers there does not speak SOCKS5');
		if (method !== 0) throw new Error('it wants a login, which tailscaled never asks for');
		socket.write(connectRequest(to, port));
		const [replyVersion, code = 1, , addressType] = await readBytes(incoming, 4);
		if (replyVersion !== 5) throw new Error('its answer is not SOCKS5');
		if (code !== 0) throw failureOf(code);
		await readBytes(incoming, await boundAddressBytes(incoming, addressType));
		return socket;
	} catch (error) {
		socket.destroy();
		signal.throwIfAborted();
		if (error instanceof TargetDownError || error instanceof CannotLookError) throw error;
		throw broken(proxy, error);
	} finally {
		incoming.release();
		signal.removeEventListener('abort', onAbort);
	}
}

const greeting = Buffer.from([5, 1, 0]);

async function dialProxy(proxy: string, signal: AbortSignal): Promise<Socket> {
	const parsed = parseHostPort(proxy);
	const address = parsed.ok ? parseAddress(parsed.host) : undefined;
	if (!parsed.ok || !address) throw new TypeError(`"${proxy}" is not the address of a proxy`);
	try {
		return await dial(address, parsed.port, signal);
	} catch (error) {
		signal.throwIfAborted();
		throw broken(proxy, error);
	}
}

function broken(proxy: string, error: unknown): CannotLookError {
	return new CannotLookError(
		'vantage',
		`The SOCKS5 proxy at ${proxy} cannot be used: ${messageOf(error)}. Is tailscaled started with --socks5-server=${proxy}?`,
	);
}

function connectRequest({address, family}: Pick<Resolved, 'address' | 'family'>, port: number): Buffer {
	return Buffer.from([5, 1, 0, family === 4 ? 1 : 4, ...bytesOfAddress(address), port >> 8, port & 0xff]);
}

/** Bytes of BND.ADDR and BND.PORT that are still to come; they tell nothing. */
async function boundAddressBytes(incoming: Incoming, addressType: number | undefined): Promise<number> {
	if (addressType === 1) return 4 + 2;
	if (addressType === 4) return 16 + 2;
	if (addressType === 3) return ((await readBytes(incoming, 1))[0] ?? 0) + 2;
	throw new Error('its answer is not SOCKS5');
}

function failureOf(code: number): Error {
	switch (code) {
		case 3:
		case 4:
		case 6:
			return new TargetDownError('unreachable', "tailscaled's SOCKS5 proxy found no way to the address");
		case 5:
			return new TargetDownError('refused', "tailscaled's SOCKS5 proxy was refused the connection");
		case 7:
		case 8:
			return new CannotLookError('unsupported', "tailscaled's SOCKS5 proxy does not take this kind of connection");
		default:
			return new TargetDownError(
				'proxy',
				"tailscaled's SOCKS5 proxy could not connect; it does not tell whether it was refused or got no answer",
			);
	}
}

async function readBytes(incoming: Incoming, count: number): Promise<Buffer> {
	const bytes = await incoming.exactly(count);
	if (!bytes) throw new Error('it closed the connection');
	return bytes;
}
