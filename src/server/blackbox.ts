/** An ad hoc run in blackbox_exporter's words: its metric names where the meaning is the same, `probe_tunnel_…` for what it cannot measure. */

import {isIPv4, isIPv6} from 'node:net';
import {phaseNames} from '../engine/types.ts';
import {oneLine} from '../util/errors.ts';
import {formatDurationMs} from '../util/units.ts';
import {assumesPort80, describeResolver, finiteOnly, formatTime, withoutUserInfo} from './json.ts';
import type {AdhocAnswer} from './types.ts';

type Ran = AdhocAnswer & {kind: 'ran'};

/** The exposition of an ad hoc run that was up or down (text format 0.0.4). All are gauges, sorted by name. */
export function exposeProbe({check, outcome, timeoutMs}: Ran): string {
	const {phases = {}, values = {}, facts = {}} = outcome.reading ?? {};
	const reading = {phases: finiteOnly(phases), values: finiteOnly(values), facts};
	const families = [
		...exposeRun(outcome, timeoutMs),
		...(check.type === 'tunnel' ? exposeTunnel(reading) : exposeDial(reading)),
		...(exposeType[check.type]?.(reading) ?? []),
	];
	families.sort((one, other) => (one.name < other.name ? -1 : 1));
	return families.map(formatFamily).join('');
}

/** `debug=true`: what happened line by line, the metrics, and the module without its secrets. */
export function renderDebug(answer: Ran): string {
	const blind = answer.outcome.verdict === 'unknown';
	const metrics = blind
		? 'None: tailprobe could not look, so there is no verdict about the target.\n'
		: exposeProbe(answer);
	return [
		`What happened:\n${tellStory(answer).join('\n')}\n`,
		`Metrics that would have been returned:\n${metrics}`,
		`Module configuration:\n${answer.module.text.trimEnd()}\n`,
	].join('\n\n');
}

interface Family {
	name: string;
	help: string;
	/** Label text in braces, or '' → value. */
	samples: [labels: string, value: number][];
}

interface Read {
	phases: Partial<Record<string, number>>;
	values: Partial<Record<string, number>>;
	facts: Partial<Record<string, string>>;
}

const exposeType: Record<string, (reading: Read) => Family[]> = {http: exposeHttp, tcp: exposeTcp, icmp: exposeIcmp};

function exposeRun({verdict, reason, durationMs}: Ran['outcome'], timeoutMs: number): Family[] {
	return [
		one('probe_success', 'Whether the probe succeeded.', verdict === 'up' ? 1 : 0),
		one('probe_duration_seconds', 'Seconds that the whole probe took.', durationMs / 1000),
		one('probe_timeout_seconds', 'Seconds that the probe was allowed to take.', timeoutMs / 1000),
		...(verdict === 'down' && reason
			? [info('probe_failure_info', 'Why the probe failed, from a closed list.', {reason})]
			: []),
	];
}

/** What every probe that dials an address has, zero until known as with blackbox_exporter. */
function exposeDial({phases, facts}: Read): Family[] {
	return [
		one('probe_dns_lookup_time_seconds', 'Seconds that the name took to resolve.', phases.resolve ?? 0),
		one('probe_ip_protocol', 'IP version that was dialled: 4 or 6.', Number(facts.family) || 0),
		one(
			'probe_ip_addr_hash',
			'Hash of the address that was dialled: it changes when the address does.',
			hashAddress(facts.address),
		),
	];
}

