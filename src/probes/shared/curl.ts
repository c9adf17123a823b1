/** Connections by the curl of another machine: how it is called, what its report says, and what its failures mean. Pure. */

import type {PhaseName, Reading, Target, Via} from '../../engine/types.ts';
import {endpointOf, parseTargetUrl} from '../../net/url.ts';
import {CannotLookError, oneLine, TargetDownError} from '../../util/errors.ts';
import type {ShellOutput, ShellPlace} from '../types.ts';
import {noteAnswered} from './answered.ts';
import {doings, inMs} from './failed-reading.ts';
import type {TlsOptions} from './tls-options.ts';
import {checkSeconds} from './told-seconds.ts';

/** Where the connection goes. */
export interface CurlAim {
	via: Via;
	port: number;
	/** TLS comes with it. */
	secure: boolean;
	/** Where else than to the standard output the report goes. */
	report?: 'stdout';
}

/** The URL of the target and where its connection goes. Throws TargetDownError (`forbidden`) where it is none of these schemes. */
export function aimAtUrl({address, via}: Target, schemes: Schemes): {url: URL; aim: CurlAim} {
	const parsed = parseTargetUrl(address, schemes);
	if (!parsed.ok) throw new TargetDownError('forbidden', parsed.detail);
	const {url} = parsed;
	return {url, aim: {via, port: endpointOf(url).port, secure: /^(?:https|wss):$/.test(url.protocol)}};
}

/**
 * The program and what every call has: nothing of that machine's settings, one literal address, the report at the end, and what is
 * configured of TLS.
 */
export function curlArguments(place: ShellPlace, aim: CurlAim, tls: TlsOptions): string[] {
	const {address} = place;
	const {via, port, secure, report} = aim;
	if (address === undefined) throw new TypeError('curl is given an address to connect to');
	const to = address.includes(':') ? `[${address}]` : address;
	return [
		// -q must stand first: then no ~/.curlrc is read.
		...['curl', '-q', '-sSvg', '--path-as-is', '--proto', secure ? '=https' : '=http'],
		...['--max-time', String(place.timeoutMs / 1000), '--connect-to', `::${to}:${port}`],
		...(isProxied(place, via)
			? ['--noproxy', '', '--socks5-basic', '--socks5', place.socks5 as string]
			: ['--noproxy', '*']),
		...['-w', report === 'stdout' ? stdoutReport : stderrReport],
		...(secure ? tlsArguments(tls) : []),
	];
}

/** What is asked for, by the name that is meant: in TLS it is the one that is shaken hands for. */
export function curlUrl({secure, port}: CurlAim, name: string, path: string): string[] {
	const host = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
	return ['--url', `${secure ? 'https' : 'http'}://${host}:${port}${path}`];
}

/** A header without a value is written with a semicolon. */
export function curlHeaders(headers: readonly (readonly [name: string, value: string])[]): string[] {
	return headers.flatMap(([name, value]) => ['-H', value === '' ? `${name};` : `${name}: ${value}`]);
}

/** Files are paths of that machine. */
function tlsArguments(tls: TlsOptions): string[] {
	const {ca_file: caFile, cert_file: certFile, key_file: keyFile, insecure_skip_verify: skip} = tls;
	return [
		tls.min_version === 'TLS13' ? '--tlsv1.3' : '--tlsv1.2',
		...(tls.max_version === 'TLS12' ? ['--tls-max', '1.2'] : []),
		...(skip ? ['-k'] : []),
		...(caFile === undefined ? [] : ['--cacert', caFile]),
		// curl reads a password behind a colon.
		...(certFile === undefined ? [] : ['--cert', certFile.replaceAll(/[\\:]/g, '\\$&')]),
		...(keyFile === undefined ? [] : ['--key', keyFile]),
	];
}

