/** Cookies of one run: what an answer sets goes along when a redirect leads back there, as blackbox_exporter has it. */

import type {Header} from '../../net/http1.ts';

interface Cookie {
	name: string;
	value: string;
	host: string;
	path: string;
	secure: boolean;
}

/** Forgets everything with the run. A cookie goes to the host that set it and to no other, whatever Domain says. */
export class CookieJar {
	#cookies: Cookie[] = [];

	/** Takes what an answer of this URL sets, as far as it fits. */
	take({hostname: host, pathname}: URL, headers: readonly Header[]): void {
		for (const [header, text] of headers) {
			if (header.length !== 10 || header.toLowerCase() !== 'set-cookie') continue;
			const set = readSetCookie(text, pathname);
			if (!set) continue;
			const {ends, domain, ...cookie} = set;
			if (domain !== '' && host !== domain && !host.endsWith(`.${domain}`)) continue;
			const others = this.#cookies.filter(
				known => known.name !== cookie.name || known.path !== cookie.path || known.host !== host,
			);
			this.#cookies = ends || others.length >= maxCookies ? others : [...others, {...cookie, host}];
		}
	}

	/** The headers with those cookies that are for this URL, behind any that the configuration writes; one of the same name replaces it. */
	addTo(headers: readonly Header[], {hostname, pathname, protocol}: URL): readonly Header[] {
		const fitting = this.#cookies.filter(
			({host, path, secure}) => host === hostname && isUnder(pathname, path) && (!secure || protocol === 'https:'),
		);
		if (fitting.length === 0) return headers;
		fitting.sort((one, other) => other.path.length - one.path.length);
		const names = new Set(fitting.map(({name}) => name));
		const configured = headers.flatMap(([name, value]) => (isCookie(name) ? value.split(/; */) : []));
		const kept = configured.filter(pair => !names.has(pair.slice(0, pair.indexOf('='))));
		const pairs = [...kept, ...fitting.map(({name, value}) => `${name}=${value}`)];
		return [...headers.filter(([name]) => !isCookie(name)), ['Cookie', pairs.join('; ')]];
	}
}

const maxCookies = 20;
const maxCookieCharacters = 4096;

type SetCookie = Omit<Cookie, 'host'> & {ends: boolean; domain: string};

/** RFC 6265 §5.2; undefined for what could not be sent back as it is. */
function readSetCookie(text: string, pathname: string): SetCookie | undefined {
	const [pair = '', ...attributes] = text.split(';');
	const at = pair.indexOf('=');
	const name = pair.slice(0, at).trim();
	const value = pair.slice(at + 1).trim();
	if (at < 0 || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) return undefined;
	if (name.length + value.length > maxCookieCharacters) return undefined;
	const said = new Map(
		attributes.map(attribute => {
			const [key = '', ...rest] = attribute.split('=');
			return [key.trim().toLowerCase(), rest.join('=').trim()];
		}),
	);
	const path = said.get('path');
	return {
		name,
		value,
		path: path?.startsWith('/') ? path : pathname.slice(0, Math.max(1, pathname.lastIndexOf('/'))),
		secure: said.has('secure'),
		domain: (said.get('domain') ?? '').replace(/^\./, '').toLowerCase(),
		ends: hasEnded(said.get('max-age'), said.get('expires')),
	};
}

/** How servers take a cookie back. Any later end is later than that of the run. */
function hasEnded(maxAge: string | undefined, expires: string | undefined): boolean {
	if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
	return expires !== undefined && Date.parse(expires) <= Date.now();
}

function isCookie(name: string): boolean {
	return name.toLowerCase() === 'cookie';
}

function isUnder(pathname: string, path: string): boolean {
	if (!pathname.startsWith(path)) return false;
	return pathname.length === path.length || path.endsWith('/') || pathname[path.length] === '/';
}
