/** Requests that somebody who means harm may send to `/probe`, drawn from a seed. */

import {hostileNames} from './targets/names.ts';

export interface HostileRequest {
	/** The bytes of the request. */
	bytes: Buffer;
	/** Well formed HTTP: it must be answered with a status. Otherwise the connection may just be closed. */
	isHttp: boolean;
	/** The target's own words name a forbidden place: nothing there may be called up. */
	isForbidden: boolean;
	/** It has a scrape timeout that is no number: /probe answers that with 500, as blackbox_exporter does. */
	hasOddTimeout: boolean;
	/** For a person. */
	what: string;
}

export interface HostileOptions {
	/** Port of the listeners on the forbidden and on the allowed side. */
	port: number;
	/** Probe types by the names of their modules. */
	modules: ReadonlyMap<string, string>;
	/** What opens the door. */
	token: string;
}

type Draw = () => number;

/** Where nobody may be led, in canonical form; `abuse.ts` has listeners at each. */
export const forbiddenAddresses = [
	'127.0.0.1',
	'127.9.9.9',
	'169.254.169.254',
	'169.254.7.7',
	'100.100.100.200',
	'100.100.100.100',
	'::1',
	'fd00:ec2::254',
] as const;

/** What may be reached by asking, and answers. */
export const allowedAddress = '10.77.200.1';

const parts = [
	'spelling',
	'port',
	'scheme',
	'user',
	'path',
	'module',
	'query',
	'encoding',
	'headers',
	'method',
] as const;
type Part = (typeof parts)[number];
/** Whether this part of the request is as nobody would write it who means well. */
type IsOdd = (part: Part) => boolean;

