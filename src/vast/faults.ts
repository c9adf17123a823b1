/** What went wrong between us and vast.ai, in words for a person. */

import {connectionFaults, tellingFault} from '../sources/connection-faults.ts';
import type {Failure} from '../sources/read.ts';
import {messageOf, oneLine} from '../util/errors.ts';

/** vast.ai could not be read. The message says what was tried, what came and what to do, and holds no secret. */
export class VastError extends Error {
	override name = 'VastError';
	readonly failure: Failure | undefined;
	/** Trying again soon would only make it worse. */
	readonly backOff: boolean;

	constructor(message: string, {failure, backOff = true}: {failure?: Failure; backOff?: boolean} = {}) {
		super(message);
		this.failure = failure;
		this.backOff = backOff;
	}
}

/** How far a request came. */
export interface Progress {
	stage: 'connecting' | 'waiting' | 'reading';
	status: number;
	bytes: number;
}

/** Why a request ran out of time. */
export function timeoutError(tried: string, timeoutMs: number, {stage, status, bytes}: Progress): VastError {
	const limit = `${timeoutMs / 1000} s`;
	const came = {
		connecting: `no connection within ${limit}. Does the resolver of this machine answer, and is the way to the internet open?`,
		waiting: `connected, but no answer came within ${limit}.`,
		reading: `an answer began (status ${status}, ${bytes} bytes) but did not end within ${limit}.`,
	}[stage];
	return new VastError(`${tried}: ${came}`, {failure: 'unanswered'});
}

/** Why a connection failed. */
export function connectionError(tried: string, error: unknown): VastError {
	const {fault, code} = tellingFault(error);
	if (fault instanceof Error && fault.name === 'HTTPParserError')
		return new VastError(`${tried} failed: what answers there does not speak HTTP. Is vast.url right?`);
	if (/CERT|^ERR_TLS_|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code))
		return new VastError(
			`${tried} failed: its TLS certificate is not trusted here (${code}). Something between us and vast.ai may read along, so nothing was sent.`,
		);
	const words = faultsHere[code] ?? (messageOf(fault) || 'the connection failed');
	return new VastError(`${tried} failed: ${words}${code === '' ? '' : ` (${code})`}. Is the way to vast.ai open?`, {
		failure: 'unanswered',
	});
}

const faultsHere: Readonly<Record<string, string>> = {
	...connectionFaults,
	ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there speaks no TLS',
};

/** What was answered in place of a list. */
export interface Refused {
	tried: string;
	status: number;
	location: string | undefined;
	text: string;
	/** Taken out of everything that is repeated. */
	key: string;
}

/** Why an answer with another status than 200 cannot be used. */
export function refusal({tried, status, location, text, key}: Refused): VastError {
	const words = wordsOf(text, key);
	const said = words === undefined ? '' : ` It said: "${words}".`;
	const failure: Failure = `status ${status}`;
	if (status === 401)
		return new VastError(
			`${tried} was refused with 401: the API key is wrong, expired or deleted. Make one at cloud.vast.ai under Keys and put it where vast.api_key points.${said}`,
			{failure, backOff: false},
		);
	if (status === 403)
		return new VastError(
			`${tried} was refused with 403: the API key may not read instances. Give it the right instance_read.${said}`,
			{failure, backOff: false},
		);
	if (status === 429)
		return new VastError(
			`${tried} was answered 429: this key or this address asks too often, whoever else uses it. Raise vast.interval if that goes on.${said}`,
			{failure},
		);
	if (status >= 300 && status < 400) {
		const to = location === undefined ? 'nowhere' : hide(location.replace(/[?#].*$/s, ''), key);
		return new VastError(
			`${tried} was redirected with ${status} to ${to}, and redirects are not followed: they would take the key along. Put the address itself into vast.url.`,
			{failure},
		);
	}
	const whose = status >= 500 ? ' vast.ai has trouble.' : '';
	return new VastError(`${tried} answered ${status}, wanted was 200 with the list of instances.${said}${whose}`, {
		failure,
	});
}

/**
 * vast.ai's own words in an error, which come as `msg`, `message` or `error`, or as one plain line; undefined where there are none.
 * Nothing else is ever repeated: it may be a piece of a list, and that holds tokens.
 */
function wordsOf(text: string, key: string): string | undefined {
	const plain = text.trim();
	if (plain === '' || plain.length > maxErrorLength) return undefined;
	if (!/^[[{<"]/.test(plain)) return plain.length <= 200 && !/[\n\r]/.test(plain) ? hide(plain, key) : undefined;
	const json = tryJson(plain);
	if (typeof json !== 'object' || json === null) return undefined;
	const {msg, message, error} = json as Record<string, unknown>;
	const found = [msg, message, error].find(word => typeof word === 'string' && word !== '');
	return typeof found === 'string' ? hide(found, key) : undefined;
}

const maxErrorLength = 16 * 1024;

/** JSON, or undefined when it is none. */
export function tryJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function hide(raw: string, key: string): string {
	return oneLine(raw.replaceAll(key, '<redacted>'), 200);
}
