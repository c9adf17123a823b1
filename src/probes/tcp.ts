/** A TCP connection: whether the port accepts it, over TLS where wanted, and whether the right things are said over it. */

import type {Duplex} from 'node:stream';
import type {Reading, Target} from '../engine/types.ts';
import {sayGoodbye} from '../net/goodbye.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import type {TlsConnection} from '../net/tls.ts';
import {prepareAuthorities} from '../net/tls-chain.ts';
import {parseHostPort} from '../net/url.ts';
import {oneLine} from '../util/errors.ts';
import {noteChain} from './shared/certificate.ts';
import {connectPhase} from './shared/connect-phase.ts';
import {type Findings, failedReading} from './shared/failed-reading.ts';
import {resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import {earliestExpiryMetric} from './shared/tls-metrics.ts';
import {tlsContext, tlsPhase, verdictPhase, withoutClientCertificate} from './shared/tls-options.ts';
import {harmlessSteps, type TcpOptions, tcpOptions, unjudgedSteps} from './tcp/options.ts';
import {converse, lastLine, type Progress} from './tcp/script.ts';
import {tcpShell} from './tcp/shell.ts';
import type {Place, Probe} from './types.ts';

export type {TcpOptions};

export const tcp: Probe<TcpOptions> = {
	type: 'tcp',
	summary: 'A TCP connection to host:port, over TLS and with a conversation where wanted, and closed again.',
	options: tcpOptions,
	address: 'host_port',
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [{...earliestExpiryMetric, appliesTo: ({options}) => speaksTls(options as TcpOptions)}],
	harmless: ({tls_config: tls, query_response: steps, ...rest}) => ({
		...rest,
		tls_config: withoutClientCertificate(tls),
		query_response: harmlessSteps(steps),
	}),
	unjudged: ({query_response: steps}) => unjudgedSteps(steps),
	prepare: (_target, options) => (speaksTls(options) ? prepareAuthorities(options.tls_config.ca_file) : undefined),
	measure,
	shell: tcpShell,
};

async function measure(target: Target, options: TcpOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseHostPort(target.address);
	if (!parsed.ok) return {ok: false, reason: 'forbidden', detail: oneLine(parsed.detail, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {}, facts: {}};
	const progress: Progress = {step: '', line: undefined};
	try {
		await talk({target, host: parsed.host, port: parsed.port, options, place}, findings, progress, signal);
		findings.facts.phase = findings.clock.reached ?? 'connect';
		return {ok: true, phases: findings.clock.seconds(), values: findings.values, facts: findings.facts};
	} catch (error) {
		return failedReading(error, describe(target, progress, signal), findings, signal);
	}
}

function speaksTls({tls, query_response: steps}: TcpOptions): boolean {
	return tls || steps.some(step => step.starttls);
}

interface Aim {
	target: Target;
	host: string;
	port: number;
	options: TcpOptions;
	place: Place;
}

async function talk(aim: Aim, findings: Findings, progress: Progress, signal: AbortSignal): Promise<void> {
	const {target, host, port, options, place} = aim;
	const {tls_config: tlsOptions, query_response: steps} = options;
	const context = speaksTls(options) ? await tlsContext(tlsOptions, place) : undefined;
	const resolved = await resolvePhase(host, ruleFor(target, place), options, place, findings, signal);
	const plain = await connectPhase(resolved, port, target.via, place, findings, signal);
	let tls: TlsConnection | undefined;
	try {
		const socket = options.tls ? await beginTls() : plain;
		if (steps.length > 0) {
			findings.clock.enter('processing');
			await converse(socket, steps, startTls, findings, progress, signal);
		}
		findings.clock.leave();
		if (tls && findings.shown) await verdictPhase(tls, findings, place, signal);
		if (tls) await noteChain(tls, tlsOptions.ca_file, findings);
	} finally {
		sayGoodbye(tls?.socket ?? plain, plain);
	}

	async function beginTls(): Promise<Duplex> {
		if (!context) throw new TypeError('no TLS context was made');
		tls = await tlsPhase(plain, {options: tlsOptions, context, host, alpn: []}, findings, signal);
		return tls.socket;
	}

	async function startTls(): Promise<Duplex> {
		const socket = await beginTls();
		findings.clock.enter('processing');
		return socket;
	}
}

/** Only a deadline leaves the step to be told here; every other failure of the conversation tells it itself. */
function describe({address}: Target, progress: Progress, signal: AbortSignal): string {
	const what = `TCP ${address}`;
	return signal.aborted && progress.step !== '' ? `${what}, at ${progress.step}${lastLine(progress)},` : what;
}
