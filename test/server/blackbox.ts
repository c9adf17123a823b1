import test from 'ava';
import {exposeProbe} from '../../src/server/blackbox.ts';
import type {AdhocAnswer} from '../../src/server/types.ts';
import {aCheck, anHttpOutcome, anOutcome, ranAnswer} from '../helpers/fake-daemon.ts';

type Ran = AdhocAnswer & {kind: 'ran'};

/** The samples without comments. */
function samples(answer: AdhocAnswer): string[] {
	const text = exposeProbe(answer as Ran);
	return text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
}

test('an HTTP target that is up has every series that users of blackbox_exporter know', t => {
	t.deepEqual(samples(ranAnswer()), [
		'probe_dns_lookup_time_seconds 0.0012',
		'probe_duration_seconds 0.02',
		'probe_failed_due_to_regex 0',
		'probe_http_content_length 2',
		'probe_http_duration_seconds{phase="resolve"} 0.0012',
		'probe_http_duration_seconds{phase="connect"} 0.0021',
		'probe_http_duration_seconds{phase="tls"} 0.004',
		'probe_http_duration_seconds{phase="processing"} 0.0045',
		'probe_http_duration_seconds{phase="transfer"} 0.0007',
		'probe_http_redirects 0',
		'probe_http_ssl 1',
		'probe_http_status_code 200',
		'probe_http_uncompressed_body_length 2',
		'probe_http_version 1.1',
		'probe_ip_addr_hash 1219510072',
		'probe_ip_protocol 4',
		'probe_ssl_earliest_cert_expiry 1790000000',
		'probe_success 1',
		'probe_timeout_seconds 5',
		'probe_tls_cipher_info{cipher="TLS_AES_128_GCM_SHA256"} 1',
		'probe_tls_version_info{version="TLS 1.3"} 1',
	]);
});

test('a target that never answered keeps its series at zero, and says why it is down', t => {
	const down = anOutcome({verdict: 'down', reason: 'resolve', durationMs: 5000});

	t.deepEqual(samples(ranAnswer(down)), [
		'probe_dns_lookup_time_seconds 0',
		'probe_duration_seconds 5',
		'probe_failed_due_to_regex 0',
		'probe_failure_info{reason="resolve"} 1',
		'probe_http_content_length 0',
		...['resolve', 'connect', 'tls', 'processing', 'transfer'].map(
			phase => `probe_http_duration_seconds{phase="${phase}"} 0`,
		),
		'probe_http_redirects 0',
		'probe_http_ssl 0',
		'probe_http_status_code 0',
		'probe_http_uncompressed_body_length 0',
		'probe_http_version 0',
		'probe_ip_addr_hash 0',
		'probe_ip_protocol 0',
		'probe_success 0',
		'probe_timeout_seconds 5',
	]);
});

test('a response without Content-Length has -1 there, and Last-Modified only where it was sent', t => {
	const reading = {
		ok: true,
		values: {status_code: 200, last_modified_seconds: 1_700_000_000},
		facts: {http_version: '2.0'},
	};

	const lines = samples(ranAnswer(anOutcome({reading})));

	t.true(lines.includes('probe_http_content_length -1'));
	t.true(lines.includes('probe_http_version 2'));
	t.true(lines.includes('probe_http_last_modified_timestamp_seconds 1700000000'));
});

test('an ICMP target has its three phases, loss and jitter', t => {
	const reading = {
		ok: true,
		phases: {resolve: 0.001},
		values: {rtt_seconds: 0.0061, loss_ratio: 0.2, jitter_seconds: 0.0004, pings_sent: 5, pings_lost: 1},
		facts: {address: '100.64.0.3', family: '4'},
	};

	const lines = samples(ranAnswer(anOutcome({reading}), aCheck({type: 'icmp'})));

	t.deepEqual(
		lines.filter(line => line.startsWith('probe_icmp_')),
		[
			'probe_icmp_duration_seconds{phase="resolve"} 0.001',
			'probe_icmp_duration_seconds{phase="setup"} 0',
			'probe_icmp_duration_seconds{phase="rtt"} 0.0061',
			'probe_icmp_jitter_seconds 0.0004',
			'probe_icmp_loss_ratio 0.2',
			'probe_icmp_pings_lost 1',
			'probe_icmp_pings_sent 5',
		],
	);
});

