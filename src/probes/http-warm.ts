/**
 * An HTTP or HTTPS request over a connection that is kept between runs: what a client with a pool of connections feels. Beside `http`,
 * never instead of it: a kept connection hides faults of name resolution, of the way and of TLS.
 */

import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {checkAddress} from '../net/guard.ts';
import type {Exchange} from '../net/http1.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import type {TlsConnection} from '../net/tls.ts';
import {oneLine, TargetDownError} from '../util/errors.ts';
import {aimAt, prepareHttp} from './http/aim.ts';
import {harmlessHttp, unjudgedHttp} from './http/harmless.ts';
import {askOver, closeLine, openLine} from './http/hop.ts';
import {hadLine, type KeptLine, keepLine, noteLine, takeLine} from './http/kept-lines.ts';
import {noteAnswer} from './http/note-answer.ts';
import {type HttpOptions, httpOptions} from './http/options.ts';
import {describeHop, finalReading} from './http/reading.ts';
import type {Hop} from './http/redirect.ts';
import {statusCodeMetric} from './http/status-code-metric.ts';
import {noteChain} from './shared/certificate.ts';
import {type Findings, failedReading} from './shared/failed-reading.ts';
import {earliestExpiryOf} from './shared/tls-metrics.ts';
import {tlsContext} from './shared/tls-options.ts';
import type {Place, Probe} from './types.ts';

/** What a run did for its connection: the first one, the one of the run before, or a new one because that was gone. */
export const connectionStates = ['opened', 'kept', 'reopened'] as const;

export const httpWarm: Probe<HttpOptions> = {
	type: 'http_warm',
	summary:
		'An HTTP or HTTPS request over a connection that is kept between runs, up to five minutes apart. No redirects. Stands beside `http`, whose fresh connection finds faults that a kept one hides.',
	options: z => httpOptions(z, 'kept'),
	address: 'url',
	vias: ['tailnet', 'direct'],
	durationIsLatency: false,
	metrics: [
		{
			name: 'tailprobe_http_warm_request_seconds',
			type: 'gauge',
			help: 'From sending the request to the last byte of the answer in the last run, over a kept connection; absent when the run had to open one.',
			labels: [...checkLabels],
			from: {value: 'request_seconds'},
		},
		{
			name: 'tailprobe_http_warm_latency_seconds',
			type: 'histogram',
			help: 'The same times of successful runs, for all targets of a check.',
			labels: ['check', 'type', 'vantage'],
			from: {value: 'request_seconds'},
		},
		{
			name: 'tailprobe_http_warm_runs_total',
			type: 'counter',
			help: 'Runs by what they did for their connection: `opened` the first, `kept` that of the run before, `reopened` one because that was gone.',
			labels: ['check', 'type', 'vantage', 'connection'],
			from: {countOf: 'connection', states: connectionStates},
		},
		statusCodeMetric,
		earliestExpiryOf('https'),
	],
	harmless: harmlessHttp,
	unjudged: unjudgedHttp,
	prepare: prepareHttp,
	measure,
};