/** One part is odd in most requests, so that the rest gets it far; any of them in some; none in a few. */
export function drawRequest(draw: Draw, {port, modules, token}: HostileOptions): HostileRequest {
	const odd = draw() < 0.7 ? [pick(draw, parts)] : parts.filter(() => draw() < 0.4);
	const isOdd: IsOdd = part => odd.includes(part);
	const isForbidden = draw() < 0.75;
	const canonical = isForbidden ? pick(draw, forbiddenAddresses) : allowedAddress;
	const byName = draw() < 0.25;
	const named = isForbidden ? pick(draw, leadingAstray) : 'allowed.test';
	const host = isOdd('spelling') ? spell(canonical, draw) : byName ? named : bracketed(canonical);
	const module = isOdd('module') ? pick(draw, strangeWords(draw)) : pick(draw, [...modules.keys()]);
	const target = drawTarget(host, port, modules.get(module) ?? 'http', draw, isOdd);
	const posted = draw() < 0.2;
	const {path, body} = posted
		? asBody(target, module, draw, isOdd)
		: {path: asQuery(target, module, draw, isOdd), body: undefined};
	const {lines, isHttp} = drawHeaders(draw, token, isOdd('headers'));
	const head = [
		`${posted ? 'POST' : isOdd('method') ? 'HEAD' : 'GET'} ${path} HTTP/1.1`,
		'Host: 127.0.0.1',
		'Connection: close',
		...lines,
		...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
	];
	return {
		bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`),
		isHttp,
		// Of several targets another may be meant.
		isForbidden: isForbidden && !isOdd('query') && !isOdd('user') && !isOdd('module'),
		hasOddTimeout: lines.some(line => line.startsWith(timeoutHeader)),
		what: `${posted ? 'POST ' : ''}${JSON.stringify(target)} by ${module}, odd: ${odd.join(' ')}`,
	};
}

const leadingAstray = [...hostileNames.keys()].filter(name => name !== 'allowed.test');

function bracketed(address: string): string {
	return address.includes(':') ? `[${address}]` : address;
}

/** An address as the kernel, a browser, a C library or a careless parser might read it. */
export function spell(address: string, draw: Draw): string {
	if (address.includes(':')) {
		const bracketed = `[${address}]`;
		return pick(draw, [
			bracketed,
			bracketed.toUpperCase(),
			address,
			`[${address}%25lo]`,
			`[${address}%lo]`,
			`[0:0::${address.slice(2)}]`,
		]);
	}
	const parts = address.split('.').map(Number);
	const [a = 0, b = 0, c = 0, d = 0] = parts;
	const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
	const hex = number.toString(16).padStart(8, '0');
	return pick(draw, [
		address,
		address,
		`${address}.`,
		String(number),
		`0x${hex}`,
		`0${number.toString(8)}`,
		parts.map(part => `0x${part.toString(16)}`).join('.'),
		parts.map(part => `0${part.toString(8)}`).join('.'),
		parts.map(part => String(part).padStart(3, '0')).join('.'),
		`${a}.${(b << 16) | (c << 8) | d}`,
		`${a}.${b}.${(c << 8) | d}`,
		`[::ffff:${address}]`,
		`[::ffff:${hex.slice(0, 4)}:${hex.slice(4)}]`,
		`[::${address}]`,
		`[64:ff9b::${hex.slice(0, 4)}:${hex.slice(4)}]`,
		`[2002:${hex.slice(0, 4)}:${hex.slice(4)}::]`,
		`[0:0:0:0:0:ffff:${address}]`,
		address.replaceAll('.', '。'),
		address.replace('.', '%2e'),
		[...address].map(char => (/\d/.test(char) ? String.fromCodePoint(0xff10 + Number(char)) : char)).join(''),
		`${address}\u0000.test`,
		` ${address}`,
		`${address}\t`,
		'localhost',
		'LOCALHOST.',
	]);
}

const schemes: Record<string, readonly string[]> = {
	http: ['http://', 'https://'],
	http_warm: ['http://', 'https://'],
	ws: ['ws://', 'wss://'],
	derp: ['http://', 'https://'],
	dns: ['', 'dns://'],
};

function drawTarget(host: string, port: number, type: string, draw: Draw, isOdd: IsOdd): string {
	const at = isOdd('port')
		? pick(draw, ['', ':0', ':65536', ':-1', `:${port}x`, `:0${port}`, ':', `:${port}:${port}`])
		: `:${port}`;
	const fitting = pick(draw, schemes[type] ?? ['']);
	const scheme = isOdd('scheme')
		? pick(draw, ['HTTP://', 'gopher://', 'file://', 'unix:', '//', 'http:\\\\', 'http:', 'http+unix://', 'data:', ''])
		: fitting;
	const user = isOdd('user')
		? pick(draw, ['user@', 'user:word@', `${allowedAddress}@`, `${allowedAddress}:80@`, '@', '%40'])
		: '';
	const plain = scheme === '' ? '' : '/';
	const path = !isOdd('path')
		? plain
		: pick(draw, [
				'/latest/meta-data/',
				'/?q=1',
				'/#@other',
				'/\r\nX-Injected: yes',
				'/%0d%0aX-Injected:%20yes',
				'/\u0000',
				'/{{7*7}}',
				'/$' + '{jndi:ldap://x}',
				'/<script>alert(1)</script>',
				'/\u202e\u{1f4a9}',
				`/${'x'.repeat(3000)}`,
				'/../../etc/passwd',
				'$(id)',
				'`id`',
				';id',
			]);
	return scheme + user + host + at + path;
}

function strangeWords(draw: Draw): string[] {
	return [
		'',
		'-h',
		'--help',
		'../../etc/passwd',
		'__proto__',
		'constructor',
		'toString',
		'a'.repeat(2049),
		'\u0000',
		'\r\n',
		'%s%s%n',
		'*',
		'\u{10ffff}\ufffd',
		String.fromCodePoint(...Array.from({length: 20}, () => 1 + Math.floor(draw() * 0xd7fe))),
	];
}

function asQuery(target: string, module: string, draw: Draw, isOdd: IsOdd): string {
	const pairs: [string, string][] = [
		['target', target],
		['module', module],
	];
	if (isOdd('query'))
		pairs.push(
			pick(draw, [
				['debug', 'true'],
				['from', 'fuzz'],
				['from', '__proto__'],
				['hostname', 'x\r\ny: z'],
				['hostname', '127.0.0.1'],
				['check', 'http-with-secrets'],
				['check', '../x'],
				['params', 'x'],
				['target[]', '127.0.0.1'],
				['__proto__', 'x'],
			]),
		);
	// The same again: whoever reads the first and dials the last is lost.
	if (isOdd('query') && draw() < 0.4) pairs.push(['target', `http://${allowedAddress}/`]);
	if (isOdd('query') && draw() < 0.2) pairs.unshift(['target', `http://${allowedAddress}/`]);
	const query = pairs
		.map(([name, value]) => `${name}=${encode(value, isOdd('encoding'))}`)
		.join(isOdd('query') && draw() < 0.2 ? ';' : '&');
	const path = isOdd('method')
		? pick(draw, ['/probe', '/probe/', '//probe', '/PROBE', '/probe%2f', '/./probe'])
		: '/probe';
	return `${path}?${query}`;
}

function asBody(target: string, module: string, draw: Draw, isOdd: IsOdd): {path: string; body: string} {
	const value: Record<string, unknown> = {target, module};
	if (isOdd('query'))
		Object.assign(
			value,
			pick<object>(draw, [
				{timeout: '-1s'},
				{timeout: '1e99s'},
				{timeout: 1},
				{target: [target]},
				{target: {toString: 'x'}},
				{from: null},
				{extra: 1},
				{hostname: 'a\r\nb'},
			]),
		);
	const json = JSON.stringify(value);
	if (!isOdd('encoding')) return {path: '/api/v1/probe', body: json};
	const body = pick(draw, [
		json.slice(0, -2),
		`[${json}]`,
		'['.repeat(8000),
		`{"__proto__":${json},${json.slice(1)}`,
		`{"target":"x",${json.slice(1)}`,
	]);
	return {path: '/api/v1/probe', body};
}

/** Percent-encoded as a browser would, or only where the request line would break. */
function encode(value: string, isSparing: boolean): string {
	if (!isSparing) return encodeURIComponent(value.toWellFormed());
	return [...Buffer.from(value)]
		.map(byte =>
			byte > 0x20 && byte < 0x7f && byte !== 0x26 && byte !== 0x23
				? String.fromCodePoint(byte)
				: `%${byte.toString(16).padStart(2, '0')}`,
		)
		.join('');
}

function drawHeaders(draw: Draw, token: string, areOdd: boolean): {lines: string[]; isHttp: boolean} {
	if (!areOdd) return {lines: [`Authorization: Bearer ${token}`], isHttp: true};
	const lines =
		draw() < 0.85
			? [`Authorization: Bearer ${token}`]
			: [
					pick(draw, [
						'Authorization: Bearer',
						'Authorization: Basic ====',
						`Authorization: Bearer ${'x'.repeat(5000)}`,
						'Authorization: \u0001',
					]),
				];
	if (draw() < 0.4)
		lines.push(
			`${timeoutHeader}: ${pick(draw, ['-1', 'NaN', '1e308', '9e99', 'Infinity', '0', '0.0001', '99999999999999999999', '1,5', '', '0x10', '1 2'])}`,
		);
	if (draw() < 0.3)
		lines.push(
			pick(draw, [
				'Accept: application/json',
				'X-Forwarded-For: 127.0.0.1',
				'X-Forwarded-Host: evil',
				'Origin: http://evil.test',
				'Range: bytes=0-',
				'Expect: 100-continue',
				'Upgrade: h2c',
			]),
		);
	if (draw() < 0.7) return {lines, isHttp: !lines.some(line => line.includes('\u0001'))};
	lines.push(
		...pick(draw, [
			[`X-Huge: ${'x'.repeat(20_000)}`],
			Array.from({length: 300}, (_, at) => `X-${at}: y`),
			['X-Bad\u0000: y'],
			['Transfer-Encoding: chunked', 'Content-Length: 5'],
			['X: a\nY: b'],
			[': nameless'],
			['Content-Length: 99999999999'],
			['Content-Length: -1'],
		]),
	);
	return {lines, isHttp: false};
}

const timeoutHeader = 'X-Prometheus-Scrape-Timeout-Seconds';

function pick<T>(draw: Draw, list: readonly T[]): T {
	return list[Math.floor(draw() * list.length)] as T;
}
