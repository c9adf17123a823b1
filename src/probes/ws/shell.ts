/** The ws probe by the curl of another machine: the upgrade and its answer, no words over the WebSocket. Pure. */

import {createHash} from 'node:crypto';
import type {Reading, Target} from '../../engine/types.ts';
import {splitTarget} from '../../net/target.ts';
import {endpointOf, shownUrl} from '../../net/url.ts';
import {judgeUpgrade} from '../../net/ws-upgrade.ts';
import {oneLine, TargetDownError} from '../../util/errors.ts';
import {isHarmlessHeader} from '../../util/redact.ts';
import {version} from '../../util/version.ts';
import {hasAuth} from '../shared/auth-options.ts';
import {aimAtUrl, curlArguments, curlDown, curlFailure, curlHeaders, curlUrl, readCurl} from '../shared/curl.ts';
import {inMs} from '../shared/failed-reading.ts';
import {readHead} from '../shared/http-head.ts';
import type {Probe, ShellCommand, ShellOutput, ShellPlace} from '../types.ts';
import type {WsOptions} from './options.ts';

export const wsShell: NonNullable<Probe<WsOptions>['shell']> = {command, parse};

const schemes = ['ws', 'wss'] as const;

function command(target: Target, options: WsOptions, place: ShellPlace): ShellCommand | {unsupported: string} {
	const fault = unsupportedOption(options);
	if (fault !== undefined) return {unsupported: fault};
	const {url, aim} = aimAtUrl(target, schemes);
	const {host} = endpointOf(url);
	const configured = Object.entries(options.headers);
	const find = (wanted: string) => configured.find(([name]) => name.toLowerCase() === wanted)?.[1];
	const named = find('host');
	const {server_name: serverName} = options.tls_config;
	const tlsName = serverName ?? (named === undefined ? host : (splitTarget(named)?.host ?? host));
	const headers: [string, string][] = [
		['Host', named ?? url.host],
		['User-Agent', find('user-agent') ?? `tailprobe/${version}`],
		...configured.filter(([name]) => !/^(?:host|user-agent)$/i.test(name)),
		['Upgrade', 'websocket'],
		['Connection', 'Upgrade'],
		['Sec-WebSocket-Key', keyFor(target)],
		['Sec-WebSocket-Version', '13'],
	];
	return {
		argv: [
			...curlArguments(place, aim, options.tls_config),
			// Told that no body comes, curl ends with the head; asked by GET all the same.
			...['--http1.1', '-I', '-X', 'GET'],
			...curlHeaders(headers),
			...curlUrl(aim, aim.secure ? tlsName : host, `${url.pathname}${url.search}`),
		],
		maxBytes: 65_536,
	};
}

function parse(output: ShellOutput, target: Target, options: WsOptions, place: ShellPlace): Reading {
	const {url, aim} = aimAtUrl(target, schemes);
	const run = readCurl(output, place, aim);
	const what = `the WebSocket ${shownUrl(url)}`;
	const values: Record<string, number> = {upgraded: 0, ssl: aim.secure ? 1 : 0};
	const {facts} = run;
	const head = readHead(output.stdout);
	if (!head || run.status === 0) {
		const failure = curlFailure(run, place, aim) ?? new TargetDownError('protocol', 'the answer has no proper head');
		return curlDown(failure, what, run, values);
	}
	// The end of the head is the end of the answer: curl may take what follows a 101 for a broken one.
	const {transfer: _transfer, ...phases} = run.phases;
	const answer = {...run, phases, reached: 'processing' as const};
	const {status} = run;
	values.status_code = status;
	facts.phase = 'processing';
	if (status === 101) {
		try {
			judgeUpgrade({...head, status, behind: Buffer.alloc(0), key: keyFor(target), at: 0}, options.subprotocols);
			values.upgraded = 1;
		} catch (error) {
			return curlDown(error as Error, what, answer, values);
		}
	}
	const known = {phases, values, facts};
	if (options.valid_status_codes.includes(status)) return {ok: true, ...known};
	const told = `${status} ${oneLine(head.statusText, 40).replaceAll('`', '')}`.trim();
	const wanted = options.valid_status_codes.slice(0, 10).join(', ');
	const detail = `${what} answered ${told} after ${inMs(run.totalSeconds * 1000)}; wanted ${wanted}`;
	return {ok: false, reason: 'status', detail: oneLine(detail, 300), ...known};
}

function unsupportedOption(options: WsOptions): string | undefined {
	for (const key of ['ping', 'send', 'expect'] as const) {
		if (options[key] === undefined || options[key] === false) continue;
		return `${key} is not done from where only a shell is: the WebSocket is opened and no word said`;
	}
	const secret = Object.keys(options.headers).find(name => !isHarmlessHeader(name));
	if (hasAuth(options) || secret !== undefined)
		return 'credentials and headers that may be secret are not sent from where only a shell is: every process there would show them';
	if (options.subprotocols.length > 0)
		return 'subprotocols may be secret and are not offered from where only a shell is: every process there would show them';
	return undefined;
}

/** Another for each target; what belongs to it proves that the server understood, no more. */
function keyFor({name, address}: Target): string {
	return createHash('sha256').update(`${name} ${address}`).digest().subarray(0, 16).toString('base64');
}
