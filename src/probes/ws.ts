/** A WebSocket: whether the server upgrades (or refuses as it should), answers a ping, says the right thing. */

import type {Socket} from 'node:net';
import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {sayGoodbye} from '../net/goodbye.ts';
import type {Header} from '../net/http1-reader.ts';
import {quoted} from '../net/lines.ts';
import {compilePattern} from '../net/patterns.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {splitTarget} from '../net/target.ts';
import {endpointOf, parseTargetUrl, type Schemes, shownUrl} from '../net/url.ts';
import {loadFraming, WebSocketSession} from '../net/ws-session.ts';
import {judgeUpgrade, requestUpgrade, type UpgradeAnswer} from '../net/ws-upgrade.ts';
import {oneLine, TargetDownError} from '../util/errors.ts';
import {version} from '../util/version.ts';
import {isForEveryReader} from './shared/answer-readers.ts';
import {authHeaders} from './shared/auth-options.ts';
import {connectPhase} from './shared/connect-phase.ts';
import {type Findings, failedReading, inMs} from './shared/failed-reading.ts';
import {resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import {earliestExpiryOf} from './shared/tls-metrics.ts';
import {tlsContext, tlsPhase} from './shared/tls-options.ts';
import type {Place, Probe} from './types.ts';
import {harmlessWs, unjudgedWs, type WsOptions, wsOptions} from './ws/options.ts';
import {wsShell} from './ws/shell.ts';

const schemes: Schemes = ['ws', 'wss'];

export const ws: Probe<WsOptions> = {
	type: 'ws',
	summary: 'A WebSocket over a fresh connection: the status of the upgrade, a ping, a message sent and one awaited.',
	options: wsOptions,
	address: 'url',
	schemes,
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [
		{
			name: 'tailprobe_ws_status_code',
			type: 'gauge',
			help: 'Status of the answer to the upgrade in the last run, 101 for a WebSocket; absent when none came.',
			labels: [...checkLabels],
			from: {value: 'status_code'},
		},
		{
			name: 'tailprobe_ws_pong_seconds',
			type: 'gauge',
			help: 'Round trip of the ping in the last run; for checks with `ping`.',
			labels: [...checkLabels],
			from: {value: 'pong_seconds'},
			appliesTo: ({options}) => (options as WsOptions).ping,
		},
		earliestExpiryOf('wss'),
	],
	harmless: harmlessWs,
	unjudged: unjudgedWs,
	measure,
	shell: wsShell,
};

async function measure(target: Target, options: WsOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseTargetUrl(target.address, schemes);
	if (!parsed.ok) return {ok: false, reason: 'forbidden', detail: oneLine(parsed.detail, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {upgraded: 0}, facts: {}};
	const {clock, values, facts} = findings;
	const what = `the WebSocket ${shownUrl(parsed.url)}`;
	try {
		const answer = await converse({url: parsed.url, target, options, place}, findings, signal);
		clock.leave();
		facts.phase = clock.reached ?? 'processing';
		const known = {phases: clock.seconds(), values, facts};
		if (options.valid_status_codes.includes(answer.status)) return {ok: true, ...known};
		const status = `${answer.status} ${oneLine(answer.statusText, 40).replaceAll('`', '')}`.trim();
		const wanted = options.valid_status_codes.slice(0, 10).join(', ');
		const detail = `${what} answered ${status} after ${inMs(clock.elapsedMs())}; wanted ${wanted}`;
		return {ok: false, reason: 'status', detail: oneLine(detail, 300), ...known};
	} catch (error) {
		return failedReading(error, what, findings, signal);
	}
}

interface Aim {
	url: URL;
	target: Target;
	options: WsOptions;
	place: Place;
}

async function converse(aim: Aim, findings: Findings, signal: AbortSignal): Promise<UpgradeAnswer> {
	const {url, target, options, place} = aim;
	const {clock, values, facts} = findings;
	const {host, port} = endpointOf(url);
	const secure = url.protocol === 'wss:';
	values.ssl = secure ? 1 : 0;
	const context = secure ? await tlsContext(options.tls_config, place) : undefined;
	const headers = await requestHeaders(url, options, place);
	const framing = options.valid_status_codes.includes(101) ? await loadFraming() : undefined;

	const resolved = await resolvePhase(host, ruleFor(target, place), options, place, findings, signal);
	const plain = await connectPhase(resolved, port, target.via, place, findings, signal);
	let socket = plain;
	let goodbye: Promise<void> | undefined;
	try {
		socket = await secured();
		clock.enter('processing');
		const {subprotocols} = options;
		const request = {path: url.pathname + url.search, headers, subprotocols};
		const answer = await requestUpgrade(socket, request, signal);
		clock.leave(answer.at);
		findings.shown = undefined;
		values.status_code = answer.status;
		if (answer.status !== 101 || !framing) return answer;
		const subprotocol = judgeUpgrade(answer, subprotocols);
		// Its name may be a token.
		if (subprotocol !== undefined)
			facts.subprotocol = `${subprotocols.indexOf(subprotocol) + 1} of ${subprotocols.length}`;
		values.upgraded = 1;
		const session = new WebSocketSession(framing, socket, answer.behind, limits);
		const onAbort = () => socket.destroy();
		signal.addEventListener('abort', onAbort);
		try {
			signal.throwIfAborted();
			if (wantsWords(options)) clock.enter('transfer', answer.at);
			await talk(session, url, options, findings);
			signal.throwIfAborted();
			clock.leave();
			// The answer to our goodbye is no part of what is measured.
			goodbye = session.close().finally(() => sayGoodbye(socket, plain));
		} finally {
			signal.removeEventListener('abort', onAbort);
			if (!goodbye) session.release();
		}
		return answer;
	} finally {
		if (!goodbye) sayGoodbye(socket, plain);
	}

	async function secured(): Promise<Socket> {
		if (!context) return plain;
		const named = headers.find(([name]) => name === 'Host')?.[1];
		const serverName =
			options.tls_config.server_name ?? (named === url.host ? undefined : splitTarget(named ?? '')?.host);
		const tlsOptions = {...options.tls_config, server_name: serverName};
		return (await tlsPhase(plain, {options: tlsOptions, context, host, alpn: ['http/1.1']}, findings, signal)).socket;
	}
}

const limits = {maxMessageBytes: 65_536, maxBytes: 262_144, maxMessages: 100};

function wantsWords({ping, send, expect}: WsOptions): boolean {
	return ping || send !== undefined || expect !== undefined;
}

async function talk(session: WebSocketSession, url: URL, options: WsOptions, {values}: Findings): Promise<void> {
	const {ping, send, expect, subprotocols} = options;
	if (ping) values.pong_seconds = await session.ping();
	if (send !== undefined) session.send(send);
	if (expect === undefined) return;
	values.failed_due_to_regex = 0;
	const pattern = compilePattern(expect);
	let came = 0;
	let last = '';
	try {
		do {
			last = await session.message();
			came++;
		} while (!pattern.test(last));
	} catch (error) {
		if (!(error instanceof TargetDownError) || came === 0) throw error;
		values.failed_due_to_regex = 1;
		// A server may say again what it was sent, and that may be secret.
		const isPlain = send === undefined && subprotocols.length === 0 && url.search === '' && isForEveryReader(options);
		const shown = isPlain ? `, the last one ${quoted(last.slice(0, 400), 80)}` : '';
		const none = `${came === 1 ? 'one message' : `${came} messages`} came without a match of ${quoted(expect, 60)}${shown}`;
		const reason = error.reason === 'protocol' ? 'content' : error.reason;
		throw new TargetDownError(reason, `${error.message}; ${none}`);
	}
}

/** Host and User-Agent first, then those of the configuration and those that prove who we are. */
async function requestHeaders(url: URL, options: WsOptions, {timeoutMs}: Place): Promise<Header[]> {
	const configured = Object.entries(options.headers);
	const find = (wanted: string) => configured.find(([name]) => name.toLowerCase() === wanted)?.[1];
	return [
		['Host', find('host') ?? url.host],
		['User-Agent', find('user-agent') ?? `tailprobe/${version}`],
		...configured.filter(([name]) => !/^(?:host|user-agent)$/i.test(name)),
		...(await authHeaders(options, timeoutMs)),
	];
}