/** What a call came to. */
export interface CurlRun {
	/** curl's exit status; 28 also where it was ended at the deadline. */
	exit: number;
	/** Status of the answer, 0 without one. */
	status: number;
	/** `1.0`, `1.1` or `2.0`. */
	httpVersion: string;
	bodyBytes: number;
	phases: Partial<Record<PhaseName, number>>;
	/** The phase that was reached last. */
	reached: PhaseName;
	totalSeconds: number;
	/** A connection to the target came about. */
	connected: boolean;
	/** The words of curl's error, '' without one. */
	message: string;
	/** What curl told on its way: lines that begin with `* `. */
	log: string;
	/** Of the connection, as the probes that measure in process note them. */
	facts: Record<string, string>;
}

/** Throws CannotLookError where curl could not look: it is missing (`unsupported`), too old, or did not report. */
export function readCurl(output: ShellOutput, place: ShellPlace, aim: CurlAim): CurlRun {
	const {status, stderr, timedOut} = output;
	if (status === 127) throw new CannotLookError('unsupported', 'there is no curl in the image: install it there');
	if (status === 126) throw new CannotLookError('denied', 'curl may not be run there');
	const proxied = isProxied(place, aim.via);
	const text = aim.report === 'stdout' ? output.stdout.toString('latin1') : stderr;
	const report = reportOf(text);
	const message = oneLine([...stderr.matchAll(/^curl: \(\d+\) (.*)$/gm)].at(-1)?.[1] ?? '', 200);
	if (!report && !timedOut) throw withoutReport(status, message, output.cut);
	const [code = 0, version = 0, lookup = 0, connect = 0, tls = 0, pretransfer = 0, first = 0, total = 0, bytes = 0] =
		report ?? [];
	checkSeconds([lookup, connect, tls, pretransfer, first, total], output, 'curl');
	if (!isStatus(code) || !(version >= 0 && version < 10) || !Number.isSafeInteger(bytes) || bytes < 0)
		throw new CannotLookError('vantage', 'curl told there what cannot be: see whether it is the real one.');
	const log = stderr.replaceAll(/^(?!\* ).*(?:\n|$)/gm, '');
	const answered = code > 0 || first > 0;
	const way = proxied ? /^\* SOCKS5 request granted/m : /^\* Connected to /m;
	const connected = answered || tls > 0 || (!proxied && connect > 0) || way.test(log);
	const totalSeconds = report ? total : place.timeoutMs / 1000;
	const times = {lookup, connect, tls, pretransfer, first, total: totalSeconds};
	const phases = phasesOf(times, {proxied, secure: aim.secure, connected});
	const run = {
		exit: timedOut && !report ? 28 : status,
		status: code,
		httpVersion: version >= 1 ? version.toFixed(1) : '',
		bodyBytes: bytes,
		phases,
		reached: (Object.keys(phases).at(-1) ?? 'connect') as PhaseName,
		totalSeconds,
		connected,
		message,
		log,
	};
	return {...run, facts: factsOf(run, place, aim)};
}

function factsOf(run: Pick<CurlRun, 'connected' | 'log'>, place: ShellPlace, {via}: CurlAim): Record<string, string> {
	const {address = ''} = place;
	const facts: Record<string, string> = {address, family: address.includes(':') ? '6' : '4'};
	if (isProxied(place, via)) facts.dial = 'proxy';
	if (run.connected) noteAnswered(facts);
	const [, version, cipher] = /^\* SSL connection using (\S{1,20}) \/ (\S{1,80})/m.exec(run.log) ?? [];
	if (version !== undefined && cipher !== undefined) Object.assign(facts, {tls_version: version, tls_cipher: cipher});
	const alpn = /^\* ALPN: server accepted (\S{1,60})/m.exec(run.log)?.[1];
	if (alpn !== undefined) facts.tls_alpn = alpn;
	const excused = /^\* {2}SSL certificate verify result: ([^\n]{1,200}), continuing anyway/m.exec(run.log)?.[1];
	if (excused !== undefined) noteFault(excused, facts);
	return facts;
}

/**
 * What ended the call: TargetDownError with a clause, CannotLookError when that machine is at fault; undefined for exit status 0.
 * The facts get what is wrong with a certificate.
 */
