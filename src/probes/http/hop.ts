/** One request to one origin over a connection of its own: resolve, connect, TLS, ask, read. */

import {dial} from '../../net/dial.ts';
import {type Exchange, type ExchangeTimings, exchange} from '../../net/http1.ts';
import {CertificateError, upgradeToTls} from '../../net/tls.ts';
import {secureContextFor} from '../../net/tls-contexts.ts';
import {endpointOf} from '../../net/url.ts';
import type {Findings} from '../shared/failed-reading.ts';
import {resolvePhase} from '../shared/resolve-phase.ts';
import type {Place} from '../types.ts';
import {needsBody} from './judge.ts';
import {type HttpOptions, maxHeadBytes} from './options.ts';
import type {Hop} from './redirect.ts';

/** Bytes of each body that are kept at least. */
export const shownBodyBytes = 400;

/**
 * The answer to the hop's request. Throws what resolveTarget, dial, upgradeToTls and exchange throw; the phases, facts and values of
 * the way that was made are in `findings` either way, and no socket is left.
 */
export async function requestHop(
	hop: Hop,
	options: HttpOptions,
	place: Place,
	findings: Findings,
	signal: AbortSignal,
): Promise<Exchange> {
	const {clock, facts, values} = findings;
	const {host, port} = endpointOf(hop.url);
	const secure = hop.url.protocol === 'https:';
	values.ssl = secure ? 1 : 0;
	if (hop.redirects > 0) forgetTls();
	// Reading a CA file is no part of what is measured.
	const context = secure ? await secureContextFor(options.tls_config.ca_file) : undefined;

	const resolved = await resolvePhase(host, hop.rule, options, place, findings, signal);
	clock.enter('connect');
	const plain = await dial(resolved, port, signal);
	try {
		if (!context) return await ask(plain);
		clock.enter('tls');
		const name = (hop.tlsName ?? host).replace(/\.$/, '');
		const settings = {context, name, skipVerify: options.tls_config.insecure_skip_verify};
		const tls = await upgradeToTls(plain, settings, signal).catch(noteExpiry);
		noteTls(tls.version, tls.cipher, tls.expirySeconds);
		return await ask(tls.socket);
	} finally {
		plain.destroy();
	}

	async function ask(socket: Parameters<typeof exchange>[0]): Promise<Exchange> {
		const limits = {
			maxHeadBytes,
			maxBodyBytes: options.body_size_limit,
			// The beginning is kept for the sentence when the answer is not what was wanted.
			maxStoredBytes: needsBody(options) ? options.body_size_limit : Math.min(shownBodyBytes, options.body_size_limit),
		};
		const timings: Partial<ExchangeTimings> = {};
		try {
			return await exchange(socket, hop.request, limits, signal, timings);
		} finally {
			socket.destroy();
			if (timings.sentAt !== undefined) clock.enter('processing', timings.sentAt);
			if (timings.firstByteAt !== undefined) clock.enter('transfer', timings.firstByteAt);
			clock.leave(timings.endAt);
		}
	}

	function noteTls(version: string, cipher: string, expirySeconds: number | undefined): void {
		facts.tls_version = version;
		facts.tls_cipher = cipher;
		if (expirySeconds !== undefined) values.tls_earliest_cert_expiry_seconds = expirySeconds;
	}

	// What the hop before presented is no fact of this one.
	function forgetTls(): void {
		delete values.tls_earliest_cert_expiry_seconds;
		delete facts.tls_version;
		delete facts.tls_cipher;
	}

	function noteExpiry(error: unknown): never {
		if (error instanceof CertificateError && error.expirySeconds !== undefined) {
			values.tls_earliest_cert_expiry_seconds = error.expirySeconds;
		}
		throw error;
	}
}
