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
      - ssh: {user: probe, identity_file: id, known_hosts_file: /etc/known_hosts, tailscaled: {socks5: "127.0.0.1:1055"}}
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
				socks5: '127.0.0.1:1055',
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
