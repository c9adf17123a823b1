/** `/probe`: one run now, with blackbox_exporter's parameters and answers, plus `from`. */

import type {Request, Response} from 'express';
import {oneLine} from '../../util/errors.ts';
import {describeAlike} from '../alike.ts';
import {exposeProbe, renderDebug} from '../blackbox.ts';
import {askedBy} from '../door/caller.ts';
import {describeProbe} from '../json.ts';
import {refuse, wantsJson} from '../problem.ts';
import type {AdhocAnswer, AdhocRequest, DaemonView} from '../types.ts';
import type {MakeRoute} from './types.ts';

export const probeRoute: MakeRoute = view => ({
	method: 'get',
	path: '/probe',
	async handle(request, response) {
		const wanted = readRequest(request, response);
		if (!wanted) return;
		const answer = await view.probe(wanted);
		if (answer.kind === 'bad_request') return refuse(request, response, 400, 'Bad Request', answer.detail);
		if (answer.kind === 'elsewhere') return refuse(request, response, 503, 'Service Unavailable', answer.detail);
		if (answer.kind === 'busy') return refuse(request, response, 429, 'Too Many Requests', answer.detail);
		tell(answer, view, request, response);
	},
});

/** Taken off the scrape timeout, so that the answer arrives before Prometheus gives up (blackbox_exporter's `--timeout-offset`). */
const timeoutOffsetMs = 500;
const longestParameter = 2048;

function readRequest(request: Request, response: Response): AdhocRequest | undefined {
	const parameters = new URL(request.originalUrl, 'http://localhost').searchParams;
	const [target = '', module, check, from, hostname] = ['target', 'module', 'check', 'from', 'hostname'].map(
		name => parameters.get(name) ?? '',
	);
	if (check && module) {
		const detail = 'A check has options of its own: give the parameter check or the parameter module, not both.';
		refuse(request, response, 400, 'Bad Request', detail);
		return undefined;
	}
	if (!target && !check) {
		refuse(
			request,
			response,
			400,
			'Bad Request',
			'The parameter target is missing, such as /probe?target=http://livekit:7880/&module=http_2xx.',
		);
		return undefined;
	}
	if ([target, module, check, from, hostname].some(value => (value ?? '').length > longestParameter)) {
		refuse(request, response, 400, 'Bad Request', `A parameter has more than ${longestParameter} characters.`);
		return undefined;
	}
	const header = request.get('X-Prometheus-Scrape-Timeout-Seconds');
	const scrapeSeconds = header ? parseSeconds(header) : 0;
	if (scrapeSeconds === undefined) {
		const detail = 'The header X-Prometheus-Scrape-Timeout-Seconds is not a number of seconds such as 9.5.';
		refuse(request, response, 500, 'Internal Server Error', detail);
		return undefined;
	}
	return {
		target,
		module: module || 'http_2xx',
		...(check ? {check} : {}),
		...(from ? {from} : {}),
		...(hostname ? {hostname} : {}),
		// As blackbox_exporter: no header, 0, or less than the offset leave the module's own timeout.
		...(scrapeSeconds * 1000 > timeoutOffsetMs ? {timeoutMs: scrapeSeconds * 1000 - timeoutOffsetMs} : {}),
		...askedBy(request, response),
	};
}

function parseSeconds(text: string): number | undefined {
	return /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i.test(text.trim()) ? Number(text) : undefined;
}

function tell(answer: AdhocAnswer & {kind: 'ran'}, view: DaemonView, request: Request, response: Response): void {
	const {verdict, detail} = answer.outcome;
	const blind = verdict === 'unknown';
	const debug = new URL(request.originalUrl, 'http://localhost').searchParams.get('debug') === 'true';
	response.status(blind ? 503 : 200);
	const alike = () => (answer.module ? describeAlike(answer.check, view) : []);
	if (wantsJson(request)) response.json(describeProbe(answer, alike(), view));
	else if (debug) response.type('text/plain').send(renderDebug(answer, alike()));
	else if (blind) response.type('text/plain').send(`${oneLine(detail ?? 'tailprobe could not look.', 300)}\n`);
	else response.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8').end(exposeProbe(answer));
}
