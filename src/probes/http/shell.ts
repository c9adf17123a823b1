/** The http probe by the curl of another machine. Pure. */

import type {Reading, Target} from '../../engine/types.ts';
import type {Exchange} from '../../net/http1.ts';
import {PhaseClock} from '../../net/phase-clock.ts';
import {endpointOf, shownUrl} from '../../net/url.ts';
import {CannotLookError, oneLine, TargetDownError} from '../../util/errors.ts';
import {isHarmlessHeader} from '../../util/redact.ts';
import {hasAuth} from '../shared/auth-options.ts';
import {
	aimAtUrl,
	type CurlAim,
	curlArguments,
	curlDown,
	curlFailure,
	curlHeaders,
	curlUrl,
	readCurl,
} from '../shared/curl.ts';
import {inMs} from '../shared/failed-reading.ts';
import {readHead, type ToldHead} from '../shared/http-head.ts';
import type {Probe, ShellCommand, ShellOutput, ShellPlace} from '../types.ts';
import {judgeAnswer, needsBody} from './judge.ts';
import {noteAnswer} from './note-answer.ts';
import {type HttpOptions, maxHeadBytes} from './options.ts';
import {describeHop} from './reading.ts';
import {firstHop, type Hop, nextHop} from './redirect.ts';

export const httpShell: NonNullable<Probe<HttpOptions>['shell']> = {command, parse};

function command(target: Target, options: HttpOptions, place: ShellPlace): ShellCommand | {unsupported: string} {
	const fault = unsupportedOption(options);
	if (fault !== undefined) return {unsupported: fault};
	const {hop, aim} = aimOf(target, options, place);
	const {request} = hop;
	const keepsBody = needsBody(options);
	const {host} = endpointOf(hop.url);
	const hasBody = request.body !== undefined || /^(?:POST|PUT|PATCH)$/.test(request.method);
	const headers = request.headers.filter(([name]) => name !== 'Connection');
	const isSet = (wanted: string) => headers.some(([name]) => name.toLowerCase() === wanted);
	return {
		argv: [
			...curlArguments(place, aim, options.tls_config),
			...(options.enable_http2 ? [] : ['--http1.1']),
			...['--max-filesize', String(options.body_size_limit)],
			...(request.method === 'HEAD' ? ['-I'] : keepsBody ? ['-i'] : ['-D', '-', '-o', '/dev/null']),
			...(request.method === 'HEAD' || request.method === 'GET' ? [] : ['-X', request.method]),
			...curlHeaders(headers),
			...(hasBody ? ['--data-binary', '@-', '-H', 'Expect:'] : []),
			...(hasBody && !isSet('content-type') ? ['-H', 'Content-Type:'] : []),
			...(hasBody && request.method === 'GET' ? ['-X', 'GET'] : []),
			// TLS is shaken hands for the name in the URL; the header Host stays what it is.
			...curlUrl(aim, aim.secure ? (hop.tlsName ?? host) : host, request.path),
		],
		...(hasBody ? {input: String(request.body ?? '')} : {}),
		maxBytes: maxHeadBytes + (keepsBody ? options.body_size_limit : 0),
	};
}

function parse(output: ShellOutput, target: Target, options: HttpOptions, place: ShellPlace): Reading {
	const {hop, aim} = aimOf(target, options, place);
	const run = readCurl(output, place, aim);
	const values: Record<string, number> = {redirects: 0, failed_due_to_regex: 0, ssl: aim.secure ? 1 : 0};
	const {facts} = run;
	// A body that is announced as too long ends curl within the head.
	const head = readHead(output.stdout) ?? (run.exit === 63 ? noHead : undefined);
	const answer = head && run.status > 0 ? answerOf(run, head, options) : undefined;
	if (answer) noteAnswer(answer, hop, {clock: new PhaseClock(), values, facts});
	// No reader of ours has judged it.
	if (!Number.isSafeInteger(values.content_length)) delete values.content_length;
	noteExpiry(run.log, values);
	const failure = run.exit === 63 || answer?.truncated ? undefined : curlFailure(run, place, aim);
	if (failure) return curlDown(failure, describeHop(hop), run, values);
	if (!answer) {
		const words = run.status > 0 ? `has more than ${maxHeadBytes} bytes of headers` : 'has no proper head';
		return curlDown(new TargetDownError('protocol', `the answer ${words}`), describeHop(hop), run, values);
	}
	if (options.follow_redirects) refuseRedirect(hop, answer, options, place);
	facts.phase = 'transfer';
	const fault = judgeAnswer(answer, aim.secure, options);
	const known = {phases: run.phases, values, facts};
	if (!fault) return {ok: true, ...known};
	if (fault.byPattern) values.failed_due_to_regex = 1;
	const status = `${answer.status} ${oneLine(answer.statusText, 40).replaceAll('`', '')}`.trim();
	const detail = `${describeHop(hop)} answered ${status} after ${inMs(run.totalSeconds * 1000)}${fault.detail}`;
	return {ok: false, reason: fault.reason, detail: oneLine(detail, 300), ...known};
}

const noHead: ToldHead = {statusText: '', headers: [], body: Buffer.alloc(0)};

/** What would travel in the open, or be judged elsewhere than here, is not done. */
function unsupportedOption(options: HttpOptions): string | undefined {
	const secret = Object.keys(options.headers).find(name => !isHarmlessHeader(name));
	if (hasAuth(options))
		return 'credentials (basic_auth, authorization, bearer_token, http_headers) are not sent from where only a shell is: every process there, and the log of the API server, would show them';
	if (secret !== undefined)
		return `the header ${secret} may be secret and is not sent from where only a shell is: every process there would show it`;
	if (options.body_file !== undefined) return 'body_file is not sent from where only a shell is';
	if (options.compression !== undefined && options.compression !== 'identity')
		return `compression: ${options.compression} cannot be judged from where only a shell is`;
	return undefined;
}

function aimOf(target: Target, options: HttpOptions, place: ShellPlace): {hop: Hop; aim: CurlAim} {
	const {url, aim} = aimAtUrl(target, ['http', 'https']);
	return {hop: firstHop(url, target, options, {...place, allowLoopback: false}), aim};
}

function answerOf(
	{status, httpVersion, bodyBytes, exit}: ReturnType<typeof readCurl>,
	{statusText, headers, body}: NonNullable<ReturnType<typeof readHead>>,
	{body_size_limit: limit}: HttpOptions,
): Exchange {
	const truncated = exit === 63 || bodyBytes > limit;
	return {
		status,
		statusText,
		version: httpVersion,
		headers,
		body: body.subarray(0, limit),
		bodyBytes: Math.min(bodyBytes, limit),
		truncated,
		reusable: false,
		timings: {sentAt: 0, firstByteAt: 0, endAt: 0},
	};
}

/** Nobody there could judge the address that a redirect leads to. */
function refuseRedirect(hop: Hop, answer: Exchange, options: HttpOptions, {address = ''}: ShellPlace): void {
	const next = nextHop(hop, answer, address, options);
	if (!next) return;
	throw new CannotLookError(
		'unsupported',
		`${describeHop(hop)} answered ${answer.status} and leads to ${shownUrl(next.url)}; from where only a shell is no redirect is followed: aim there, or set follow_redirects: false`,
	);
}

/** Of the server's own certificate: curl tells of no other here. */
function noteExpiry(log: string, values: Record<string, number>): void {
	const seconds = Date.parse(/^\* {2}expire date: ([^\n]{1,40})$/m.exec(log)?.[1] ?? '') / 1000;
	if (Number.isFinite(seconds)) values.tls_earliest_cert_expiry_seconds = seconds;
}
