/** What is asked of whom: the first request, and the one that a redirect leads to. */

import type {Target} from '../../engine/types.ts';
import {isPublic} from '../../net/guard.ts';
import type {Exchange, ExchangeRequest, Header} from '../../net/http1.ts';
import {splitTarget} from '../../net/target.ts';
import type {AddressRule} from '../../net/types.ts';
import {parseRedirect, shownUrl} from '../../net/url.ts';
import {TargetDownError} from '../../util/errors.ts';
import {isHarmlessHeader} from '../../util/redact.ts';
import {version} from '../../util/version.ts';
import {ruleFor} from '../shared/resolve-phase.ts';
import type {Place} from '../types.ts';
import type {HttpOptions} from './options.ts';

export interface Hop {
	url: URL;
	/** The URL for a person. */
	shown: string;
	request: ExchangeRequest;
	/** The name for TLS, where it is not the URL's host. */
	tlsName?: string | undefined;
	/** Holds for this hop's address, whichever name led there. */
	rule: AddressRule;
	/** This URL, or one that led here, has a query: that may hold a secret. */
	queried: boolean;
	/** Redirects before this hop. */
	redirects: number;
	/** The URL of the first hop, for a person. */
	from: string;
	/** Still where the configuration aims at: its headers are meant for this origin. */
	atHome: boolean;
	/** What proves who we are, read for this run; among the request's headers as long as we are at home. */
	credentials: readonly Header[];
}

/** `keeps`: the connection is to be kept for another request. */
export function firstHop(url: URL, target: Target, options: HttpOptions, place: Place, keeps = false): Hop {
	const {method, body, tls_config: tls} = options;
	const host = Object.entries(options.headers).find(([name]) => name.toLowerCase() === 'host')?.[1];
	const shown = shownUrl(url);
	return {
		url,
		shown,
		request: {
			method,
			path: url.pathname + url.search,
			headers: requestHeaders(host ?? url.host, Object.entries(options.headers), options, keeps),
			...(body === undefined ? {} : {body}),
		},
		// As blackbox_exporter: a configured Host is what the certificate must be for, unless server_name says otherwise.
		tlsName: tls.server_name ?? (host === undefined ? undefined : splitTarget(host)?.host),
		rule: ruleFor(target, place),
		queried: url.search !== '',
		redirects: 0,
		from: shown,
		atHome: true,
		credentials: [],
	};
}

/** The hop with what has to be read for each run: credentials, and the body where that is a file. */
export function equipHop(hop: Hop, credentials: readonly Header[], body: Buffer | undefined): Hop {
	const {request} = hop;
	return {
		...hop,
		credentials,
		request: {
			...request,
			headers: [...request.headers, ...credentials],
			...(body === undefined ? {} : {body}),
		},
	};
}

/**
 * The hop that the answer redirects to, or undefined when it is no redirect. `address` is the one that answered. Throws
 * TargetDownError: `status` after too many redirects, `protocol` for a Location that is not followed.
 */
export function nextHop(hop: Hop, answer: Exchange, address: string, options: HttpOptions): Hop | undefined {
	if (!redirectStatuses.has(answer.status)) return undefined;
	const location = answer.headers.find(([name]) => name.length === 8 && name.toLowerCase() === 'location')?.[1];
	// Seen in the wild: it is then an answer like any other.
	if (location === undefined || location === '') return undefined;
	if (hop.redirects >= maxRedirects) {
		throw new TargetDownError(
			'status',
			`the answer ${answer.status} redirects on; at most ${maxRedirects} are followed`,
		);
	}
	const parsed = parseRedirect(location, hop.url);
	if (!parsed.ok) {
		throw new TargetDownError('protocol', `the answer ${answer.status} leads where we do not follow: ${parsed.detail}`);
	}
	const {url} = parsed;
	const atHome = hop.atHome && url.origin === hop.url.origin;
	return {
		url,
		shown: shownUrl(url),
		request: redirectedRequest(hop, url, atHome, answer.status, options),
		...(atHome ? {tlsName: hop.tlsName} : {}),
		// What the public internet answers must not lead us into private networks, by no detour either.
		rule: isPublic(address) ? {...hop.rule, publicOnly: true} : hop.rule,
		queried: hop.queried || url.search !== '',
		redirects: hop.redirects + 1,
		from: hop.from,
		atHome,
		credentials: atHome ? hop.credentials : [],
	};
}

const maxRedirects = 10;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** As browsers do: 303 asks with GET, and so do 301 and 302 after a POST; 307 and 308 repeat the request. */
function redirectedRequest(
	{request, credentials}: Hop,
	url: URL,
	atHome: boolean,
	status: number,
	options: HttpOptions,
): ExchangeRequest {
	const {method, body} = request;
	const becomesGet = status === 303 ? method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';
	// To another origin a body goes as little as a secret header.
	const dropsBody = (becomesGet && method !== 'GET') || !atHome;
	const entries = Object.entries(options.headers).filter(([name]) => {
		const lower = name.toLowerCase();
		// Any other of the configuration stays with the origin that it was written for.
		return (atHome || isHarmlessHeader(lower)) && !(dropsBody && lower.startsWith('content-'));
	});
	const host = atHome ? entries.find(([name]) => name.toLowerCase() === 'host')?.[1] : undefined;
	return {
		method: becomesGet ? 'GET' : method,
		path: url.pathname + url.search,
		headers: [...requestHeaders(host ?? url.host, entries, options, false), ...(atHome ? credentials : [])],
		...(body === undefined || dropsBody ? {} : {body}),
	};
}

const userAgent = `tailprobe/${version}`;

function requestHeaders(
	host: string,
	configured: readonly (readonly [string, string])[],
	{compression = 'identity'}: HttpOptions,
	keeps: boolean,
): Header[] {
	const headers: Header[] = [['Host', host]];
	const names = new Set(configured.map(([name]) => name.toLowerCase()));
	if (!names.has('user-agent')) headers.push(['User-Agent', userAgent]);
	if (!names.has('accept')) headers.push(['Accept', '*/*']);
	if (!names.has('accept-encoding')) headers.push(['Accept-Encoding', compression]);
	for (const header of configured) if (header[0].toLowerCase() !== 'host') headers.push(header);
	headers.push(['Connection', keeps ? 'keep-alive' : 'close']);
	return headers;
}