export function curlFailure(run: CurlRun, place: ShellPlace, aim: CurlAim): Error | undefined {
	const {exit, message, connected, log, facts} = run;
	const proxied = isProxied(place, aim.via);
	const down = (reason: TargetDownError['reason'], words = message) =>
		new TargetDownError(reason, words || `curl ended with status ${exit}`);
	switch (exit) {
		case 0:
			return undefined;
		case 1:
			return /HTTP\/0\.9/i.test(message)
				? down('protocol', 'the answer is not HTTP')
				: new CannotLookError('unsupported', `the curl there cannot do this: ${message}`);
		case 6:
			return down('resolve');
		case 7:
		case 97:
			return proxied ? proxyFailure(message, place) : connectFailure(log, message);
		case 18:
			return down('reset', `the connection was closed within the body of the answer: ${message}`);
		case 28:
			return down('timeout', 'it was not done at the deadline');
		case 35:
			return /reset by peer|SYSCALL|unexpected eof|broken pipe|closed/i.test(message)
				? down('reset', `the connection was closed within the TLS handshake: ${message}`)
				: down('tls');
		case 51:
		case 60:
		case 83:
		case 90:
		case 91:
			noteFault(message, facts);
			return down('tls');
		case 52:
			return down('reset', 'the connection was closed before any answer');
		case 55:
			return down('reset');
		case 56:
			return down(/reset|closed|eof|died|shutdown/i.test(message) ? 'reset' : 'protocol');
		case 8:
		case 16:
		case 61:
		case 92:
			return down('protocol');
		default:
			if (exit > 128) return new CannotLookError('vantage', `curl was ended there by signal ${exit - 128}`);
			return connected
				? down('protocol', `curl ended with status ${exit}: ${message}`)
				: new CannotLookError('vantage', `curl failed there with status ${exit}: ${message}`);
	}
}

/** The reading of a run that this failure ended; throws it where it is not the target's. `what` names what was tried. */
export function curlDown(
	failure: Error,
	what: string,
	{phases, reached, totalSeconds, facts}: CurlRun,
	values: Record<string, number>,
): Reading {
	if (!(failure instanceof TargetDownError)) throw failure;
	facts.phase = reached;
	const detail = `${what} failed after ${inMs(totalSeconds * 1000)}, ${doings[reached](facts)}: ${failure.message}`;
	return {ok: false, reason: failure.reason, detail: oneLine(detail, 300), phases, values, facts};
}

export function isProxied({socks5}: ShellPlace, via: Via): boolean {
	return via === 'tailnet' && socks5 !== undefined;
}

type Schemes = Parameters<typeof parseTargetUrl>[1];

const fields =
	'%{http_code} %{http_version} %{time_namelookup} %{time_connect} %{time_appconnect} %{time_pretransfer} %{time_starttransfer} %{time_total} %{size_download}';
const stderrReport = `%{stderr}\\ntailprobe ${fields}\\n`;
/** With the certificates before it, where curl is new enough (7.88). */
const stdoutReport = `%{certs}\\ntailprobe ${fields}\\n`;

/** Its numbers. The last one: nobody but curl writes behind it. */
function reportOf(text: string): number[] | undefined {
	const at = text.lastIndexOf('\ntailprobe ') + 1;
	if (!text.startsWith('tailprobe ', at)) return undefined;
	const [line = ''] = text.slice(at, at + 300).split('\n', 1);
	return line.split(' ').slice(1).map(Number);
}

function isStatus(code: number): boolean {
	return code === 0 || (Number.isInteger(code) && code >= 100 && code <= 999);
}

function withoutReport(status: number, message: string, cut: boolean): CannotLookError {
	if (status === 2 || status === 4 || status === 48)
		return new CannotLookError('unsupported', `the curl there is too old, or made without what is needed: ${message}`);
	if (status === 0 && !cut) return new CannotLookError('unsupported', 'the curl there is too old: 7.63 is needed');
	return new CannotLookError('vantage', `curl ended there with status ${status} and told nothing: ${message}`);
}

