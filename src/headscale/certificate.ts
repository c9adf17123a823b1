/** The certificate of headscale's main listener: when it expires, and whether it is trusted. Nothing is sent after the handshake. */

import {connect, type Socket} from 'node:net';
import {sayGoodbye} from '../net/goodbye.ts';
import {raceAbort} from '../net/shared.ts';
import {type CertificateFault, upgradeToTls} from '../net/tls.ts';
import {secureContextFor} from '../net/tls-contexts.ts';
import {CannotLookError, TargetDownError} from '../util/errors.ts';
import {type Answered, rememberAnswers} from './answered.ts';
import {adviseOn, explainFault, explainTimeout, obstacleOf, obstacleOfTimeout, type Progress} from './faults.ts';
import {HeadscaleError} from './get.ts';
import {sharedLookup} from './lookup.ts';

export interface ServerCertificate {
	/** Milliseconds since 1970 when the first certificate of the chain expires; undefined when there is none that tells. */
	expiryMs?: number;
	/** Whether requests would be sent to this server. */
	trusted: boolean;
	/** What is wrong with it, where it is not trusted. */
	fault?: CertificateFault;
}

/** Shakes hands with the server of the address. Rejects with HeadscaleError when there is no handshake, or with the signal's reason. */
export async function readCertificate(
	{
		url,
		caFile,
		timeoutMs,
		answered = rememberAnswers(),
	}: {url: URL; caFile: string | undefined; timeoutMs: number; answered?: Answered},
	signal?: AbortSignal,
): Promise<ServerCertificate> {
	const tried = `The TLS handshake with ${url.host}`;
	const progress: Progress = {stage: 'resolving', status: 0, bytes: 0};
	const stop = new AbortController();
	const timer = setTimeout(
		() =>
			stop.abort(
				new HeadscaleError(
					explainTimeout(tried, timeoutMs, progress, answered.until(url)),
					'unanswered',
					obstacleOfTimeout(progress),
				),
			),
		timeoutMs,
	);
	const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
	try {
		return await raceAbort(shakeHands(url, caFile, timeoutMs, progress, ended), ended);
	} catch (error) {
		if (ended.aborted) throw ended.reason;
		if (error instanceof CannotLookError || error instanceof TargetDownError)
			throw new HeadscaleError(
				`${tried} failed: ${error.message}. ${adviseOn('', 'headscale.url', answered.until(url))}`,
				'unanswered',
			);
		const why = explainFault(error, url, 'headscale.url', answered.until(url));
		throw new HeadscaleError(`${tried} failed: ${why}`, 'unanswered', obstacleOf(error));
	} finally {
		clearTimeout(timer);
		stop.abort();
	}
}

async function shakeHands(
	url: URL,
	caFile: string | undefined,
	timeoutMs: number,
	progress: Progress,
	signal: AbortSignal,
): Promise<ServerCertificate> {
	const context = await secureContextFor({caFile});
	signal.throwIfAborted();
	const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
	const plain = connect({
		host,
		port: Number(url.port || 443),
		lookup: sharedLookup,
		autoSelectFamily: true,
		autoSelectFamilyAttemptTimeout: Math.max(250, Math.round(timeoutMs / 3)),
	});
	signal.addEventListener('abort', () => plain.destroy(), {once: true});
	plain.once('lookup', () => Object.assign(progress, {stage: 'connecting'}));
	await connected(plain);
	Object.assign(progress, {stage: 'tls'});
	const {socket, expirySeconds, fault} = await upgradeToTls(
		plain,
		{context, name: host, skipVerify: true, alpn: ['http/1.1']},
		signal,
	);
	sayGoodbye(socket, plain);
	return {
		trusted: fault === undefined,
		...(fault === undefined ? {} : {fault}),
		...(expirySeconds === undefined ? {} : {expiryMs: expirySeconds * 1000}),
	};
}

function connected(socket: Socket): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once('connect', resolve);
		// Stays, so that an error after this is nobody's crash.
		socket.on('error', reject);
		socket.once('close', () => reject(new Error('the connection was closed')));
	});
}