test('a TCP target with TLS has its phases and its certificate', t => {
	const reading = {
		ok: true,
		phases: {resolve: 0, connect: 0.002, tls: 0.005},
		values: {tls_earliest_cert_expiry_seconds: 1_790_000_000},
		facts: {address: 'fd7a:115c:a1e0::1', family: '6', tls_version: 'TLSv1.2'},
	};

	const lines = samples(ranAnswer(anOutcome({reading}), aCheck({type: 'tcp'})));

	t.true(lines.includes('probe_tcp_duration_seconds{phase="tls"} 0.005'));
	t.true(lines.includes('probe_ssl_earliest_cert_expiry 1790000000'));
	t.true(lines.includes('probe_tls_version_info{version="TLS 1.2"} 1'));
	t.true(lines.includes('probe_ip_protocol 6'));
	t.false(lines.some(line => line.startsWith('probe_http')));
});

test('what an expected line told, and what did not come, is there under their names', t => {
	const reading = {
		ok: false,
		phases: {resolve: 0, connect: 0.002, processing: 0.1},
		values: {failed_due_to_regex: 0, failed_due_to_bytes: 1},
		facts: {expect_software: 'postfix "3"'},
	};

	const lines = samples(ranAnswer(anOutcome({reading}), aCheck({type: 'tcp'})));

	t.true(lines.includes('probe_failed_due_to_bytes 1'));
	t.true(lines.includes('probe_expect_info{software="postfix \\"3\\""} 1'), lines.join('\n'));
});

test('a DNS server has its three phases, the sizes of its sections, and the serial of a zone', t => {
	const reading = {
		ok: true,
		phases: {resolve: 0.001, connect: 0.002, tls: 0.003, processing: 0.01},
		values: {query_succeeded: 1, answer_rrs: 2, authority_rrs: 1, additional_rrs: 3, serial: 2_026_010_101, rcode: 0},
		facts: {address: '100.100.100.100', family: '4'},
	};

	const lines = samples(ranAnswer(anOutcome({reading}), aCheck({type: 'dns'})));

	t.deepEqual(
		lines.filter(line => line.startsWith('probe_dns_')),
		[
			'probe_dns_additional_rrs 3',
			'probe_dns_answer_rrs 2',
			'probe_dns_authority_rrs 1',
			'probe_dns_duration_seconds{phase="resolve"} 0.001',
			'probe_dns_duration_seconds{phase="connect"} 0.005',
			'probe_dns_duration_seconds{phase="request"} 0.01',
			'probe_dns_lookup_time_seconds 0.001',
			'probe_dns_query_succeeded 1',
			'probe_dns_serial 2026010101',
		],
	);
});

test('a certificate is told under their names, on one line whatever stands in it', t => {
	const reading = {
		ok: true,
		values: {tls_chain_expiry_seconds: 1_790_000_001},
		facts: {
			tls_fingerprint_sha256: 'ab12',
			tls_subject: 'CN=a"\nprobe_success 1',
			tls_issuer: 'CN=ca',
			tls_names: 'DNS:a.example, IP Address:10.0.0.1, DNS:b.example',
			tls_serial: '01',
		},
	};

	const lines = samples(ranAnswer(anOutcome({reading})));

	t.true(lines.includes('probe_ssl_last_chain_expiry_timestamp_seconds 1790000001'));
	t.true(
		lines.includes(
			'probe_ssl_last_chain_info{fingerprint_sha256="ab12",subject="CN=a\\" probe_success 1",issuer="CN=ca",subjectalternative="a.example,b.example",serialnumber="01"} 1',
		),
		lines.join('\n'),
	);
});

test('through a proxy the way to it is the phase connect', t => {
	const reading = {ok: true, phases: {resolve: 0, connect_proxy: 0.03, processing: 0.01}, values: {}, facts: {}};

	const lines = samples(ranAnswer(anOutcome({reading})));

	t.true(lines.includes('probe_http_duration_seconds{phase="connect"} 0.03'));
	t.false(lines.some(line => line.includes('connect_proxy')));
});

test('an unpacked body has the length that it has unpacked, and HTTP/2 is 2', t => {
	const reading = {
		ok: true,
		values: {status_code: 200, body_bytes: 10, uncompressed_body_bytes: 4000},
		facts: {http_version: '2.0'},
	};

	const lines = samples(ranAnswer(anOutcome({reading})));

	t.true(lines.includes('probe_http_uncompressed_body_length 4000'));
	t.true(lines.includes('probe_http_version 2'));
});