interface Times {
	lookup: number;
	connect: number;
	tls: number;
	pretransfer: number;
	first: number;
	total: number;
}

/** curl counts from its start. The handshake with a SOCKS5 proxy is not in its time of connecting (7.88), so TLS through one has no phase of its own. */
function phasesOf(
	{lookup, connect, tls, pretransfer, first, total}: Times,
	{proxied, secure, connected}: {proxied: boolean; secure: boolean; connected: boolean},
): CurlRun['phases'] {
	const key = proxied ? 'connect_proxy' : 'connect';
	const between = (from: number, to: number) => Math.max(0, to - from);
	if (!connected) return {[key]: between(lookup, total)};
	const phases: CurlRun['phases'] = {};
	if (secure && tls === 0) {
		if (connect > 0 && !proxied) phases.connect = between(lookup, connect);
		phases.tls = between(Math.max(lookup, proxied ? 0 : connect), total);
		return phases;
	}
	if (proxied) phases.connect_proxy = between(lookup, secure ? tls : pretransfer || total);
	else phases.connect = between(lookup, connect || total);
	if (secure && !proxied) phases.tls = between(connect, tls);
	if (pretransfer > 0) phases.processing = between(pretransfer, first || total);
	if (first > 0) phases.transfer = between(first, total);
	return phases;
}

function connectFailure(log: string, message: string): Error {
	const told = /^\* connect to [^\n]* failed: ([^\n]+)$/m.exec(log)?.[1] ?? message;
	if (/refused/i.test(told)) return new TargetDownError('refused', refusedWords);
	if (/reset/i.test(told)) return new TargetDownError('reset', 'the connection was reset');
	if (/timed out/i.test(told)) return new TargetDownError('timeout', 'the connection timed out: packets get no answer');
	if (/not assigned|cannot assign|not available|too many|family not supported/i.test(told))
		return new CannotLookError('vantage', `that machine could not connect: ${told}`);
	return new TargetDownError('unreachable', oneLine(told, 120));
}

export const refusedWords = 'the connection was refused: nothing listens there, or a firewall said no';

function proxyFailure(message: string, {socks5}: ShellPlace): Error {
	const code = /Can't complete SOCKS5 connection to [^\n]*\((\d+)\)/i.exec(message)?.[1];
	return socksFailure(code === undefined ? undefined : Number(code), socks5 ?? '', message);
}

/** What the code of a SOCKS5 answer means (RFC 1928); undefined: there was none. */
export function socksFailure(code: number | undefined, proxy: string, words: string): Error {
	if (code === 3 || code === 4 || code === 6)
		return new TargetDownError('unreachable', "tailscaled's SOCKS5 proxy found no way to the address");
	if (code === 5) return new TargetDownError('refused', "tailscaled's SOCKS5 proxy was refused the connection");
	if (code === 7 || code === 8)
		return new CannotLookError('unsupported', "tailscaled's SOCKS5 proxy does not take this kind of connection");
	if (code !== undefined)
		return new TargetDownError(
			'proxy',
			"tailscaled's SOCKS5 proxy could not connect; it does not tell whether it was refused or got no answer",
		);
	return new CannotLookError('vantage', `The SOCKS5 proxy at ${proxy} there cannot be used: ${words}`);
}

function noteFault(message: string, facts: Record<string, string>): void {
	const found = faults.find(([pattern]) => pattern.test(message));
	facts.tls_fault = found?.[1] ?? 'other';
}

const faults: readonly (readonly [RegExp, string])[] = [
	[/self[- ]signed certificate in certificate chain/i, 'untrusted'],
	[/self[- ]signed/i, 'self_signed'],
	[/unable to get (?:local )?issuer|unable to verify the first|unknown ca/i, 'untrusted'],
	[/has expired/i, 'expired'],
	[/not yet valid/i, 'not_yet_valid'],
	[/subject name|does not match|not match target/i, 'wrong_host'],
];