async function measure(target: Target, options: HttpOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const aim = await aimAt(target, options, place, true);
	if ('fault' in aim) return {ok: false, reason: 'forbidden', detail: oneLine(aim.fault, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {redirects: 0, failed_due_to_regex: 0}, facts: {}};
	const key = keyOf(target, options, place);
	const run = {hop: aim.hop, options, place, findings, signal, key, keeps: place.adhoc !== true};
	try {
		const answer = await ask(run);
		noteAnswer(answer, aim.hop, findings);
		if (findings.facts.connection === 'kept')
			findings.values.request_seconds = (answer.timings.endAt - answer.timings.sentAt) / 1000;
		return await finalReading(answer, aim.hop, options, findings, signal);
	} catch (error) {
		return failedReading(error, describeHop(aim.hop), findings, signal);
	}
}

interface Run {
	hop: Hop;
	options: HttpOptions;
	place: Place;
	findings: Findings;
	signal: AbortSignal;
	key: string;
	/** An ad hoc run has a connection of its own: it would move that of a check, or be moved by it. */
	keeps: boolean;
}

/** Over the kept connection, or once over a new one when there is none or it turns out to be dead. */
async function ask(run: Run): Promise<Exchange> {
	const {findings} = run;
	const kept = run.keeps ? await fitLine(run) : undefined;
	if (kept) {
		findings.facts.connection = 'kept';
		try {
			return await askAndKeep(kept, run);
		} catch (error) {
			if (!isDeadLine(error, run)) throw error;
		}
	}
	findings.facts.connection = run.keeps && hadLine(run.key) ? 'reopened' : 'opened';
	return askAndKeep(await open(run), run);
}

/** The kept connection, where it may still be used for what is configured now. */
async function fitLine({key, hop, options, place}: Run): Promise<KeptLine | undefined> {
	const line = takeLine(key);
	if (!line) return undefined;
	// What came unasked while we waited is read before anything is sent.
	keepLine(key, line);
	const context = hop.url.protocol === 'https:' ? await tlsContext(options.tls_config, place) : undefined;
	await readingDone();
	const still = takeLine(key);
	if (!still) return undefined;
	if (still.context === context && !still.http2?.broken && isAllowed(still.address, hop)) return still;
	closeLine(still);
	return undefined;
}

/** Sockets are read between two immediates; one alone may come before that. */
function readingDone(): Promise<unknown> {
	return new Promise(resolve => setImmediate(() => setImmediate(resolve)));
}

function isAllowed(address: string, hop: Hop): boolean {
	try {
		checkAddress(address, hop.rule);
		return true;
	} catch (error) {
		if (error instanceof TargetDownError) return false;
		throw error;
	}
}

async function open({hop, options, place, findings, signal}: Run): Promise<KeptLine> {
	const line = await openLine(hop, options, place, findings, signal);
	// Both are of this run alone.
	const {connection: _connection, answered: _answered, ...facts} = findings.facts;
	return {...line, address: facts.address ?? '', facts, values: {...findings.values}};
}

async function askAndKeep(line: KeptLine, {hop, options, findings, signal, key, keeps}: Run): Promise<Exchange> {
	Object.assign(findings.facts, line.facts);
	Object.assign(findings.values, line.values);
	let answer: Exchange;
	try {
		answer = await askOver(line, hop, options, findings, signal);
	} catch (error) {
		if (keeps) noteLine(key);
		closeLine(line);
		throw error;
	}
	// Before anything else is waited for, so that no byte from the server goes unseen.
	if (answer.reusable && keeps) keepLine(key, line);
	else {
		if (keeps) noteLine(key);
		closeLine(line);
	}
	if (line.tls) await noteOpening(line, line.tls, options, findings);
	return answer;
}

/** The certificate is told of every run over the connection, and not kept with it. */
async function noteOpening(
	line: KeptLine,
	tls: TlsConnection,
	options: HttpOptions,
	findings: Findings,
): Promise<void> {
	delete line.tls;
	await noteChain(tls, options.tls_config.ca_file, findings);
	const ofTls = ([name]: [string, unknown]) => name.startsWith('tls_');
	Object.assign(line.facts, Object.fromEntries(Object.entries(findings.facts).filter(ofTls)));
	Object.assign(line.values, Object.fromEntries(Object.entries(findings.values).filter(ofTls)));
}

/** Servers close idle connections whenever they like, also just now; what changes nothing there may then be asked again. */
function isDeadLine(error: unknown, {hop, findings, signal}: Run): boolean {
	if (signal.aborted || !(error instanceof TargetDownError) || error.reason !== 'reset') return false;
	const {reached} = findings.clock;
	// Before any phase nothing was sent.
	return reached === undefined || (reached === 'processing' && idempotent.has(hop.request.method));
}

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

const keys = new WeakMap<Target, {options: HttpOptions; key: string}>();

/** The same for each run of a check, also after a reload that left it as it was. */
function keyOf(target: Target, options: HttpOptions, {vantage, socks5}: Place): string {
	const known = keys.get(target);
	if (known?.options === options) return known.key;
	const key = JSON.stringify([vantage, socks5, target, options]);
	keys.set(target, {options, key});
	return key;
}
