import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import type {VantageConfig} from '../../src/config/types.ts';

const head = `headscale: {url: "https://headscale.example.com", api_key: {file: key}}
vantages:
  - {name: cluster, type: local}
`;
const agent = '{agent: {secret: {file: secret}}}';

function vantages(text: string): readonly VantageConfig[] {
	const loaded = parseConfig(head + text, '/etc/tailprobe/config.yaml');
	if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
	return loaded.config.vantages;
}

function mistakes(text: string): readonly string[] {
	const loaded = parseConfig(text, 'config.yaml');
	return loaded.ok ? [] : loaded.mistakes;
}

test('machines of the tailnet look by an agent, else by ssh, in the order in which the ways are written', t => {
	const [, gpu] = vantages(`
  - name: gpu
    type: remote
    nodes: {name: "june-gpu-*", owner: ozzu}
    ways:
      - ${agent}
      - ssh: {user: probe, identity_file: id, known_hosts_file: /etc/known_hosts, tailscaled: {socks5: "127.0.0.2:1055"}}
`);

	t.deepEqual(gpu, {
		name: 'gpu',
		type: 'remote',
		members: {kind: 'nodes', selector: {name: 'june-gpu-*', owner: 'ozzu'}},
		graceMs: 300_000,
		ways: [
			{type: 'agent', port: 9754, secret: {file: '/etc/tailprobe/secret'}},
			{
				type: 'ssh',
				user: 'probe',
				port: 22,
				identityFile: '/etc/tailprobe/id',
				knownHostsFile: '/etc/known_hosts',
				tailscaledSocket: '/var/run/tailscale/tailscaled.sock',
				socks5: '127.0.0.2:1055',
			},
		],
	});
});

test('pods of a selector look, where there is a Kubernetes API', t => {
	const [, gpu] = vantages(`
  - {name: gpu, type: remote, pods: true, ways: [{pod: {namespace: june-services, selector: "app=june-gpu-services"}}]}
kubernetes: {}
`);

	t.like(gpu, {
		members: {kind: 'pods'},
		ways: [{type: 'pod', namespace: 'june-services', selector: 'app=june-gpu-services', nodeBy: 'name'}],
	});
});

for (const [title, text, expected] of [
	[
		'nodes that are only known by a name of their own choice are no vantages',
		`- {name: gpu, type: remote, nodes: {name: "june-gpu-*"}, ways: [${agent}]}`,
		/vantages\[1\]\.nodes: expected an owner or tags: any node can call itself as it likes/,
	],
	[
		'a remote vantage says who looks',
		`- {name: gpu, type: remote, ways: [${agent}]}`,
		/vantages\[1\]: the vantage has neither nodes nor hosts nor pods/,
	],
	[
		'who looks is said once',
		`- {name: gpu, type: remote, hosts: [{name: a, address: a}], nodes: {owner: ozzu}, ways: [${agent}]}`,
		/vantages\[1\]\.hosts: expected either nodes or hosts, not both/,
	],
	[
		'there is one local vantage',
		'- {name: second, type: local}',
		/vantages\[1\]\.type: expected one vantage of type local, not more/,
	],
	[
		'a name stands for one vantage',
		`- {name: gpu, type: remote, hosts: [{name: cluster, address: a}], ways: [${agent}]}`,
		/vantages\[1\]\.hosts\[0\]\.name: there is a vantage named cluster already/,
	],
	[
		'each way is there once',
		`- {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [${agent}, ${agent}]}`,
		/vantages\[1\]\.ways\[1\]\.agent: there is an agent way already/,
	],
	[
		'pods need the Kubernetes API',
		`- {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [{pod: {namespace: a, selector: b}}]}`,
		/vantages\[1\]\.ways\[0\]\.pod: pods are reached through the Kubernetes API: add a kubernetes block/,
	],
	[
		'a secret is not written in the configuration',
		'- {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [{agent: {secret: hunter2}}]}',
		/expected \{file: PATH\} or \{env: NAME\}/,
	],
	[
		'a host cannot be an option of ssh',
		`- {name: gpu, type: remote, hosts: [{name: a, address: "-oProxyCommand=x"}], ways: [${agent}]}`,
		/vantages\[1\]\.hosts\[0\]\.address: expected a host name or an address/,
	],
	[
		'a way is one of three',
		'- {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [{telnet: {}}]}',
		/vantages\[1\]\.ways\[0\]/,
	],
	[
		'another type is none',
		'- {name: gpu, type: satellite}',
		/vantages\[1\]\.type: expected type: local or type: remote/,
	],
] as const)
	test(title, t => {
		const found = mistakes(`${head}  ${text}\n`);

		t.is(found.length, 1, found.join('\n'));
		t.regex(found[0] ?? '', expected);
		t.notRegex(found.join(), /hunter2/);
	});

