/** The two things that a client asks of a relay before it logs in. */

import {sayGoodbye} from '../../net/goodbye.ts';
import {type ExchangeTimings, exchange, type Header} from '../../net/http1.ts';
import {upgradeRequest} from '../../net/http1-upgrade.ts';
import {oneLine, TargetDownError} from '../../util/errors.ts';
import {version} from '../../util/version.ts';
import type {Findings} from '../shared/failed-reading.ts';
import {type Connect, relayGreeting} from './greeting.ts';

/** The path for latency: 200, nothing in it, and open to scripts of any page. Throws TargetDownError when it is anything else. */
export async function askProbePath(
	connect: Connect,
	origin: URL,
	path: string,
	findings: Findings,
	signal: AbortSignal,
): Promise<void> {
	const socket = await connect(findings);
	const timings: Partial<ExchangeTimings> = {};
	try {
		const request = {method: 'GET', path, headers: headersFor(origin, ['Connection', 'close'])};
		const {status, statusText, headers, bodyBytes} = await exchange(socket, request, limits, signal, timings);
		const location = headerOf(headers, 'location');
		if (status >= 300 && status < 400 && location) {
			throw new TargetDownError(
				'status',
				`${path} redirects to "${oneLine(location, 80)}": relays are asked where they are, aim the check there`,
			);
		}
		if (status !== 200) {
			const hint = status === 404 ? ': is derp.server.enabled set, and does the proxy pass the path on?' : '';
			throw new TargetDownError(
				'status',
				`${path} was answered with ${`${status} ${oneLine(statusText, 40)}`.trim()}; wanted 200${hint}`,
			);
		}
		if (bodyBytes > 0 || headerOf(headers, 'access-control-allow-origin') !== '*') {
			const what = bodyBytes > 0 ? 'with a body' : 'without Access-Control-Allow-Origin: *';
			throw new TargetDownError(
				'content',
				`${path} was answered with 200, but ${what}: no relay does that, something before it answers`,
			);
		}
	} finally {
		sayGoodbye(socket);
		noteTimes(timings, findings);
	}
}

/** The way in: 101, then the key of the relay. It ends there, without a login. Throws TargetDownError when it goes another way. */
export async function askUpgrade(
	connect: Connect,
	origin: URL,
	path: string,
	findings: Findings,
	signal: AbortSignal,
): Promise<void> {
	const {facts} = findings;
	const socket = await connect(findings);
	const timings: Partial<ExchangeTimings> = {};
	try {
		const headers = headersFor(origin, ['Connection', 'Upgrade'], ['Upgrade', 'DERP']);
		const answer = await upgradeRequest(socket, {method: 'GET', path, headers}, limits, signal, timings);
		if (answer.status !== 101) throw refusal(path, answer);
		const protocol = headerOf(answer.headers, 'upgrade') ?? '';
		if (protocol.toLowerCase() !== 'derp') {
			throw new TargetDownError('protocol', `${path} was upgraded to "${oneLine(protocol, 40)}"; wanted DERP`);
		}
		const derpVersion = headerOf(answer.headers, 'derp-version');
		if (derpVersion !== undefined) facts.derp_version = oneLine(derpVersion, 20);
		facts.server_key = await relayGreeting(socket, answer.behind, signal);
	} finally {
		sayGoodbye(socket);
		// Waiting for the key belongs to reading the answer.
		timings.endAt = performance.now();
		noteTimes(timings, findings);
	}
}

const limits = {maxHeadBytes: 16_384, maxBodyBytes: 65_536, maxStoredBytes: 400};

function headersFor(origin: URL, ...more: Header[]): Header[] {
	return [['Host', origin.host], ['User-Agent', `tailprobe/${version}`], ...more];
}

function headerOf(headers: readonly Header[], wanted: string): string | undefined {
	return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function refusal(
	path: string,
	{status, statusText, body}: {status: number; statusText: string; body: Buffer},
): TargetDownError {
	const said = oneLine(body.toString('latin1').replace(/[^\x20-\x7e]+/g, ' '), 60);
	const answer = `${`${status} ${oneLine(statusText, 40)}`.trim()}${said === '' ? '' : ` "${said}"`}`;
	return new TargetDownError(
		'status',
		`the upgrade of ${path} was answered with ${answer}; wanted 101: ${adviceFor(status)}`,
	);
}

function adviceFor(status: number): string {
	if (status === 404)
		return 'no relay is at this path; is derp.server.enabled set, and does the proxy pass the path on?';
	if (status >= 300 && status < 400) return 'clients follow no redirect here, aim the check at where it leads';
	if (status >= 500) return 'a proxy could not reach headscale, or headscale cannot serve relays';
	return 'a proxy before headscale drops Upgrade, so that no client can relay; it must pass Upgrade and Connection on';
}

function noteTimes({sentAt, firstByteAt, endAt}: Partial<ExchangeTimings>, findings: Findings): void {
	const {clock} = findings;
	if (firstByteAt !== undefined) findings.shown = undefined;
	if (sentAt !== undefined) clock.enter('processing', sentAt);
	if (firstByteAt !== undefined) clock.enter('transfer', firstByteAt);
	clock.leave(endAt);
}
