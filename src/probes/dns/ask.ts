/** Asks one server one question: over UDP, and over TCP where that is wanted or the answer did not fit. */

import {randomInt} from 'node:crypto';
import {answersQuery, type DnsMessage, type DnsQuestion, encodeQuery, readMessage} from '../../net/dns-message.ts';
import {exchangeOverStream} from '../../net/dns-stream.ts';
import {sayGoodbye} from '../../net/goodbye.ts';
import type {Resolved} from '../../net/types.ts';
import {type DatagramTimes, exchangeDatagrams} from '../../net/udp-exchange.ts';
import {TargetDownError} from '../../util/errors.ts';
import {connectPhase} from '../shared/connect-phase.ts';
import {noteDatagrams} from '../shared/datagram-phase.ts';
import type {Findings} from '../shared/failed-reading.ts';
import {type tlsContext, tlsPhase} from '../shared/tls-options.ts';
import type {Place} from '../types.ts';
import type {DnsOptions} from './options.ts';

export interface Server {
	/** As the target names it. */
	host: string;
	resolved: Resolved;
	port: number;
	via: 'tailnet' | 'direct';
}

/** TLS of a check that wants it, made ready before the first phase. */
export type Secure = Awaited<ReturnType<typeof tlsContext>> | undefined;

/** Leaves no phase running. Throws what connectPhase, tlsPhase and exchangeDatagrams throw; phases and the fact `transport` are in `findings` either way. */
export async function ask(
	server: Server,
	question: DnsQuestion,
	options: DnsOptions,
	secure: Secure,
	place: Place,
	findings: Findings,
	signal: AbortSignal,
): Promise<DnsMessage> {
	const query = encodeQuery(question, randomInt(65_536), options.recursion_desired);
	if (options.transport_protocol === 'udp') {
		const message = await askByDatagram(server, query, place, findings, signal);
		if (!message.truncated) return message;
		findings.facts.truncated = 'true';
	}
	return askByStream(server, query, options, secure, place, findings, signal);
}

/** The share of the time that is left for waiting; the rest is for telling what came. */
const waitShare = 0.95;

async function askByDatagram(
	{resolved, port}: Server,
	query: Buffer,
	{timeoutMs}: Place,
	{clock, facts}: Findings,
	signal: AbortSignal,
): Promise<DnsMessage> {
	facts.transport = 'udp';
	const times: DatagramTimes = {sentAt: []};
	const {answer, strays} = await exchangeDatagrams(
		resolved,
		port,
		{
			transmissions: [{bytes: query, afterMs: 0}],
			limitMs: (timeoutMs - clock.elapsedMs()) * waitShare,
			// Whoever guesses at answers sends many; the right one may be still to come.
			read: datagram => (answersQuery(datagram, query) ? readMessage(datagram) : undefined),
		},
		signal,
		times,
	).finally(() => noteDatagrams(times, {clock, facts}));
	if (answer) return answer;
	if (strays === 0)
		throw new TargetDownError(
			'timeout',
			'no answer came: the question or the answer was lost, or nothing listens there',
		);
	throw new TargetDownError('protocol', `${strays} datagrams came, and none of them answered the question`);
}

async function askByStream(
	{host, resolved, port, via}: Server,
	query: Buffer,
	options: DnsOptions,
	secure: Secure,
	place: Place,
	findings: Findings,
	signal: AbortSignal,
): Promise<DnsMessage> {
	const {clock, facts} = findings;
	facts.transport = secure ? 'tls' : 'tcp';
	const plain = await connectPhase(resolved, port, via, place, findings, signal);
	let socket = plain;
	try {
		const how = {options: options.tls_config, host, alpn: ['dot']};
		if (secure) socket = (await tlsPhase(plain, {...how, context: secure}, findings, signal)).socket;
		clock.enter('processing');
		const bytes = await exchangeOverStream(socket, query, signal);
		clock.leave();
		if (!answersQuery(bytes, query)) throw new TargetDownError('protocol', 'the answer is to another question');
		const message = readMessage(bytes);
		if (message.truncated) throw new TargetDownError('protocol', 'the answer was cut short, although it came over TCP');
		return message;
	} finally {
		sayGoodbye(socket, plain);
	}
}
