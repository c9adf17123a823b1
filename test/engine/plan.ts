import test from 'ava';
import type {CheckConfig, Config, RemoteVantageConfig} from '../../src/config/types.ts';
import {indexPeers, peerOf, planChecks} from '../../src/engine/plan.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';

function aNode(name: string, address: string, over: Partial<TailnetNode> = {}): TailnetNode {
	return {
		id: address.split('.').at(-1) ?? '1',
		name,
		resolvable: true,
		addresses: [address],
		owner: 'ozzu',
		tags: [],
		...over,
	};
}

const nodes = [
	aNode('june-orchestrator', '100.64.0.1'),
	aNode('livekit', '100.64.0.2', {addresses: ['100.64.0.2', 'fd7a:115c:a1e0::2']}),
	aNode('june-gpu-00000001', '100.64.0.3'),
	aNode('june-gpu-00000002', '100.64.0.4'),
	aNode('prober', '100.64.0.5'),
];

const aGroup: RemoteVantageConfig = {
	name: 'gpu',
	type: 'remote',
	members: {kind: 'nodes', selector: {owner: 'ozzu'}},
	ways: [],
	graceMs: 0,
};

function aConfig(checks: Partial<CheckConfig>[]): Config {
	return {
		web: {host: '127.0.0.1', port: 0, bearerTokens: []},
		log: {level: 'info', format: 'json'},
		tailnet: {
			prefixes: ['100.64.0.0/10'],
			domain: 'tail.ozzu.world',
			dnsServer: '100.100.100.100',
			overheadObjectiveSeconds: 0.01,
		},
		vantages: [{name: 'cluster', type: 'local'}],
		modules: new Map(),
		checks: checks.map(check => ({
			name: 'c',
			type: 'http',
			options: {},
			via: 'tailnet',
			targets: [],
			intervalMs: 15_000,
			timeoutMs: 5000,
			confirm: 2,
			detail: 'full',
			histogram: false,
			critical: true,
			...check,
		})),
		adhoc: {allow: [], concurrency: 10, concurrencyPerCaller: 10, rate: {count: 10, perMs: 1000}},
		pools: [],
		limits: {maxSeries: 1000},
		reload: {watch: false},
		moduleFiles: [],
	};
}

const own = new Map([['cluster', ['100.64.0.5']]]);

test('a check over nodes has one target for each, but not for the vantage itself', t => {
	const config = aConfig([{name: 'tunnel', type: 'tunnel', nodes: {selector: {}, template: '{address}'}}]);

	const {checks, problems} = planChecks(config, nodes, own);

	t.deepEqual(
		checks.map(check => [check.key, check.target.address, check.target.peer]),
		[
			['tunnel/cluster/june-orchestrator', '100.64.0.1', 'june-orchestrator'],
			['tunnel/cluster/livekit', '100.64.0.2', 'livekit'],
			['tunnel/cluster/june-gpu-00000001', '100.64.0.3', 'june-gpu-00000001'],
			['tunnel/cluster/june-gpu-00000002', '100.64.0.4', 'june-gpu-00000002'],
		],
	);
	t.deepEqual(problems, []);
});

test('a pattern is filled with the name or the address of each selected node', t => {
	const config = aConfig([
		{name: 'tts', nodes: {selector: {name: 'june-gpu-*'}, template: 'http://{node}:8000/healthz'}},
		{name: 'by-address', nodes: {selector: {name: 'livekit'}, template: 'http://{address}:7880/'}},
	]);

	t.deepEqual(
		planChecks(config, nodes, own).checks.map(check => check.target.address),
		['http://june-gpu-00000001:8000/healthz', 'http://june-gpu-00000002:8000/healthz', 'http://100.64.0.2:7880/'],
	);
});

test('an IPv6 address is put into brackets inside a pattern and stands bare without one', t => {
	const six = [aNode('six', 'fd7a:115c:a1e0::9')];
	const config = aConfig([
		{name: 'web', nodes: {selector: {}, template: 'http://{address}:80/'}},
		{name: 'tunnel', nodes: {selector: {}, template: '{address}'}},
	]);

	t.deepEqual(
		planChecks(config, six, own).checks.map(check => check.target.address),
		['http://[fd7a:115c:a1e0::9]:80/', 'fd7a:115c:a1e0::9'],
	);
});