test('checks may name the group, and not a machine of it', t => {
	const text = `${head}  - {name: gpu, type: remote, hosts: [{name: june-gpu-1, address: june-gpu-1}], ways: [${agent}]}
checks:
  - {name: a, prober: tcp, via: tailnet, targets: ["livekit:7880"], from: [gpu]}
  - {name: b, prober: tcp, via: tailnet, targets: ["livekit:7880"], from: [june-gpu-1]}
`;

	t.deepEqual(mistakes(text).length, 1);
	t.regex(
		mistakes(text)[0] ?? '',
		/checks\[1\]\.from\[0\]: there is no vantage named june-gpu-1; expected one of cluster, gpu/,
	);
});

const remote = (ways: string, who = 'nodes: {owner: ozzu}') => `- {name: gpu, type: remote, ${who}, ways: [${ways}]}`;
const told = (entry: string, rest = '') =>
	mistakes(`${head}  ${entry}\n${rest}`).map(mistake => mistake.replace(/^config\.yaml:\d+:\d+: /, ''));
const noKey = (key: string) => `there is no key named "${key}" here`;

test('a key of the other type of vantage is told as one, and is never the key that was meant', t => {
	t.deepEqual(
		mistakes('vantages: [{name: cluster, type: local, ways: []}]').map(mistake => mistake.replace(/^[^ ]+ /, '')),
		[`vantages[0].ways: ${noKey('ways')}, it belongs to type: remote`],
	);
	t.deepEqual(told(`- {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [${agent}], tailscaled: {socks5: "a"}}`), [
		`vantages[1].tailscaled: ${noKey('tailscaled')}, it belongs to ways[].ssh, ways[].pod or type: local`,
	]);
	t.deepEqual(
		told('- {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [{agent: {tailscaled: {}, secret: {env: A}}}]}'),
		[`vantages[1].ways[0].agent.tailscaled: ${noKey('tailscaled')}, it stands in the agent's own configuration`],
	);
});

test('what a way lacks is told at its place, and nothing else is', t => {
	t.deepEqual(told(remote(`${agent}, {ssh: {user: probe}}`)), [
		'vantages[1].ways[1].ssh.known_hosts_file: this is missing: expected a text',
	]);
	t.deepEqual(told(remote('{ssh: {user: probe}}')), [
		'vantages[1].ways[0].ssh.known_hosts_file: this is missing: expected a text',
	]);
	t.deepEqual(told(remote('{pod: {namespace: a, label: app=gpu}}', 'pods: true'), 'kubernetes: {}\n'), [
		'vantages[1].ways[0].pod.selector: this is missing: expected a text',
		`vantages[1].ways[0].pod.label: ${noKey('label')}, did you mean selector?`,
	]);
});

test('each entry of the ways is exactly one of the three', t => {
	const kinds = 'expected one of {agent: {…}}, {ssh: {…}} or {pod: {…}}';

	t.deepEqual(told(remote('{}')), [`vantages[1].ways[0]: ${kinds}`]);
	t.deepEqual(told(remote(`${agent}, {telnet: {}}`)), [
		`vantages[1].ways[1].telnet: ${noKey('telnet')}, expected one of agent, ssh, pod`,
	]);
	t.deepEqual(told(remote('{agent: {secret: {file: s}}, ssh: {known_hosts_file: k}}')), [
		'vantages[1].ways[0].ssh: expected one way in each entry: give ssh an entry of its own',
	]);
	t.deepEqual(told(remote('{agent: {secret: {file: s}}, ssh: {}}')), [
		'vantages[1].ways[0].ssh.known_hosts_file: this is missing: expected a text',
	]);
	t.deepEqual(told(remote('agent')), ['vantages[1].ways[0]: expected a mapping such as {key: value}, got a text']);
});