test('a type that blackbox_exporter does not have tells its phases and its values', t => {
	const reading = {
		ok: true,
		phases: {resolve: 0, connect: 0.002, processing: 0.01},
		values: {status_code: 401, tls_earliest_cert_expiry_seconds: 1_790_000_000},
		facts: {},
	};

	const lines = samples(ranAnswer(anOutcome({reading}), aCheck({type: 'ws'})));

	t.true(lines.includes('probe_ws_duration_seconds{phase="processing"} 0.01'));
	t.true(lines.includes('probe_ws_status_code 401'));
	t.true(lines.includes('probe_ssl_earliest_cert_expiry 1790000000'));
	t.false(lines.some(line => line.startsWith('probe_ws_tls')));
});

test('a tunnel has its rungs, its path as a state set, and no address series', t => {
	const reading = {
		ok: true,
		values: {disco_seconds: 0.02, tsmp_seconds: 0.031, loss_ratio: 0},
		facts: {path: 'derp', derp_region: 'fra'},
	};

	const lines = samples(ranAnswer(anOutcome({reading}), aCheck({type: 'tunnel'})));

	t.deepEqual(lines, [
		'probe_duration_seconds 0.02',
		'probe_success 1',
		'probe_timeout_seconds 5',
		'probe_tunnel_derp_region_info{region="fra"} 1',
		'probe_tunnel_loss_ratio 0',
		'probe_tunnel_path{path="direct"} 0',
		'probe_tunnel_path{path="derp"} 1',
		'probe_tunnel_path{path="peer_relay"} 0',
		'probe_tunnel_rtt_seconds{rung="disco"} 0.02',
		'probe_tunnel_rtt_seconds{rung="tsmp"} 0.031',
	]);
});

test('a number that is none is left out', t => {
	const reading = {
		ok: true,
		values: {status_code: 200, content_length: Number.NaN, body_bytes: Infinity},
		facts: {http_version: 'x'},
	};

	const lines = samples(ranAnswer(anOutcome({reading})));

	t.true(lines.includes('probe_http_content_length -1'));
	t.true(lines.includes('probe_http_version 0'));
	t.deepEqual(
		lines.filter(line => /NaN|Infinity/.test(line)),
		[],
	);
});

test('a handshake that failed is no answer over TLS, as with blackbox_exporter', t => {
	const reading = {ok: false, values: {ssl: 1, redirects: 0}, facts: {}};

	const lines = samples(ranAnswer(anOutcome({verdict: 'down', reason: 'tls', reading})));

	t.true(lines.includes('probe_http_ssl 0'));
});

test('an answer that can have no body has the length 0, as with blackbox_exporter', t => {
	const reading = {ok: true, values: {status_code: 204, body_bytes: 0}, facts: {http_version: '1.1'}};

	const lines = samples(ranAnswer(anOutcome({reading})));

	t.true(lines.includes('probe_http_content_length 0'));
});

test('text from outside stays inside its label', t => {
	const reading = {ok: true, values: {status_code: 200}, facts: {tls_cipher: 'a"\\\nprobe_success 1'}};

	const lines = samples(ranAnswer(anOutcome({verdict: 'down', reason: 'tls', reading})));

	t.true(lines.includes('probe_tls_cipher_info{cipher="a\\"\\\\ probe_success 1"} 1'));
	t.deepEqual(
		lines.filter(line => line.startsWith('probe_success')),
		['probe_success 0'],
	);
});

// The first is what a running blackbox_exporter gives for the address; the others were computed apart from this program.
for (const [address, hash] of [
	['127.0.0.1', 3_668_918_509],
	['::1', 1_751_717_746],
	['fd7a:115c:a1e0::1', 1_668_121_933],
	['fd7a:115c:a1e0::ab12:4843:cd96:6240', 2_511_508_719],
	['not an address', 0],
] as const)
	test(`the hash of ${address} does not change`, t => {
		const reading = {ok: true, values: {}, facts: {address}};

		const lines = samples(ranAnswer(anHttpOutcome({reading})));

		t.true(
			lines.includes(`probe_ip_addr_hash ${hash}`),
			lines.find(line => line.startsWith('probe_ip_addr_hash')),
		);
	});
