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