test('a secret that is missing, or has another name, is not taken for one that is written', t => {
	const missing = 'vantages[1].ways[0].agent.secret: this is missing: expected {file: PATH} or {env: NAME}';

	t.deepEqual(told(remote('{agent: {}}')), [missing]);
	t.deepEqual(told(remote('{agent: {secret_file: /x}}')), [
		missing,
		`vantages[1].ways[0].agent.secret_file: ${noKey('secret_file')}, did you mean secret?`,
	]);
	t.deepEqual(told(remote('{agent: {secret: {path: /x}}}')), [
		'vantages[1].ways[0].agent.secret: expected {file: PATH} or {env: NAME}',
	]);
	t.regex(told(remote('{agent: {secret: hunter2}}')).join(), /secrets are never written/);
});

test('an environment variable has the name of one, so that a secret in its place is a mistake that does not show it', t => {
	const found = told(remote('{agent: {secret: {env: "c2VjcmV0LXNlY3JldA=="}}}'));

	t.deepEqual(found, [
		'vantages[1].ways[0].agent.secret.env: expected the name of an environment variable: letters, digits and _',
	]);
});

test('a key of headscale that is wrong in itself is told once', t => {
	const text = `headscale: {url: "https://h.example", api_key: hunter2}
vantages:
  - {name: cluster, type: local}
  - {name: gpu, type: remote, nodes: {owner: ozzu}, ways: [${agent}]}
`;

	t.is(mistakes(text).length, 1, mistakes(text).join('\n'));
	t.regex(mistakes(text)[0] ?? '', /headscale\.api_key/);
});

test('an agent is only dialled in the tailnet, and has one list', t => {
	const host = (name: string, address: string) => `{name: ${name}, address: "${address}"}`;
	const only = (list: string, ways = agent) => told(remote(ways, `hosts: [${list}]`));

	t.regex(
		only(host('a', '127.0.0.1')).join(),
		/^vantages\[1\]\.hosts\[0\]\.address: 127\.0\.0\.1 is the machine of tailprobe itself/,
	);
	t.regex(only(host('a', 'localhost')).join(), /hosts\[0\]\.address: localhost is the machine of tailprobe itself/);
	t.regex(
		only(host('a', '192.0.2.7')).join(),
		/hosts\[0\]\.address: 192\.0\.2\.7 is outside the tailnet .*agents are only dialled/,
	);
	t.deepEqual(only(host('a', '100.64.0.7')), []);
	t.deepEqual(only(host('a', '192.0.2.7'), `${agent}, {ssh: {known_hosts_file: k}}`), []);
	t.deepEqual(only(`${host('a', 'fd7a:115c:a1e0::7')}, ${host('b', 'FD7A:115C:A1E0:0::7')}`), [
		'vantages[1].hosts[1].address: this is the agent of a already: an agent has one list of checks, and each would take it from the other',
	]);
	const second = `  - {name: lan, type: remote, hosts: [${host('b', 'JUNE-GPU-1')}], ways: [PORT]}\n`;
	const twice = (way: string) =>
		told(remote(agent, `hosts: [${host('a', 'june-gpu-1')}]`), second.replace('PORT', way));
	t.regex(twice(agent).join(), /^vantages\[2\]\.hosts\[0\]\.address: this is the agent of a already/);
	t.deepEqual(twice('{agent: {port: 9755, secret: {file: s}}}'), []);
	t.deepEqual(twice('{ssh: {known_hosts_file: k}}'), []);
	t.is(told('- {name: x, type: remote}', '  - {name: y, type: remote}\n').length, 2);
});

test('how the pod of a node is found is said in one of four ways', t => {
	const found = told(remote('{pod: {namespace: a, selector: b, node_by: label}}', 'pods: true'), 'kubernetes: {}\n');

	t.deepEqual(found, ['vantages[1].ways[0].pod.node_by: expected name, address, {label: KEY} or {annotation: KEY}']);
});
