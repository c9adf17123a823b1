/** One request to one origin over a connection of its own: resolve, connect, TLS, ask, read. */

import type {Socket} from 'node:net';
import type {SecureContext} from 'node:tls';
import {sayGoodbye} from '../../net/goodbye.ts';
import {type Exchange, exchange, type Progress} from '../../net/http1.ts';
import {type Http2Connection, openHttp2} from '../../net/http2.ts';
import type {TlsConnection} from '../../net/tls.ts';
import {endpointOf} from '../../net/url.ts';
import {noteAnswered} from '../shared/answered.ts';
import {noteChain} from '../shared/certificate.ts';
import {connectPhase} from '../shared/connect-phase.ts';
import type {Findings} from '../shared/failed-reading.ts';
import {resolvePhase} from '../shared/resolve-phase.ts';
import {forgetTls, tlsContext, tlsPhase, withoutClientCertificate} from '../shared/tls-options.ts';
import type {Place} from '../types.ts';
import {needsBody} from './judge.ts';
import {noteAnswer} from './note-answer.ts';
import {type HttpOptions, maxHeadBytes} from './options.ts';
import type {Hop} from './redirect.ts';
import {maxPackedBytes, wantedCoding} from './unpacked.ts';

/** Bytes of each body that are kept at least. */
export const shownBodyBytes = 400;

/** A connection that can be asked. */
export interface Line {
	/** What to destroy at the end. */
	plain: Socket;
	/** What to speak over: `plain`, or TLS over it. */
	socket: Socket;
	/** Where HTTP/2 was agreed on. */
	http2?: Http2Connection;
	/** Of its TLS. */
	context?: SecureContext;
	/** What the handshake told, until that is noted. */
	tls?: TlsConnection;
}

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
	const line = await openLine(hop, options, place, findings, signal);
	let answer: Exchange;
	try {
		answer = await askOver(line, hop, options, findings, signal);
	} finally {
		closeLine(line);
	}
	if (line.tls) await noteChain(line.tls, options.tls_config.ca_file, findings);
	return answer;
}

/** A connection to the hop's origin. Throws what resolveTarget, dial and upgradeToTls throw, and then leaves no socket. */
export async function openLine(
	hop: Hop,
	options: HttpOptions,
	place: Place,
	findings: Findings,
	signal: AbortSignal,
): Promise<Line> {
	const {host, port} = endpointOf(hop.url);
	const secure = hop.url.protocol === 'https:';
	findings.values.ssl = secure ? 1 : 0;
	if (hop.redirects > 0) forgetTls(findings);
	// What proves who we are stays with the origin that it was written for.
	const tlsOptions = hop.atHome ? options.tls_config : withoutClientCertificate(options.tls_config);
	const context = secure ? await tlsContext(tlsOptions, place) : undefined;

	const resolved = await resolvePhase(host, hop.rule, options, place, findings, signal);
	const plain = await connectPhase(resolved, port, hop.rule.via, place, findings, signal);
	if (!context) return {plain, socket: plain};
	try {
		const alpn = options.enable_http2 ? bothVersions : onlyHttp1;
		const how = {options: {...tlsOptions, server_name: hop.tlsName}, context, host, alpn};
		const tls = await tlsPhase(plain, how, findings, signal);
		const line = {plain, socket: tls.socket, context, tls};
		return tls.alpn === 'h2' ? {...line, http2: await openHttp2(tls.socket, maxHeadBytes)} : line;
	} catch (error) {
		sayGoodbye(plain);
		throw error;
	}
}

/**
 * Asks and reads; the phases `processing` and `transfer` are those of this request. Throws what exchange throws; an answer that did not
 * come whole is noted then.
 */
export async function askOver(
	line: Line,
	hop: Hop,
	options: HttpOptions,
	findings: Findings,
	signal: AbortSignal,
): Promise<Exchange> {
	const {clock, facts} = findings;
	const {body_size_limit: limit} = options;
	const limits = {
		maxHeadBytes,
		maxBodyBytes: maxPackedBytes(options),
		// The beginning is kept for the sentence when the answer is not what was wanted.
		maxStoredBytes: keepsBody(options) ? maxPackedBytes(options) : Math.min(shownBodyBytes, limit),
	};
	const timings: Progress = {};
	try {
		if (line.http2) return await line.http2.exchange(hop.request, limits, signal, timings);
		return await exchange(line.socket, hop.request, limits, signal, timings);
	} finally {
		if (timings.sentAt !== undefined) clock.enter('processing', timings.sentAt);
		if (timings.firstByteAt !== undefined) {
			clock.enter('transfer', timings.firstByteAt);
			// Over a kept connection this is the first sign of life of the run.
			noteAnswered(facts);
		}
		if (timings.head) noteAnswer(timings.head, hop, findings);
		if (timings.firstByteAt !== undefined || line.http2?.greeted) findings.shown = undefined;
		clock.leave(timings.endAt);
	}
}

export function closeLine({plain, socket, http2}: Line): void {
	if (http2) http2.end(plain);
	else sayGoodbye(socket, plain);
}

const bothVersions = ['h2', 'http/1.1'];
const onlyHttp1 = ['http/1.1'];

function keepsBody(options: HttpOptions): boolean {
	return needsBody(options) || wantedCoding(options) !== undefined;
}
