/** What each probe type tells in blackbox_exporter's words. */

import {hashAddress} from './address-hash.ts';
import {byLabel, type Family, info, maybe, one} from './families.ts';

export interface Read {
	phases: Partial<Record<string, number>>;
	values: Partial<Record<string, number>>;
	facts: Partial<Record<string, string>>;
}

/** What a run of that type tells besides success and duration. */
export function exposeReading(type: string, reading: Read): Family[] {
	if (type === 'tunnel') return exposeTunnel(reading);
	return [...exposeDial(reading), ...(exposers[type] ?? exposeOther(type))(reading)];
}

const exposers: Record<string, (reading: Read) => Family[]> = {
	http: exposeHttp,
	http_warm: exposeHttp,
	tcp: exposeTcp,
	icmp: exposeIcmp,
	dns: exposeDns,
};

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
			inTheirPhases(phases),
		),
		one('probe_http_status_code', 'Status of the last response, 0 without one.', values.status_code ?? 0),
		one('probe_http_version', 'HTTP version of the last response.', Number(facts.http_version) || 0),
		one('probe_http_redirects', 'Redirects that were followed.', values.redirects ?? 0),
		one('probe_http_ssl', 'Whether the last response came over TLS.', answered ? (values.ssl ?? 0) : 0),
		one(
			'probe_http_content_length',
			'Content-Length of the last response in bytes, -1 where it has a body and tells none.',
			values.content_length ?? (answered && !bodiless.has(values.status_code ?? 0) ? -1 : 0),
		),
		one(
			'probe_http_uncompressed_body_length',
			'Bytes of the body after decompression.',
			values.uncompressed_body_bytes ?? values.body_bytes ?? 0,
		),
		one('probe_failed_due_to_regex', 'Whether a pattern made the probe fail.', values.failed_due_to_regex ?? 0),
		...maybe(
			'probe_http_last_modified_timestamp_seconds',
			'Last-Modified of the last response.',
			values.last_modified_seconds,
		),
		...exposeTls(values, facts),
	];
}

/** Statuses whose answers have no body: its length is known without being told. */
const bodiless: ReadonlySet<number> = new Set([204, 304]);

function exposeTcp({phases, values, facts}: Read): Family[] {
	const labels = Object.entries(facts).flatMap(([fact, text]) =>
		fact.startsWith('expect_') && text !== undefined ? [[fact.slice('expect_'.length), text] as const] : [],
	);
	return [
		one('probe_failed_due_to_regex', 'Whether an expected answer did not come.', values.failed_due_to_regex ?? 0),
		one('probe_failed_due_to_bytes', 'Whether expected bytes did not come.', values.failed_due_to_bytes ?? 0),
		...(labels.length > 0
			? [info('probe_expect_info', 'What the labels of an expected answer found.', Object.fromEntries(labels))]
			: []),
		byLabel('probe_tcp_duration_seconds', 'Seconds of each phase.', 'phase', inTheirPhases(phases)),
		...exposeTls(values, facts),
	];
}

function exposeDns({phases, values, facts}: Read): Family[] {
	const {
		resolve = 0,
		connect = 0,
		tls = 0,
		request = 0,
	} = {
		...inTheirPhases(phases),
		request: phases.processing,
	};
	return [
		byLabel('probe_dns_duration_seconds', 'Seconds of each phase; connect with TLS in it.', 'phase', {
			resolve,
			connect: connect + tls,
			request,
		}),
		one('probe_dns_answer_rrs', 'Records in the answer section.', values.answer_rrs ?? 0),
		one('probe_dns_authority_rrs', 'Records in the authority section.', values.authority_rrs ?? 0),
		one('probe_dns_additional_rrs', 'Records in the additional section.', values.additional_rrs ?? 0),
		one('probe_dns_query_succeeded', 'Whether the server answered at all.', values.query_succeeded ?? 0),
		...maybe('probe_dns_serial', 'Serial number of the zone, where SOA was asked for.', values.serial),
		...exposeTls(values, facts).filter(({name}) => !name.startsWith('probe_ssl_last')),
	];
}

/** A type that blackbox_exporter does not have: its phases, and its values under their own names. */
function exposeOther(type: string): (reading: Read) => Family[] {
	return ({phases, values, facts}) => [
		byLabel(`probe_${type}_duration_seconds`, 'Seconds of each phase.', 'phase', inTheirPhases(phases)),
		...Object.entries(values).flatMap(([name, value]) =>
			/^tls_|[^a-z0-9_]/.test(name) ? [] : maybe(`probe_${type}_${name}`, `The reading's ${name}.`, value),
		),
		...exposeTls(values, facts),
	];
}

/** All phases that they have, 0 where there was none; through a proxy the way to it is their connect. */
function inTheirPhases(phases: Read['phases']): Record<string, number> {
	const {resolve = 0, connect, connect_proxy: proxied, tls = 0, processing = 0, transfer = 0} = phases;
	return {resolve, connect: connect ?? proxied ?? 0, tls, processing, transfer};
}

function exposeTls(values: Read['values'], facts: Read['facts']): Family[] {
	const {tls_version: version, tls_cipher: cipher, tls_fingerprint_sha256: fingerprint} = facts;
	return [
		...maybe(
			'probe_ssl_earliest_cert_expiry',
			'When the first certificate of the chain expires, Unix time.',
			values.tls_earliest_cert_expiry_seconds,
		),
		...maybe(
			'probe_ssl_last_chain_expiry_timestamp_seconds',
			'When the verified chain expires, Unix time.',
			values.tls_chain_expiry_seconds,
		),
		...(fingerprint
			? [
					info('probe_ssl_last_chain_info', 'The certificate that was presented.', {
						fingerprint_sha256: fingerprint,
						subject: facts.tls_subject ?? '',
						issuer: facts.tls_issuer ?? '',
						subjectalternative: dnsNames(facts.tls_names ?? ''),
						serialnumber: facts.tls_serial ?? '',
					}),
				]
			: []),
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

/** Of `DNS:a.example, IP Address:10.0.0.1` the names, as they write them. */
function dnsNames(subjectAltName: string): string {
	const names = subjectAltName.split(/,\s*/).flatMap(entry => /^DNS:(.*)$/.exec(entry)?.[1] ?? []);
	return names.join(',');
}