function exposeHttp({phases, values, facts}: Read): Family[] {
	const answered = values.status_code !== undefined;
	return [
		byLabel(
			'probe_http_duration_seconds',
			'Seconds of each phase, summed over redirects.',
			'phase',
			pick(phases, phaseNames),
		),
		one('probe_http_status_code', 'Status of the last response, 0 without one.', values.status_code ?? 0),
		one('probe_http_version', 'HTTP version of the last response.', Number(facts.http_version) || 0),
		one('probe_http_redirects', 'Redirects that were followed.', values.redirects ?? 0),
		one('probe_http_ssl', 'Whether the last request went over TLS.', values.ssl ?? 0),
		one(
			'probe_http_content_length',
			'Content-Length of the last response in bytes, -1 without one.',
			values.content_length ?? (answered ? -1 : 0),
		),
		one('probe_http_uncompressed_body_length', 'Bytes of the body after decompression.', values.body_bytes ?? 0),
		one('probe_failed_due_to_regex', 'Whether a pattern made the probe fail.', values.failed_due_to_regex ?? 0),
		...maybe(
			'probe_http_last_modified_timestamp_seconds',
			'Last-Modified of the last response.',
			values.last_modified_seconds,
		),
		...exposeTls(values, facts),
	];
}

function exposeTcp({phases, values, facts}: Read): Family[] {
	return [
		one('probe_failed_due_to_regex', 'Whether an expected answer did not come.', values.failed_due_to_regex ?? 0),
		byLabel('probe_tcp_duration_seconds', 'Seconds of each phase.', 'phase', pick(phases, phaseNames)),
		...exposeTls(values, facts),
	];
}

function exposeTls(values: Read['values'], facts: Read['facts']): Family[] {
	const {tls_version: version, tls_cipher: cipher} = facts;
	return [
		...maybe(
			'probe_ssl_earliest_cert_expiry',
			'When the first certificate of the chain expires, Unix time.',
			values.tls_earliest_cert_expiry_seconds,
		),
		// node:tls says TLSv1.3 where users of blackbox_exporter know TLS 1.3.
		...(version
			? [
					info('probe_tls_version_info', 'TLS version of the connection.', {
						version: version.replace(/^TLSv(\d)$/, 'TLS $1.0').replace(/^TLSv/, 'TLS '),
					}),
				]
			: []),
		...(cipher ? [info('probe_tls_cipher_info', 'Cipher of the connection.', {cipher})] : []),
	];
}

function exposeIcmp({phases, values}: Read): Family[] {
	const seconds = {resolve: phases.resolve ?? 0, setup: 0, rtt: values.rtt_seconds ?? 0};
	return [
		byLabel(
			'probe_icmp_duration_seconds',
			'Seconds of each phase; rtt is the median of the replies.',
			'phase',
			seconds,
		),
		...maybe('probe_icmp_loss_ratio', 'Share of echo requests without a reply.', values.loss_ratio),
		...maybe(
			'probe_icmp_jitter_seconds',
			'Mean difference between round trips that follow each other.',
			values.jitter_seconds,
		),
		...maybe('probe_icmp_pings_sent', 'Echo requests that were sent.', values.pings_sent),
		...maybe('probe_icmp_pings_lost', 'Echo requests without a reply.', values.pings_lost),
	];
}

function exposeTunnel({values, facts}: Read): Family[] {
	const rungs = {disco: values.disco_seconds, tsmp: values.tsmp_seconds, icmp: values.icmp_seconds};
	const answered = Object.entries(rungs).flatMap(([rung, seconds]) =>
		seconds === undefined ? [] : [[rung, seconds] as const],
	);
	const paths = ['direct', 'derp', 'peer_relay'];
	const {path, derp_region: region} = facts;
	return [
		...(answered.length === 0
			? []
			: [
					byLabel(
						'probe_tunnel_rtt_seconds',
						'Round trip of each rung that answered.',
						'rung',
						Object.fromEntries(answered),
					),
				]),
		...(path && paths.includes(path)
			? [
					byLabel(
						'probe_tunnel_path',
						'The path that packets take is 1.',
						'path',
						Object.fromEntries(paths.map(each => [each, each === path ? 1 : 0])),
					),
				]
			: []),
		...(region ? [info('probe_tunnel_derp_region_info', 'DERP region that relays.', {region})] : []),
		...maybe('probe_tunnel_loss_ratio', 'Share of TSMP pings without an answer.', values.loss_ratio),
		...maybe('probe_tunnel_overhead_seconds', 'TSMP minus disco round trip on a direct path.', values.overhead_seconds),
	];
}

