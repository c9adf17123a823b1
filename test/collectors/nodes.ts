import test from 'ava';
import {type Disagreement, disagreementOf, nodeCollector, type TunnelVerdict} from '../../src/collectors/nodes.ts';
import type {HeadscaleState} from '../../src/headscale/types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = Date.UTC(2026, 10, 22, 16);
const intervalMs = 15_000;

const aNode = (name: string, more: Partial<TailnetNode> = {}): TailnetNode => ({
	id: '1',
	name,
	resolvable: true,
	addresses: ['100.64.0.1'],
	owner: '',
	tags: [],
	...more,
});

function readings(nodes: TailnetNode[], {verdicts = {} as Record<string, string[]>, agoMs = 0, graceUntil = 0} = {}) {
	const at = nowMs - agoMs;
	const state: HeadscaleState = {
		health: {},
		nodes: {triedAt: at, succeededAt: at, value: {nodes, problems: []}},
		metrics: {},
		version: {},
		graceUntil,
	};
	return {state, intervalMs, verdictsOf: (peer: string) => seen(...(verdicts[peer] ?? []))};
}

const seen = (...verdicts: string[]) => verdicts.map(verdict => ({verdict}) as TunnelVerdict);

test('its rows keep to the rules', t => {
	checkRows(t, nodeCollector);
});

test('a node is told with all that is known', t => {
	const node = aNode('gpu', {
		owner: 'june',
		tags: ['tag:gpu', 'tag:vast'],
		online: true,
		ephemeral: true,
		lastSeenMs: 1_700_000_000_500,
		keyExpiryMs: 1_800_000_000_000,
		registerMethod: 'auth_key',
	});

	t.deepEqual(collect(t, nodeCollector, readings([node]), nowMs), [
		'tailprobe_headscale_node_info{peer="gpu",owner="june",tags=",tag:gpu,tag:vast,",ephemeral="true",register_method="auth_key"} 1',
		'tailprobe_headscale_node_key_expiry_timestamp_seconds{peer="gpu"} 1800000000',
		'tailprobe_headscale_node_last_seen_timestamp_seconds{peer="gpu"} 1700000000.5',
		'tailprobe_headscale_node_online{peer="gpu"} 1',
		'tailprobe_headscale_nodes_disagreeing{kind="offline_but_reachable"} 0',
		'tailprobe_headscale_nodes_disagreeing{kind="online_but_unreachable"} 0',
	]);
});

test('what is not known is absent', t => {
	const lines = collect(t, nodeCollector, readings([aNode('bare')]), nowMs);

	t.deepEqual(
		lines.filter(line => line.includes('peer=')),
		['tailprobe_headscale_node_info{peer="bare",owner="",tags="",ephemeral="",register_method=""} 1'],
	);
});

test('a logged out node has expired in 1970', t => {
	const lines = collect(t, nodeCollector, readings([aNode('out', {keyExpiryMs: 0})]), nowMs);

	t.true(lines.includes('tailprobe_headscale_node_key_expiry_timestamp_seconds{peer="out"} 0'));
});

test('during the restart grace only online is told', t => {
	const nodes = [aNode('on', {online: true}), aNode('off', {online: false})];
	const online = (graceUntil: number) =>
		collect(t, nodeCollector, readings(nodes, {graceUntil}), nowMs).filter(line => line.includes('_online{'));

	t.deepEqual(online(nowMs + 1), ['tailprobe_headscale_node_online{peer="on"} 1']);
	t.deepEqual(online(nowMs), [
		'tailprobe_headscale_node_online{peer="off"} 0',
		'tailprobe_headscale_node_online{peer="on"} 1',
	]);
});

test('only disagreements that exist have a series; their counts are always there', t => {
	const nodes = [aNode('frozen', {online: true}), aNode('lost', {online: false}), aNode('fine', {online: true})];
	const verdicts = {frozen: ['down'], lost: ['up'], fine: ['up']};

	const lines = collect(t, nodeCollector, readings(nodes, {verdicts}), nowMs).filter(line => line.includes('disagree'));

	t.deepEqual(lines, [
		'tailprobe_headscale_node_disagreement{peer="frozen",kind="online_but_unreachable"} 1',
		'tailprobe_headscale_node_disagreement{peer="lost",kind="offline_but_reachable"} 1',
		'tailprobe_headscale_nodes_disagreeing{kind="offline_but_reachable"} 1',
		'tailprobe_headscale_nodes_disagreeing{kind="online_but_unreachable"} 1',
	]);
});

test('a list older than three intervals is withdrawn whole', t => {
	const nodes = [aNode('gpu', {online: true})];

	t.not(collect(t, nodeCollector, readings(nodes, {agoMs: 45_000}), nowMs).length, 0);
	t.deepEqual(collect(t, nodeCollector, readings(nodes, {agoMs: 45_001}), nowMs), []);
});

for (const [online, verdicts, inGrace, expected] of [
	[true, ['down'], false, 'online_but_unreachable'],
	[true, ['down', 'unknown'], false, 'online_but_unreachable'],
	[true, ['down', 'down'], true, 'online_but_unreachable'],
	[true, ['down', 'up'], false, undefined],
	[true, ['unknown'], false, undefined],
	[true, [], false, undefined],
	[true, ['up'], false, undefined],
	[false, ['up'], false, 'offline_but_reachable'],
	[false, ['up', 'down'], false, 'offline_but_reachable'],
	[false, ['up'], true, undefined],
	[false, ['down'], false, undefined],
	[false, ['unknown'], false, undefined],
	[undefined, ['up'], false, undefined],
	[undefined, ['down'], false, undefined],
] as [boolean | undefined, string[], boolean, Disagreement | undefined][]) {
	const said = online === undefined ? 'not told' : online ? 'online' : 'offline';
	test(`${said} with tunnels [${verdicts}]${inGrace ? ' in the grace' : ''} is ${expected ?? 'no disagreement'}`, t => {
		t.is(disagreementOf(online === undefined ? {} : {online}, seen(...verdicts), inGrace), expected);
	});
}
