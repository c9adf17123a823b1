/** An HTTP or HTTPS request over a fresh connection, with the time of each phase and assertions on the answer. */

import type {Reading, Target} from '../engine/types.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {oneLine} from '../util/errors.ts';
import {aimAt, prepareHttp} from './http/aim.ts';
import {CookieJar} from './http/cookies.ts';
import {harmlessHttp, unjudgedHttp} from './http/harmless.ts';
import {requestHop} from './http/hop.ts';
import {noteAnswer} from './http/note-answer.ts';
import {type HttpOptions, httpOptions} from './http/options.ts';
import {describeHop, finalReading} from './http/reading.ts';
import {nextHop} from './http/redirect.ts';
import {httpShell} from './http/shell.ts';
import {statusCodeMetric} from './http/status-code-metric.ts';
import {type Findings, failedReading} from './shared/failed-reading.ts';
import {earliestExpiryOf} from './shared/tls-metrics.ts';
import type {Place, Probe} from './types.ts';

export const http: Probe<HttpOptions> = {
	type: 'http',
	summary: 'An HTTP or HTTPS request over a fresh connection: phases, status, headers, body, certificate.',
	options: z => httpOptions(z),
	address: 'url',
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [statusCodeMetric, earliestExpiryOf('https')],
	harmless: harmlessHttp,
	unjudged: unjudgedHttp,
	prepare: prepareHttp,
	measure,
	shell: httpShell,
};

async function measure(target: Target, options: HttpOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const aim = await aimAt(target, options, place);
	if ('fault' in aim) return {ok: false, reason: 'forbidden', detail: oneLine(aim.fault, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {redirects: 0, failed_due_to_regex: 0}, facts: {}};
	const jar = new CookieJar();
	let {hop} = aim;
	try {
		for (;;) {
			const answer = await requestHop(hop, options, place, findings, signal);
			noteAnswer(answer, hop, findings);
			const next = options.follow_redirects ? nextHop(hop, answer, findings.facts.address ?? '', options) : undefined;
			if (!next) return await finalReading(answer, hop, options, findings, signal);
			jar.take(hop.url, answer.headers);
			hop = {...next, request: {...next.request, headers: jar.addTo(next.request.headers, next.url)}};
			findings.values.redirects = hop.redirects;
		}
	} catch (error) {
		return failedReading(error, describeHop(hop), findings, signal);
	}
}
