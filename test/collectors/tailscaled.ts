import {readFileSync} from 'node:fs';
import test from 'ava';
import {tailscaledCollector} from '../../src/collectors/tailscaled.ts';
import {parseExposition} from '../../src/headscale/exposition.ts';
import {parseBusLine} from '../../src/tailscaled/health.ts';
import {parseStatus} from '../../src/tailscaled/status.ts';
import type {TailscaledState} from '../../src/tailscaled/types.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = Date.UTC(2026, 10, 22, 19);
const recorded = (name: string) => readFileSync(new URL(`../fixtures/localapi/${name}`, import.meta.url), 'utf8');
const nothing: TailscaledState = {status: {}, health: {}, metrics: {}, derpmap: {}};
const read = <T>(value: T, agoMs = 0) => ({triedAt: nowMs - agoMs, succeededAt: nowMs - agoMs, seconds: 0.01, value});
const metrics = (text: string, agoMs = 0) => read({text, families: parseExposition(text)}, agoMs);
const status = (name: string) => read(parseStatus(recorded(`${name}.json`)));
const warnings = (name: string, line: number) =>
	read(parseBusLine(Buffer.from(recorded(`${name}.jsonl`).split('\n')[line] ?? '')) ?? []);

/** Lines of one vantage, without prefix and vantage. */
function told(t: Parameters<typeof collect>[0], state: Partial<TailscaledState>): string[] {
	const lines = collect(t, tailscaledCollector, [{vantage: 'cluster', state: {...nothing, ...state}}], nowMs);
	return lines.map(line =>
		line
			.replace('tailprobe_tailscaled_', '')
			.replace(/vantage="cluster",?/, '')
			.replace('{}', ''),
	);
}

test('its rows keep to the rules', t => {
	checkRows(t, tailscaledCollector);
});

test('before anything was read nothing is told', t => {
	t.deepEqual(told(t, {}), []);
});

test('a sound tailscaled is told', t => {
	const lines = told(t, {
		status: status('status-no-peers'),
		health: read([]),
		derpmap: read({regions: 1, nodes: 1}),
	});

	t.deepEqual(lines, [
		'addresses 2',
		'backend_state{state="InUseOtherUser"} 0',
		'backend_state{state="NeedsLogin"} 0',
		'backend_state{state="NeedsMachineAuth"} 0',
		'backend_state{state="NoState"} 0',
		'backend_state{state="Running"} 1',
		'backend_state{state="Starting"} 0',
		'backend_state{state="Stopped"} 0',
		'backend_state{state="other"} 0',
		'derp_map_nodes 1',
		'derp_map_regions 1',
		'health_by_code 1',
		'health_messages 0',
		'health_warnings{severity="high"} 0',
		'health_warnings{severity="low"} 0',
		'health_warnings{severity="medium"} 0',
		'health_warnings{severity="unknown"} 0',
		'info{version="1.102.3-ERR-BuildInfo",domain="tail.ozzu.world",home_relay="lab",tags=""} 1',
		'self_online 1',
		'tun 1',
	]);
});

test('a control server that is gone shows in self_online while the state stays Running', t => {
	const lines = told(t, {status: status('status-control-down'), health: warnings('bus-control-down', 1)});

	t.true(lines.includes('self_online 0'));
	t.true(lines.includes('backend_state{state="Running"} 1'));
	t.true(lines.includes('health_warning{code="mapresponse-timeout"} 1'));
	t.true(lines.includes('health_warning{code="no-derp-connection"} 1'));
	t.true(lines.includes('health_warnings{severity="medium"} 3'));
});

test('userspace networking and the expiry of the own key are told', t => {
	t.true(told(t, {status: status('status-userspace')}).includes('tun 0'));
	const expired = told(t, {status: status('status-needs-login')});
	t.true(expired.includes('backend_state{state="NeedsLogin"} 1'));
	t.true(expired.includes(`key_expiry_timestamp_seconds ${Date.UTC(2026, 10, 22, 18, 27, 52) / 1000}`));
});

test('user metrics are summed up by path and reason, and every reason begins at zero', t => {
	const lines = told(t, {
		metrics: metrics(
			[
				'tailscaled_home_derp_region_id 999',
				'# TYPE tailscaled_inbound_bytes_total counter',
				'tailscaled_inbound_bytes_total{path="derp"} 5',
				'tailscaled_inbound_bytes_total{path="direct_ipv4"} 100',
				'tailscaled_inbound_bytes_total{path="direct_ipv6"} 20',
				'tailscaled_inbound_bytes_total{path="peer_relay_ipv4"} 3',
				'tailscaled_inbound_bytes_total{path="carrier pigeon"} 1',
				'# TYPE tailscaled_outbound_dropped_packets_total counter',
				'tailscaled_outbound_dropped_packets_total{reason="acl"} 4',
				'tailscaled_outbound_dropped_packets_total{reason="new"} 2',
				'',
			].join('\n'),
		),
	});

	t.deepEqual(lines, [
		'bytes_total{direction="inbound",path="derp"} 5',
		'bytes_total{direction="inbound",path="direct"} 120',
		'bytes_total{direction="inbound",path="other"} 1',
		'bytes_total{direction="inbound",path="peer_relay"} 3',
		'dropped_packets_total{direction="outbound",reason="acl"} 4',
		'dropped_packets_total{direction="outbound",reason="error"} 0',
		'dropped_packets_total{direction="outbound",reason="fragment"} 0',
		'dropped_packets_total{direction="outbound",reason="link_local_unicast"} 0',
		'dropped_packets_total{direction="outbound",reason="multicast"} 0',
		'dropped_packets_total{direction="outbound",reason="other"} 2',
		'dropped_packets_total{direction="outbound",reason="too_short"} 0',
		'dropped_packets_total{direction="outbound",reason="unknown_protocol"} 0',
		'home_derp_region_id 999',
	]);
});

test('the real user metrics have every family that is translated', t => {
	const lines = told(t, {metrics: metrics(recorded('usermetrics.prom'))});

	t.true(lines.includes('bytes_total{direction="outbound",path="direct"} 296'));
	t.true(lines.includes('dropped_packets_total{direction="outbound",reason="multicast"} 8'));
	t.true(lines.includes('dropped_packets_total{direction="inbound",reason="acl"} 0'));
	t.true(lines.includes('home_derp_region_id 999'));
});

test('a counter that began anew is told as it is, so that Prometheus sees the reset', t => {
	const bytes = (count: number) =>
		told(t, {metrics: metrics(`tailscaled_inbound_bytes_total{path="derp"} ${count}\n`)});

	t.deepEqual(bytes(900), ['bytes_total{direction="inbound",path="derp"} 900']);
	t.deepEqual(bytes(7), ['bytes_total{direction="inbound",path="derp"} 7']);
});

test('an old tailscaled without a family leaves it out instead of saying zero', t => {
	t.deepEqual(told(t, {metrics: metrics('tailscaled_health_messages{type="warning"} 0\n')}), []);
});

test('after a read that failed, and after three intervals of silence, nothing of it is told', t => {
	const failed = {...status('status-no-peers'), error: 'it hangs'};

	t.deepEqual(told(t, {status: failed}), []);
	t.deepEqual(told(t, {metrics: metrics('tailscaled_home_derp_region_id 999\n', 45_001)}), []);
});

test('a bus that cannot be read shows, while the number of messages stays', t => {
	const lines = told(t, {status: status('status-stopped'), health: {triedAt: nowMs, error: 'denied'}});

	t.true(lines.includes('health_by_code 0'));
	t.true(lines.includes('health_messages 1'));
	t.false(lines.some(line => line.startsWith('health_warning')));
});
