/** An HTTP or HTTPS request over a fresh connection, with the time of each phase and assertions on the answer. */

import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import type {Exchange} from '../net/http1.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {parseTargetUrl} from '../net/url.ts';
import {oneLine} from '../util/errors.ts';
import {requestHop, shownBodyBytes} from './http/hop.ts';
import {judgeAnswer} from './http/judge.ts';
import {type HttpOptions, httpOptions} from './http/options.ts';
import {firstHop, type Hop, nextHop} from './http/redirect.ts';
import {type Findings, failedReading, inMs} from './shared/failed-reading.ts';
import type {Place, Probe} from './types.ts';

export const http: Probe<HttpOptions> = {
	type: 'http',
	summary: 'An HTTP or HTTPS request over a fresh connection: phases, status, headers, body, certificate.',
	options: httpOptions,
	address: 'url',
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [
		{
			name: 'tailprobe_http_status_code',
			type: 'gauge',
			help: 'Status of the last answer in the last run; absent when none came.',
			labels: [...checkLabels],
			from: {value: 'status_code'},
		},
		{
			name: 'tailprobe_tls_earliest_cert_expiry_timestamp_seconds',
			type: 'gauge',
			help: 'When the first certificate of the chain expires, from the one presented up to the trusted root; absent without TLS.',
			labels: [...checkLabels],
			from: {value: 'tls_earliest_cert_expiry_seconds'},
		},
	],
	measure,
};

async function measure(target: Target, options: HttpOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const aim = aimAt(target, options, place);
	if ('fault' in aim) return {ok: false, reason: 'forbidden', detail: oneLine(aim.fault, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {redirects: 0, failed_due_to_regex: 0}, facts: {}};
	let {hop} = aim;
	try {
		for (;;) {
			const answer = await requestHop(hop, options, place, findings, signal);
			noteAnswer(answer, hop, findings);
			const next = options.follow_redirects ? nextHop(hop, answer, findings.facts.address ?? '', options) : undefined;
			if (!next) return finalReading(answer, hop, options, findings);
			hop = next;
			findings.values.redirects = hop.redirects;
		}
	} catch (error) {
		return failedReading(error, describe(hop), findings, signal);
	}
}

interface Aim {
	hop: Hop;
	options: HttpOptions;
	tailnet: Place['tailnet'];
	allowLoopback: boolean;
}

/** The first request of a check is the same in each run, and putting it together is a twentieth of a run's CPU. */
const aims = new WeakMap<Target, Aim>();

function aimAt(target: Target, options: HttpOptions, place: Place): Aim | {fault: string} {
	const {tailnet, allowLoopback} = place;
	const known = aims.get(target);
	if (known?.options === options && known.tailnet === tailnet && known.allowLoopback === allowLoopback) return known;
	const parsed = parseTargetUrl(target.address);
	if (!parsed.ok) return {fault: parsed.detail};
	const aim = {hop: firstHop(parsed.url, target, options, place), options, tailnet, allowLoopback};
	aims.set(target, aim);
	return aim;
}

function noteAnswer(answer: Exchange, hop: Hop, {values, facts}: Findings): void {
	values.status_code = answer.status;
	values.body_bytes = answer.bodyBytes;
	facts.http_version = answer.version;
	facts.final_url = hop.shown;
}

function finalReading(answer: Exchange, hop: Hop, options: HttpOptions, findings: Findings): Reading {
	const {clock, values, facts} = findings;
	for (const [name, value] of answer.headers) noteHeader(name, value, values);
	facts.phase = 'transfer';
	const fault = judgeAnswer(answer, hop.url.protocol === 'https:', options);
	const known = {phases: clock.seconds(), values, facts};
	if (!fault) return {ok: true, ...known};
	const beginning = beginningOf(answer, options);
	if (beginning) facts.body_start = beginning;
	if (fault.byPattern) values.failed_due_to_regex = 1;
	const status = `${answer.status} ${oneLine(answer.statusText, 40)}`.trim();
	const detail = `${describe(hop)} answered ${status} after ${inMs(clock.elapsedMs())}${fault.detail}`;
	return {ok: false, reason: fault.reason, detail: oneLine(detail, 300), ...known};
}

/**
 * The first words of a body that is text, on one line. '' when the request carried a body or a header that may prove who we are: the
 * answer is then not for every reader.
 */
function beginningOf({body}: Exchange, {headers, body: sent}: HttpOptions): string {
	if (sent !== undefined || Object.keys(headers).some(name => /auth|cookie|token|secret|key/i.test(name))) return '';
	const text = oneLine(oneLine(body.subarray(0, shownBodyBytes).toString(), shownBodyBytes).replace(/\s+/g, ' '), 80);
	return text.includes('\ufffd') ? '' : text;
}

function noteHeader(name: string, value: string, values: Record<string, number>): void {
	if (name.length === 14 && name.toLowerCase() === 'content-length') values.content_length = Number(value);
	if (name.length !== 13 || name.toLowerCase() !== 'last-modified') return;
	const seconds = Date.parse(value) / 1000;
	if (Number.isFinite(seconds)) values.last_modified_seconds = seconds;
}

function describe({request, shown, redirects, from}: Hop): string {
	const what = `${request.method} ${shown}`;
	return redirects === 0 ? what : `${what} (redirect ${redirects} from ${from})`;
}
