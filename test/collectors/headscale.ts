import {readFileSync} from 'node:fs';
import test from 'ava';
import {headscaleCollector} from '../../src/collectors/headscale.ts';
import {parseExposition} from '../../src/headscale/exposition.ts';
import {parseNodes} from '../../src/headscale/nodes.ts';
import type {HeadscaleState} from '../../src/headscale/types.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = Date.UTC(2026, 10, 22, 16);
const intervalMs = 15_000;
const recorded = (name: string) => readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8');

const nothing: HeadscaleState = {health: {}, nodes: {}, metrics: {}, version: {}};
const read = <T>(value: T, agoMs = 0) => ({triedAt: nowMs - agoMs, succeededAt: nowMs - agoMs, seconds: 0.1, value});
const metrics = (text: string, agoMs = 0) => read({text, families: parseExposition(text)}, agoMs);

/** The state after reading a recorded headscale. */
function recordedState(version: string): HeadscaleState {
	const list = parseNodes(JSON.parse(recorded(`${version}/rest-node.json`)));
	if (!list) throw new Error('no list');
	return {...nothing, nodes: read(list), metrics: metrics(recorded(`${version}/metrics.prom`))};
}

const names = (lines: string[]) => [
	...new Set(lines.map(line => line.replace(/[ {].*/, '').replace('tailprobe_headscale_', ''))),
];

test('its rows keep to the rules', t => {
	checkRows(t, headscaleCollector);
});

test('before anything was read nothing is told', t => {
	t.deepEqual(collect(t, headscaleCollector, {state: nothing, intervalMs}, nowMs), []);
});

test('headscale 0.23 is translated', t => {
	t.deepEqual(collect(t, headscaleCollector, {state: recordedState('0.23.0'), intervalMs}, nowMs), [
		'tailprobe_headscale_connected_nodes 4',
		'tailprobe_headscale_endpoint_updates_total{status="ok"} 15',
		'tailprobe_headscale_http_requests_total{code="200"} 16',
		'tailprobe_headscale_map_responses_total{type="full"} 6',
		'tailprobe_headscale_map_responses_total{type="patch"} 8',
		'tailprobe_headscale_map_responses_total{type="peers"} 10',
		'tailprobe_headscale_map_sessions_ended_total{reason="cancelled"} 0',
		'tailprobe_headscale_map_sessions_ended_total{reason="done"} 2',
		'tailprobe_headscale_node_list_problems 0',
		'tailprobe_headscale_nodes_ephemeral 5',
		'tailprobe_headscale_nodes_expired 0',
		'tailprobe_headscale_nodes{state="offline"} 1',
		'tailprobe_headscale_nodes{state="online"} 4',
		'tailprobe_headscale_nodes{state="unknown"} 0',
	]);
});

test('headscale 0.26 is translated to the same', t => {
	const lines = collect(t, headscaleCollector, {state: recordedState('0.26.1'), intervalMs}, nowMs);

	t.true(lines.includes('tailprobe_headscale_http_requests_total{code="404"} 1'));
	t.deepEqual(names(lines), names(collect(t, headscaleCollector, {state: recordedState('0.23.0'), intervalMs}, nowMs)));
});

test('headscale 0.29 is translated', t => {
	const lines = collect(t, headscaleCollector, {state: recordedState('0.29.2'), intervalMs}, nowMs);

	t.deepEqual(
		lines.filter(line => !line.includes('_store_operation')),
		[
			'tailprobe_headscale_endpoint_updates_total{status="ok"} 16',
			'tailprobe_headscale_map_responses_total{type="full"} 5',
			'tailprobe_headscale_map_responses_total{type="patch"} 20',
			'tailprobe_headscale_map_responses_total{type="peers"} 61',
			'tailprobe_headscale_map_responses_total{type="policy"} 10',
			'tailprobe_headscale_map_sessions_ended_total{reason="cancelled"} 0',
			'tailprobe_headscale_map_sessions_ended_total{reason="done"} 1',
			'tailprobe_headscale_node_list_problems 0',
			'tailprobe_headscale_nodes_ephemeral 5',
			'tailprobe_headscale_nodes_expired 0',
			'tailprobe_headscale_nodes{state="offline"} 1',
			'tailprobe_headscale_nodes{state="online"} 4',
			'tailprobe_headscale_nodes{state="unknown"} 0',
			'tailprobe_headscale_store_nodes 5',
			'tailprobe_headscale_store_queue_depth 0',
			'tailprobe_headscale_store_snapshot_seconds_total 0.000804803',
			'tailprobe_headscale_store_snapshots_total 25',
		],
	);
	t.true(lines.includes('tailprobe_headscale_store_operations_total{operation="update"} 27'));
	t.true(lines.includes('tailprobe_headscale_store_operation_seconds_total{operation="put"} 1.1384115270000001'));
	t.false(lines.some(line => line.includes('"other"')));
});

test('headscale 0.30 is translated, with what its process says', t => {
	const lines = collect(t, headscaleCollector, {state: recordedState('0.30-dev'), intervalMs}, nowMs);

	for (const line of [
		'tailprobe_headscale_map_responses_total{type="keepalive"} 15',
		'tailprobe_headscale_process_cpu_seconds_total 3.11',
		'tailprobe_headscale_process_max_fds 20000',
		'tailprobe_headscale_process_open_fds 26',
		'tailprobe_headscale_process_resident_memory_bytes 56459264',
		'tailprobe_headscale_process_start_timestamp_seconds 1795352302.11',
		'tailprobe_headscale_store_queue_depth 1',
	]) {
		t.true(lines.includes(line), line);
	}
	t.false(lines.some(line => line.includes('"other"')));
});

test('the node store of 0.27 and 0.28 goes by its later name', t => {
	const state = {
		...nothing,
		metrics: metrics('# TYPE headscale_nodestore_nodes_total gauge\nheadscale_nodestore_nodes_total 3\n'),
	};

	t.true(collect(t, headscaleCollector, {state, intervalMs}, nowMs).includes('tailprobe_headscale_store_nodes 3'));
});

test('counters that every version has begin at zero', t => {
	const state = {...nothing, metrics: metrics('# TYPE headscale_nodestore_nodes gauge\nheadscale_nodestore_nodes 0\n')};

	t.deepEqual(collect(t, headscaleCollector, {state, intervalMs}, nowMs), [
		'tailprobe_headscale_endpoint_updates_total{status="ok"} 0',
		'tailprobe_headscale_map_sessions_ended_total{reason="cancelled"} 0',
		'tailprobe_headscale_map_sessions_ended_total{reason="done"} 0',
		'tailprobe_headscale_store_nodes 0',
	]);
});

test('metrics of another program are not headscale at zero', t => {
	const state = {...nothing, metrics: metrics('up 1\n')};

	t.deepEqual(collect(t, headscaleCollector, {state, intervalMs}, nowMs), []);
});

test('words that are not known become other, so that labels stay closed', t => {
	const text = [
		'headscale_mapresponse_ended_total{reason="a"} 1',
		'headscale_mapresponse_ended_total{reason="b"} 2',
		'headscale_mapresponse_ended_total{reason="constructor"} 4',
		'headscale_mapresponse_ended_total{reason="done"} NaN',
		'headscale_http_requests_total{code="\\"><img>"} 1',
		'',
	].join('\n');

	const lines = collect(t, headscaleCollector, {state: {...nothing, metrics: metrics(text)}, intervalMs}, nowMs);

	t.true(lines.includes('tailprobe_headscale_map_sessions_ended_total{reason="other"} 7'));
	t.true(lines.includes('tailprobe_headscale_map_sessions_ended_total{reason="done"} 0'));
	t.true(lines.includes('tailprobe_headscale_http_requests_total{code="other"} 1'));
});

test('health and version are told', t => {
	const state = {...nothing, health: read(true), version: read('v0.29.2')};

	t.deepEqual(collect(t, headscaleCollector, {state, intervalMs}, nowMs), [
		'tailprobe_headscale_build_info{version="v0.29.2"} 1',
		'tailprobe_headscale_health 1',
		'tailprobe_headscale_restart_grace 0',
	]);
	const failing = {...nothing, health: read(false)};
	t.true(collect(t, headscaleCollector, {state: failing, intervalMs}, nowMs).includes('tailprobe_headscale_health 0'));
});

test('health is absent as soon as it is not answered', t => {
	const state = {...nothing, health: {...read(true, 15_000), triedAt: nowMs, error: 'refused'}};

	t.deepEqual(collect(t, headscaleCollector, {state, intervalMs}, nowMs), ['tailprobe_headscale_restart_grace 0']);
});

test('what is older than three intervals is withdrawn', t => {
	const young = {...recordedState('0.29.2')};
	const aged = (agoMs: number): HeadscaleState => ({
		...young,
		health: read(true, agoMs),
		nodes: {...young.nodes, succeededAt: nowMs - agoMs, error: 'down'},
		metrics: {...young.metrics, succeededAt: nowMs - agoMs, error: 'down'},
	});

	t.true(collect(t, headscaleCollector, {state: aged(45_000), intervalMs}, nowMs).length > 20);
	t.deepEqual(collect(t, headscaleCollector, {state: aged(45_001), intervalMs}, nowMs), [
		'tailprobe_headscale_restart_grace 0',
	]);
});

test('the version, which is read rarely, stays longer', t => {
	const state = {...nothing, version: read('v1', 1_000_000)};

	t.deepEqual(collect(t, headscaleCollector, {state, intervalMs}, nowMs), [
		'tailprobe_headscale_build_info{version="v1"} 1',
	]);
});

test('during the restart grace nodes are online or unknown', t => {
	const state = {...recordedState('0.29.2'), health: read(true), graceUntil: nowMs + 1, metrics: {}};

	const lines = collect(t, headscaleCollector, {state, intervalMs}, nowMs).filter(line => /grace|nodes\{/.test(line));

	t.deepEqual(lines, [
		'tailprobe_headscale_nodes{state="online"} 4',
		'tailprobe_headscale_nodes{state="unknown"} 1',
		'tailprobe_headscale_restart_grace 1',
	]);
	const over = collect(t, headscaleCollector, {state: {...state, graceUntil: nowMs}, intervalMs}, nowMs);
	t.true(over.includes('tailprobe_headscale_nodes{state="offline"} 1'));
});

test('expired keys are counted, that of a logged out node too', t => {
	const list = parseNodes(JSON.parse(recorded('0.30-dev/rest-node-livekit-expired.json')));
	const loggedOut = parseNodes({nodes: [{id: 9, ipAddresses: ['100.64.0.9'], expiry: '1970-01-01T00:00:00Z'}]});
	const nodes = [...(list?.nodes ?? []), ...(loggedOut?.nodes ?? [])];

	const state = {...nothing, nodes: read({nodes, problems: ['x']})};
	const lines = collect(t, headscaleCollector, {state, intervalMs}, nowMs);

	t.true(lines.includes('tailprobe_headscale_nodes_expired 2'));
	t.true(lines.includes('tailprobe_headscale_node_list_problems 1'));
});