function one(name: string, help: string, value: number): Family {
	return {name, help, samples: [['', value]]};
}

function maybe(name: string, help: string, value: number | undefined): Family[] {
	return value === undefined ? [] : [one(name, help, value)];
}

function info(name: string, help: string, labels: Record<string, string>): Family {
	const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(oneLine(value, 100))}"`);
	return {name, help, samples: [[`{${pairs.join(',')}}`, 1]]};
}

function byLabel(name: string, help: string, label: string, values: Record<string, number>): Family {
	return {
		name,
		help,
		samples: Object.entries(values).map(([value, number]) => [`{${label}="${escapeLabel(value)}"}`, number]),
	};
}

function pick(values: Read['values'], names: readonly string[]): Record<string, number> {
	return Object.fromEntries(names.map(name => [name, values[name] ?? 0]));
}

function formatFamily({name, help, samples}: Family): string {
	const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
	return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function escapeLabel(text: string): string {
	return text.replace(/[\\"]/g, '\\$&');
}

/** FNV-1a (32 bits) of the address's 4 or 16 bytes, as blackbox_exporter computes it; 0 without an address. */
function hashAddress(address: string | undefined): number {
	const bytes = bytesOf(address ?? '');
	if (bytes.length === 0) return 0;
	let hash = 0x811c9dc5;
	for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash >>> 0;
}

function bytesOf(address: string): number[] {
	if (isIPv4(address)) return address.split('.').map(Number);
	if (!isIPv6(address)) return [];
	// The URL parser writes every IPv6 address in hexadecimal groups with at most one gap.
	const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
	const [head = '', tail] = canonical.split('::');
	const groups = (text: string | undefined) => (text ? text.split(':') : []);
	const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
	return [...groups(head), ...Array(gap).fill('0'), ...groups(tail)].flatMap(group => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 0xff];
	});
}

/** What happened in words, in order. */
function tellStory({check, outcome, timeoutMs, module}: Ran): string[] {
	const {reading, verdict, reason, detail} = outcome;
	const {facts = {}, phases = {}, values = {}} = reading ?? {};
	const {address, resolved_by: by, phase, path, derp_region: region, final_url: finalUrl, body_start: body} = facts;
	const lines = [
		`${formatTime(outcome.startedAt)} ${module.prober} probe by module ${module.name} from ${check.vantage} of ${withoutUserInfo(check.target.address)}, via ${check.target.via}`,
		`allowed to take ${formatDurationMs(timeoutMs)}`,
	];
	if (address)
		lines.push(`address ${address}${by ? ` (${describeResolver(by, phases.resolve ?? values.resolve_seconds)})` : ''}`);
	for (const [name, seconds] of Object.entries(phases)) lines.push(`${name} took ${milliseconds(seconds)}`);
	if (finalUrl && finalUrl !== check.target.address) lines.push(`ended at ${withoutUserInfo(finalUrl)}`);
	if (path) lines.push(`path ${path}${region ? ` through DERP region ${region}` : ''}`);
	for (const [name, value] of Object.entries(values))
		lines.push(
			name.endsWith('_seconds') && Math.abs(value) < 1000
				? `${name.slice(0, -8)} ${milliseconds(value)}`
				: `${name} ${value}`,
		);
	if (outcome.late)
		lines.push(`tailprobe's own thread was ${outcome.latenessMs.toFixed(0)} ms late: these times are too high`);
	lines.push(
		`${verdict}${reason ? `, reason ${reason}` : ''}${phase && verdict === 'down' ? ` in phase ${phase}` : ''}, after ${milliseconds(outcome.durationMs / 1000)}`,
	);
	if (detail) lines.push(detail);
	if (verdict === 'down' && assumesPort80(check.type, check.target.address))
		lines.push('the target names neither scheme nor port: port 80 was assumed');
	if (body) lines.push(`the answer begins: ${body}`);
	return lines.map(line => oneLine(line, 500));
}

function milliseconds(seconds: number): string {
	return `${(seconds * 1000).toFixed(3)} ms`;
}
