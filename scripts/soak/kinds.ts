/** The kinds of targets that the soak mixes, and what a run of each deserves. A kind is a port; its targets are addresses. */

import type {DownReason} from '../../src/engine/types.ts';

export interface Kind {
	name: string;
	/** Probe type. */
	type: string;
	port: number;
	/** Targets in the mix, before `--scale`. */
	count: number;
	via: 'tailnet' | 'direct';
	/** Target for a host of this kind. */
	target: (host: string, port: number) => string;
	/** Options of the probe type. */
	options: Record<string, unknown>;
	/** `up`, or the reasons of down that tell the truth about it. */
	deserves: 'up' | readonly DownReason[];
	/** Nothing listens there by intent; the last: not even a route leads there, or what is sent vanishes. */
	place?: 'closed' | 'unreachable' | 'vanishing';
}

const url =
	(scheme: string, path = '/') =>
	(host: string, port: number) =>
		`${scheme}://${host}:${port}${path}`;
const hostPort = (host: string, port: number) => `${host}:${port}`;
const tls = {tls_config: {server_name: 'livekit', ca_file: 'CA'}};
const banner = {query_response: [{expect: '^220 ready'}]};

type Row = Omit<Kind, 'port' | 'via' | 'target' | 'options'> & Partial<Pick<Kind, 'target' | 'options' | 'via'>>;

const rows: readonly Row[] = [
	{name: 'http-ok', type: 'http', count: 60, deserves: 'up'},
	{name: 'http-chunked', type: 'http', count: 20, deserves: 'up'},
	{name: 'http-gzip', type: 'http', count: 10, deserves: 'up', options: {compression: 'gzip'}},
	{name: 'http-redirect', type: 'http', count: 10, deserves: 'up'},
	{name: 'http-late', type: 'http', count: 20, deserves: 'up'},
	{name: 'warm-ok', type: 'http_warm', count: 20, deserves: 'up'},
	{
		name: 'https-ok',
		type: 'http',
		count: 20,
		deserves: 'up',
		target: url('https'),
		options: {...tls, enable_http2: false},
	},
	{name: 'h2-ok', type: 'http', count: 20, deserves: 'up', target: url('https'), options: tls},
	{name: 'tcp-ok', type: 'tcp', count: 60, deserves: 'up'},
	{name: 'tcp-banner', type: 'tcp', count: 10, deserves: 'up', options: banner},
	{name: 'ws-ok', type: 'ws', count: 20, deserves: 'up', options: {ping: true}},
	{name: 'tls-ok', type: 'tls', count: 15, deserves: 'up', options: tls},
	{name: 'dns-ok', type: 'dns', count: 30, deserves: 'up'},
	{name: 'stun-ok', type: 'stun', count: 30, deserves: 'up'},

	{name: 'http-closed', type: 'http', count: 15, deserves: ['refused'], place: 'closed'},
	{name: 'tcp-closed', type: 'tcp', count: 15, deserves: ['refused'], place: 'closed'},
	{name: 'ws-closed', type: 'ws', count: 4, deserves: ['refused'], place: 'closed'},
	{name: 'tls-closed', type: 'tls', count: 4, deserves: ['refused'], place: 'closed'},
	{name: 'dns-closed', type: 'dns', count: 4, deserves: ['refused'], place: 'closed'},
	{name: 'stun-closed', type: 'stun', count: 4, deserves: ['refused'], place: 'closed'},
	{name: 'tcp-unreachable', type: 'tcp', count: 6, deserves: ['unreachable'], place: 'unreachable', via: 'tailnet'},
	{name: 'tcp-vanishing', type: 'tcp', count: 6, deserves: ['timeout'], place: 'vanishing'},
	{name: 'http-vanishing', type: 'http', count: 6, deserves: ['timeout'], place: 'vanishing'},

	{name: 'http-silent', type: 'http', count: 8, deserves: ['timeout']},
	{name: 'http-stalled-body', type: 'http', count: 8, deserves: ['timeout']},
	{name: 'h2-silent', type: 'http', count: 6, deserves: ['timeout'], target: url('https'), options: tls},
	{name: 'tls-silent', type: 'tls', count: 6, deserves: ['timeout'], options: tls},
	{name: 'ws-silent', type: 'ws', count: 6, deserves: ['timeout']},
	{name: 'tcp-silent', type: 'tcp', count: 6, deserves: ['timeout'], options: banner},
	{name: 'dns-silent', type: 'dns', count: 6, deserves: ['timeout']},
	{name: 'stun-silent', type: 'stun', count: 6, deserves: ['timeout']},

	{name: 'http-reset', type: 'http', count: 8, deserves: ['reset']},
	{name: 'http-reset-in-headers', type: 'http', count: 6, deserves: ['reset']},
	{name: 'http-reset-in-body', type: 'http', count: 6, deserves: ['reset']},
	{name: 'h2-reset', type: 'http', count: 6, deserves: ['reset'], target: url('https'), options: tls},
	{name: 'tls-reset', type: 'tls', count: 6, deserves: ['reset'], options: tls},
	{name: 'ws-reset', type: 'ws', count: 4, deserves: ['reset']},
	{name: 'tcp-reset', type: 'tcp', count: 6, deserves: ['reset'], options: banner},

	{name: 'http-500', type: 'http', count: 4, deserves: ['status']},
	{name: 'http-too-short', type: 'http', count: 4, deserves: ['protocol', 'reset']},
	{name: 'http-garbage', type: 'http', count: 4, deserves: ['protocol']},
	{name: 'http-two-lengths', type: 'http', count: 4, deserves: ['protocol']},
	{name: 'http-bad-chunks', type: 'http', count: 4, deserves: ['protocol']},
	{name: 'http-speaks-tls', type: 'http', count: 4, deserves: ['protocol', 'reset']},
	{name: 'https-speaks-plain', type: 'http', count: 4, deserves: ['tls'], target: url('https'), options: tls},
	{name: 'h2-garbage', type: 'http', count: 4, deserves: ['protocol'], target: url('https'), options: tls},
	{name: 'tls-other-host', type: 'tls', count: 4, deserves: ['tls'], options: tls},
	{name: 'tls-expired', type: 'tls', count: 4, deserves: ['tls'], options: tls},
	{name: 'https-self-signed', type: 'http', count: 4, deserves: ['tls'], target: url('https'), options: tls},
	{name: 'ws-wrong-key', type: 'ws', count: 4, deserves: ['protocol']},
	{name: 'ws-plain-answer', type: 'ws', count: 4, deserves: ['status']},
	{name: 'ws-bad-frames', type: 'ws', count: 4, deserves: ['protocol'], options: {ping: true}},
	{name: 'tcp-wrong-banner', type: 'tcp', count: 4, deserves: ['content'], options: banner},
	{name: 'dns-other-id', type: 'dns', count: 4, deserves: ['timeout', 'protocol']},
	{name: 'dns-garbage', type: 'dns', count: 4, deserves: ['protocol', 'timeout']},
	{name: 'dns-no-such-name', type: 'dns', count: 4, deserves: ['status']},
	{name: 'stun-garbage', type: 'stun', count: 4, deserves: ['protocol', 'timeout']},

	{name: 'http-drip', type: 'http', count: 4, deserves: ['timeout']},
	{name: 'http-endless-headers', type: 'http', count: 3, deserves: ['protocol', 'timeout']},
	{name: 'http-endless-interim', type: 'http', count: 3, deserves: ['protocol', 'timeout']},
	{
		name: 'http-endless-body',
		type: 'http',
		count: 3,
		deserves: ['content', 'timeout'],
		options: {body_size_limit: '256KB'},
	},
	{
		name: 'http-bomb',
		type: 'http',
		count: 3,
		deserves: ['content'],
		options: {compression: 'gzip', body_size_limit: '256KB'},
	},
	{name: 'http-redirect-loop', type: 'http', count: 3, deserves: ['protocol', 'status', 'timeout']},
	{
		name: 'h2-endless-body',
		type: 'http',
		count: 3,
		deserves: ['content', 'timeout'],
		target: url('https'),
		options: {...tls, body_size_limit: '256KB'},
	},
	{name: 'ws-endless', type: 'ws', count: 3, deserves: ['content', 'timeout'], options: {expect: 'never said'}},
	{
		name: 'tcp-endless',
		type: 'tcp',
		count: 3,
		deserves: ['content', 'timeout'],
		options: {query_response: [{expect: 'never said'}]},
	},
];

