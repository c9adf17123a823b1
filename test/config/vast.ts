import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';

const headscale = 'headscale: {url: "http://h.example", api_key: {env: KEY}}';
const checks =
	'checks: [{name: tunnel, prober: tunnel, nodes: {}}, {name: tts, prober: tcp, nodes: {name: "june-gpu-*"}, target: "{node}:8000"}]';
const vast = 'vast: {api_key: {file: /secrets/vast}}';

const parse = (...blocks: string[]) => parseConfig(blocks.join('\n'), 'c.yaml');
const mistakesIn = (...blocks: string[]) => {
	const loaded = parse(...blocks);
	return loaded.ok ? [] : loaded.mistakes;
};

test('a key is enough: all instances, once a minute, ten minutes to join', t => {
	const loaded = parse(vast);

	t.deepEqual(loaded.ok && loaded.config.vast, {
		apiKey: {file: '/secrets/vast'},
		url: 'https://console.vast.ai',
		intervalMs: 60_000,
		timeoutMs: 15_000,
		maxInstances: 1000,
		joinGraceMs: 600_000,
		nodeBy: ['{label}', '*-{id}'],
		podBy: {label: '{name}'},
	});
	t.deepEqual(loaded.ok && loaded.config.pools, []);
});

test('everything else can be said', t => {
	const loaded = parse(
		`vast:
  api_key: {env: VAST_API_KEY}
  url: http://127.0.0.1:8080/
  interval: 30s
  timeout: 5s
  label: june-*
  max_instances: 50
  join_grace: 15m
  nodes: {name: june-gpu-*, exclude: june-gpu-test}
  node_by: ["june-gpu-{id}"]
  pod_by: {annotation: vast.ai/instance-id}`,
	);

	t.like(loaded.ok && loaded.config.vast, {
		url: 'http://127.0.0.1:8080',
		intervalMs: 30_000,
		labels: ['june-*'],
		maxInstances: 50,
		joinGraceMs: 900_000,
		nodes: {name: 'june-gpu-*', exclude: 'june-gpu-test'},
		nodeBy: ['june-gpu-{id}'],
		podBy: {annotation: 'vast.ai/instance-id'},
	});
});

test('mistakes are told with their place', t => {
	const cases: [string, RegExp][] = [
		['vast: {}', /vast\.api_key/],
		['vast: {api_key: abc}', /vast\.api_key: expected \{file: PATH\} or \{env: NAME\}/],
		['vast: {api_key: {env: A}, interval: 10s}', /vast\.interval: expected a duration between 30s and 1h/],
		['vast: {api_key: {env: A}, url: "https://me:pw@x"}', /vast\.url: expected a URL/],
		['vast: {api_key: {env: A}, node_by: ["june-gpu-*"]}', /vast\.node_by\[0\]: expected \{label\} or \{id\}/],
		['vast: {api_key: {env: A}, pod_by: {label: june}}', /vast\.pod_by.*expected \{name\} or \{uid\}/],
		['vast: {api_key: {env: A}, max_instances: 20000}', /vast\.max_instances/],
	];
	for (const [text, expected] of cases) t.regex(mistakesIn(text).join('\n'), expected, text);
});

test('pools are of nodes or of instances, with a minimum', t => {
	const loaded = parse(
		headscale,
		vast,
		checks,
		`pools:
  - {name: gpus, match: {nodes: {name: june-gpu-*}}, min: 2, checks: [tts]}
  - {name: rented, match: {vast: {label: june-*}}, min: 0}
  - {name: all, match: {vast: {}}, min: 1, gpu: false}`,
	);

	t.deepEqual(loaded.ok ? loaded.config.pools : loaded.mistakes, [
		{name: 'gpus', match: {kind: 'nodes', selector: {name: 'june-gpu-*'}}, min: 2, checks: ['tts']},
		{name: 'rented', match: {kind: 'vast', labels: ['june-*']}, min: 0},
		{name: 'all', match: {kind: 'vast'}, min: 1, gpu: false},
	]);
});

test('a pool that nothing could fill is a mistake', t => {
	const pool = (text: string) => `pools: [${text}]`;
	const cases: [string[], RegExp][] = [
		[
			[headscale, checks, pool('{name: a, match: {vast: {}}, min: 1}')],
			/pools\[0\]\.match\.vast: instances come from vast\.ai/,
		],
		[
			[checks.replace(/nodes: \{\}/, 'targets: [x]'), pool('{name: a, match: {nodes: {}}, min: 1}')],
			/there is no headscale block/,
		],
		[[headscale, pool('{name: a, match: {nodes: {}}, min: 1}')], /there is no check of type tunnel/],
		[
			[headscale, checks, pool('{name: a, match: {nodes: {}}, min: 1, checks: [stt]}')],
			/pools\[0\]\.checks\[0\]: there is no check named stt/,
		],
		[
			[headscale, checks, pool('{name: a, match: {nodes: {}}, min: 1, gpu: true}')],
			/pools\[0\]\.gpu: there is no check of type gpu/,
		],
		[
			[headscale, checks, pool('{name: a, match: {nodes: {}}, min: 1}, {name: a, match: {nodes: {}}, min: 1}')],
			/pools\[1\]\.name: there is a pool named a already/,
		],
		[[headscale, checks, pool('{name: a, match: {name: x}, min: 1}')], /pools\[0\]\.match/],
		[[headscale, checks, pool('{name: a, match: {nodes: {}}}')], /pools\[0\]\.min/],
	];
	for (const [blocks, expected] of cases) t.regex(mistakesIn(...blocks).join('\n'), expected, blocks.at(-1));
});
