/**
 * The tls probe by the curl of another machine. curl cannot shake hands and be silent, so a HEAD request follows, whose answer means
 * nothing. Pure.
 */

import {X509Certificate} from 'node:crypto';
import type {Reading, Target} from '../../engine/types.ts';
import {PhaseClock} from '../../net/phase-clock.ts';
import {parseHostPort} from '../../net/url.ts';
import {oneLine, TargetDownError} from '../../util/errors.ts';
import {noteCertificate, remaining} from '../shared/certificate.ts';
import {type CurlAim, type CurlRun, curlArguments, curlDown, curlFailure, curlUrl, readCurl} from '../shared/curl.ts';
import {inMs} from '../shared/failed-reading.ts';
import type {TlsProbeOptions} from '../tls.ts';
import type {Probe, ShellCommand, ShellOutput, ShellPlace} from '../types.ts';

export const tlsShell: NonNullable<Probe<TlsProbeOptions>['shell']> = {command, parse};

function command(target: Target, given: TlsProbeOptions, place: ShellPlace): ShellCommand | {unsupported: string} {
	if (given.starttls !== undefined) return {unsupported: 'starttls is not spoken from where only a shell is'};
	if (given.alpn.length > 0) return {unsupported: 'alpn cannot be chosen from where only a shell is'};
	const {host, aim} = aimOf(target);
	const name = given.tls_config.server_name ?? host;
	return {
		argv: [
			...curlArguments(place, aim, given.tls_config),
			...['--http1.1', '-I', '-o', '/dev/null'],
			...curlUrl(aim, name, '/'),
		],
		maxBytes: 131_072,
	};
}

function parse(output: ShellOutput, target: Target, given: TlsProbeOptions, place: ShellPlace): Reading {
	const {aim} = aimOf(target);
	const run = readCurl(output, place, aim);
	const values: Record<string, number> = {};
	const what = `TLS ${target.address}`;
	noteCertificates(output.stdout.toString('latin1'), run, values);
	const shook = run.phases.tls !== undefined && run.phases.processing !== undefined;
	const through = run.phases.connect_proxy !== undefined && run.phases.processing !== undefined;
	if (!shook && !through) {
		const failure = curlFailure(run, place, aim) ?? new TargetDownError('tls', 'no handshake came about');
		return curlDown(failure, what, run, values);
	}
	return judge(run, what, given, values);
}

/** What came behind the handshake is neither measured nor judged. */
function judge(
	{phases, facts}: CurlRun,
	what: string,
	given: TlsProbeOptions,
	values: Record<string, number>,
): Reading {
	const {processing: _processing, transfer: _transfer, ...measured} = phases;
	facts.phase = 'tls';
	facts.tls_fault = 'none';
	const left = given.min_remaining === undefined ? undefined : remaining(values, given.min_remaining);
	const known = {phases: measured, values, facts};
	if (left === undefined) return {ok: true, ...known};
	facts.tls_fault = 'ends_soon';
	const elapsed = Object.values(measured).reduce((sum, seconds) => sum + seconds, 0);
	const detail = `${what} shook hands after ${inMs(elapsed * 1000)}; ${left}`;
	return {ok: false, reason: 'tls', detail: oneLine(detail, 300), ...known};
}

function aimOf({address, via}: Target): {host: string; aim: CurlAim} {
	const parsed = parseHostPort(address);
	if (!parsed.ok) throw new TargetDownError('forbidden', parsed.detail);
	const {host, port} = parsed;
	return {host, aim: {via, port, secure: true, report: 'stdout'}};
}

/** All that were presented, where curl is new enough to print them; else the end of the server's own. */
function noteCertificates(text: string, {log, facts}: CurlRun, values: Record<string, number>): void {
	const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
	const chain = blocks.slice(0, 10).flatMap(parseCertificate);
	const [leaf] = chain;
	if (leaf) {
		noteCertificate(leaf, {clock: new PhaseClock(), values, facts});
		values.tls_presented_certificates = chain.length;
	}
	const told = /^\* {2}expire date: ([^\n]{1,40})$/m.exec(log)?.[1];
	const ends = [...chain.map(({validTo}) => validTo), ...(leaf || told === undefined ? [] : [told])]
		.map(end => Date.parse(end) / 1000)
		.filter(Number.isFinite);
	if (ends.length > 0) values.tls_earliest_cert_expiry_seconds = Math.min(...ends);
}

function parseCertificate(block: string): X509Certificate[] {
	try {
		return [new X509Certificate(block)];
	} catch {
		return [];
	}
}