const defaults: Record<string, Pick<Kind, 'target' | 'options'>> = {
	http: {target: url('http'), options: {}},
	http_warm: {target: url('http'), options: {}},
	ws: {target: url('ws'), options: {}},
	tcp: {target: hostPort, options: {}},
	tls: {target: hostPort, options: {}},
	stun: {target: hostPort, options: {}},
	dns: {target: hostPort, options: {query_name: 'ok.soak.test.', query_type: 'A'}},
};

const firstPort = 21_000;

/** Every kind. Ways alternate, so that both are walked by many kinds. */
export const kinds: readonly Kind[] = rows.map((row, at) => {
	const {target = hostPort, options = {}} = defaults[row.type] ?? {};
	return {
		via: at % 2 === 0 ? 'direct' : 'tailnet',
		target,
		...row,
		options: {...options, ...row.options},
		port: firstPort + at,
	};
});

/** Where the DNS server of the soak's tailnet is. */
export const dnsAddress = '100.64.0.53';
/** The service of every node that the soak's headscale lists. */
export const nodePort = 20_999;
export const nodeCount = 40;
export const nodeAddress = (at: number): string => `100.64.250.${at + 1}`;

/** Addresses of a kind's targets. */
export function hostOf(kind: Kind, at: number): string {
	const second = kind.port - firstPort;
	if (kind.place === 'unreachable') return `100.66.${second}.${at + 1}`;
	if (kind.place === 'vanishing') return `${kind.via === 'tailnet' ? '100.65' : '10.78'}.0.${2 + (at % 200)}`;
	return `${kind.via === 'tailnet' ? '100.64' : '10.77'}.${second + 1}.${at + 1}`;
}