test('a node whose name is no DNS name keeps its tunnel, and its services are told as a problem', t => {
	const hostile = [aNode('_img_src_x_-7', '100.64.0.7', {resolvable: false})];
	const config = aConfig([
		{name: 'tunnel', type: 'tunnel', nodes: {selector: {}, template: '{address}'}},
		{name: 'tts', nodes: {selector: {}, template: 'http://{node}:8000/'}},
	]);

	const {checks, problems} = planChecks(config, hostile, own);

	t.deepEqual(
		checks.map(check => check.key),
		['tunnel/cluster/_img_src_x_-7'],
	);
	t.is(problems.length, 1);
	t.regex(problems[0] ?? '', /headscale nodes rename/);
});

test('a listed target over the tailnet knows the node behind it, a direct one does not', t => {
	const targets = [{name: 'orchestrator', address: 'http://june-orchestrator:8080/healthz'}];
	const config = aConfig([
		{name: 'a', targets},
		{name: 'b', targets, via: 'direct'},
	]);

	t.deepEqual(
		planChecks(config, nodes, own).checks.map(check => check.target.peer),
		['june-orchestrator', ''],
	);
});

test('the node behind a target is found by short name, full name and address', t => {
	const peers = indexPeers(nodes, 'tail.ozzu.world');

	t.is(peerOf('http://livekit:7880/', peers), 'livekit');
	t.is(peerOf('LIVEKIT.tail.ozzu.world.:7880', peers), 'livekit');
	t.is(peerOf('https://[fd7a:115c:a1e0::2]/x', peers), 'livekit');
	t.is(peerOf('100.64.0.2', peers), 'livekit');
	t.is(peerOf('http://example.com/', peers), '');
});

test('two targets that would share a key are told, and the first stands', t => {
	const config = aConfig([
		{
			name: 'c',
			targets: [{name: 'livekit', address: 'http://livekit:7880/'}],
			nodes: {selector: {name: 'livekit'}, template: 'http://{node}:1/'},
		},
	]);

	const {checks, problems} = planChecks(config, nodes, own);

	t.is(checks.length, 1);
	t.is(checks[0]?.target.address, 'http://livekit:7880/');
	t.regex(problems[0] ?? '', /two targets named livekit/);
});

test('a check is planned only for the vantages it names', t => {
	const config = aConfig([{name: 'a', targets: [{name: 'x', address: 'http://x/'}], from: ['elsewhere']}]);

	t.deepEqual(planChecks(config, nodes, own).checks, []);
});

test('a check that names no vantage runs from where tailprobe is, one that names a group from each of its machines', t => {
	const config = aConfig([
		{name: 'here', targets: [{name: 'tts', address: 'http://june-gpu-00000001:8000/'}]},
		{name: 'there', targets: [{name: 'livekit', address: 'http://livekit:7880/'}], from: ['gpu', 'cluster']},
	]);
	config.vantages = [...config.vantages, aGroup];
	const known = [
		{name: 'cluster', group: 'cluster'},
		{name: 'june-gpu-00000001', group: 'gpu'},
		{name: 'june-gpu-00000002', group: 'gpu'},
	];

	const {checks} = planChecks(config, nodes, new Map(), new Map(), known);

	t.deepEqual(
		checks.map(({key}) => key),
		['here/cluster/tts', 'there/cluster/livekit', 'there/june-gpu-00000001/livekit', 'there/june-gpu-00000002/livekit'],
	);
});

test('machines of a group probe each other, but none probes itself', t => {
	const config = aConfig([
		{name: 'tunnel', type: 'tunnel', nodes: {selector: {name: 'june-gpu-*'}, template: '{address}'}, from: ['gpu']},
	]);
	config.vantages = [...config.vantages, aGroup];
	const known = [
		{name: 'june-gpu-00000001', group: 'gpu'},
		{name: 'june-gpu-00000002', group: 'gpu'},
	];
	const own = new Map([
		['june-gpu-00000001', ['100.64.0.3']],
		['june-gpu-00000002', ['100.64.0.4']],
	]);

	const {checks} = planChecks(config, nodes, own, new Map(), known);

	t.deepEqual(checks.map(({key}) => key).toSorted(), [
		'tunnel/june-gpu-00000001/june-gpu-00000002',
		'tunnel/june-gpu-00000002/june-gpu-00000001',
	]);
});

test('planning a thousand nodes with five checks each takes no noticeable time', t => {
	const many = Array.from({length: 1000}, (_, at) => aNode(`node-${at}`, `100.65.${Math.floor(at / 250)}.${at % 250}`));
	const config = aConfig(
		['a', 'b', 'c', 'd', 'e'].map(name => ({name, nodes: {selector: {}, template: 'http://{node}:1/'}})),
	);

	t.is(planChecks(config, many, own).checks.length, 5000);
});
