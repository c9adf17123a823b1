/**
 * Targets as people write them, read strictly: the URL parser of the web makes 127.0.0.1 of `0x7f.1` and `１２７.1`, so whatever it
 * would read differently from how it is written is refused.
 */

import {isIPv6} from 'node:net';

export type ParsedUrl = {ok: true; url: URL} | {ok: false; detail: string};
export type ParsedHostPort = {ok: true; host: string; port: number} | {ok: false; detail: string};

/** Schemes of a kind of target: the plain one, and the one over TLS. */
export type Schemes = readonly [plain: 'http' | 'ws', secure: 'https' | 'wss'];

const webSchemes: Schemes = ['http', 'https'];

/** A URL of these schemes; without one it has the plain one, as blackbox_exporter has it. `detail` is a sentence for a person. */
export function parseTargetUrl(text: string, schemes: Schemes = webSchemes): ParsedUrl {
	if (text === '') return refused(text, 'is empty');
	const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
	return parseAbsolute(scheme === undefined ? `${schemes[0]}://${text}` : text, text, schemes);
}

/** The URL that a Location header leads to from `base`, as strictly as parseTargetUrl. A scheme other than http and https is refused. */
export function parseRedirect(location: string, base: URL): ParsedUrl {
	if (location.startsWith('//')) return parseAbsolute(base.protocol + location, location);
	if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return parseAbsolute(location, location);
	const fault = faultOfText(location);
	if (fault) return refused(location, fault);
	const url = URL.parse(location, base);
	// Nothing is known that gets here with another origin; if something does, it is not what was written.
	if (!url || url.origin !== base.origin) return refused(location, 'is no URL');
	return {ok: true, url};
}

/** `name:8080`, `192.0.2.1:8080`, `[2001:db8::1]:8080`. The host comes back in lower case and without brackets. */
export function parseHostPort(text: string): ParsedHostPort {
	const match = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(text);
	if (!match) return refused(text, 'is not of the form host:port (an IPv6 address goes in brackets)');
	const [, host = '', port = ''] = match;
	const fault =
		faultOfText(text) ?? faultOfHost(host) ?? faultOfPort(port) ?? unusual(host, URL.parse(`http://${host}/`));
	if (fault) return refused(text, fault);
	return {ok: true, host: bareHost(host.toLowerCase()), port: Number(port)};
}

/** What resolveTarget and dial take: the host without brackets, and the port with the scheme's default. */
export function endpointOf(url: URL): {host: string; port: number} {
	const port = url.port === '' ? (/^(https|wss):$/.test(url.protocol) ? 443 : 80) : Number(url.port);
	return {host: bareHost(url.hostname), port};
}

/** The URL for a person: without query, user and fragment, of bounded length. */
export function shownUrl(url: URL): string {
	const path = url.pathname.length > 120 ? `${url.pathname.slice(0, 119)}…` : url.pathname;
	return url.origin + path + (url.search === '' ? '' : '?…');
}

function parseAbsolute(text: string, written: string, schemes: Schemes = webSchemes): ParsedUrl {
	const match = /^([a-z]+):\/\/([^/?#]*)/i.exec(text);
	if (!match || !schemes.some(scheme => scheme === match[1]?.toLowerCase())) {
		return refused(written, `has a scheme other than ${schemes.join(' and ')}`);
	}
	const authority = match[2] as string;
	const fault = faultOfText(text) ?? faultOfAuthority(authority);
	if (fault) return refused(written, fault);
	const url = URL.parse(text);
	const strange = unusual(hostAndPort(authority)[0], url);
	return url && !strange ? {ok: true, url} : refused(written, strange ?? 'is no URL');
}

function faultOfText(text: string): string | undefined {
	if (text.length > 2048) return 'is longer than 2048 characters';
	if (/[\0-\x20\x7f\\]/.test(text)) return 'contains a blank, a backslash or a control character';
	return undefined;
}

function faultOfAuthority(authority: string): string | undefined {
	if (authority.includes('@')) return 'contains a user name or password: those go elsewhere';
	const [host, port] = hostAndPort(authority);
	return faultOfHost(host) ?? (port === undefined ? undefined : faultOfPort(port));
}

function hostAndPort(authority: string): [host: string, port: string | undefined] {
	const colon = authority.startsWith('[') ? authority.indexOf(':', authority.indexOf(']') + 1) : authority.indexOf(':');
	return colon < 0 ? [authority, undefined] : [authority.slice(0, colon), authority.slice(colon + 1)];
}

function faultOfHost(host: string): string | undefined {
	if (host === '') return 'has no host';
	if (host.startsWith('[')) return faultOfLiteral6(host);
	// One dot at the end of a name means "not relative to the search list".
	const labels = host.replace(/\.$/, '').split('.');
	if (host.length > 254 || !labels.every(label => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))) {
		return 'has a host that is neither a name of ASCII letters, digits and dashes nor an address';
	}
	return undefined;
}

/** The parser of the web must have understood the host exactly as it is written. */
function unusual(host: string, url: URL | null): string | undefined {
	if (!url) return 'names a host that is neither a name nor a proper address';
	return url.hostname === host.toLowerCase() ? undefined : `writes its host in an unusual way: write ${url.hostname}`;
}

function faultOfLiteral6(host: string): string | undefined {
	return host.endsWith(']') && isIPv6(host.slice(1, -1)) ? undefined : 'has brackets around what is no IPv6 address';
}

function faultOfPort(port: string): string | undefined {
	return /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535
		? undefined
		: 'has a port that is no number from 1 to 65535';
}

function bareHost(host: string): string {
	return host.startsWith('[') ? host.slice(1, -1) : host;
}

function refused(text: string, fault: string): {ok: false; detail: string} {
	// A password or a token in the query is not shown.
	const plain = text.includes('@') ? 'the URL' : (text.split(/[?#]/, 1)[0] ?? '');
	return {ok: false, detail: `${JSON.stringify(plain.length > 80 ? `${plain.slice(0, 79)}…` : plain)} ${fault}`};
}
