import test from 'ava';
import {parseAgentConfig} from '../../src/agent/config.ts';

function read(text: string) {
	return parseAgentConfig(text, '/etc/tailprobe/agent.yaml');
}

const least = 'secret: {file: secret}\n';

test('with a secret alone the agent listens in the tailnet and allows what is in it', t => {
	const loaded = read(least);

	t.like(loaded, {
		ok: true,
		config: {
			listen: {host: 'tailnet', port: 9754},
			secret: {file: '/etc/tailprobe/secret'},
			secretGraceMs: 900_000,
			tailscaledSocket: '/var/run/tailscale/tailscaled.sock',
			allow: {rules: [{via: 'tailnet'}], files: [], env: []},
			limits: {checks: 500, historyMs: 600_000, cutOffMs: 900_000},
		},
	});
});

test('in userspace mode it listens on loopback, to which tailscaled forwards', t => {
	const loaded = read(`${least}tailscaled: {socks5: "127.0.0.2:1055"}`);

	t.like(loaded, {config: {listen: {host: '127.0.0.1', port: 9754}, socks5: '127.0.0.2:1055'}});
});

for (const [listen, expected] of [
	['tailnet:9000', {host: 'tailnet', port: 9000}],
	['"127.0.0.1:9000"', {host: '127.0.0.1', port: 9000}],
	['"100.64.0.7:9000"', {host: '100.64.0.7', port: 9000}],
	['"[fd7a:115c:a1e0::7]:9000"', {host: 'fd7a:115c:a1e0::7', port: 9000}],
] as const)
	test(`it can listen at ${listen}`, t => {
		t.like(read(`${least}listen: ${listen}`), {config: {listen: expected}});
	});

for (const listen of ['"0.0.0.0:9754"', '":9754"', '"[::]:9754"', '"192.0.2.7:9754"', 'tailnet:70000', 'here'])
	test(`it does not listen at ${listen}`, t => {
		const loaded = read(`${least}listen: ${listen}`);

		t.false(loaded.ok);
		t.regex(loaded.ok ? '' : loaded.mistakes.join(), /^\/etc\/tailprobe\/agent\.yaml:2:1: listen: expected /);
	});

test('every mistake is told at once, with its place', t => {
	const loaded = read(`
sekret: x
tailscaled: false
allow:
  - {via: direct, ports: ["9-8"]}
  - {via: direct, types: [telepathy], hosts: ["a b"]}
files: [relative]
limits: {history: forever}
`);

	t.deepEqual(
		loaded.ok ? [] : loaded.mistakes.map(mistake => mistake.split(': ', 2).join(': ').replace('/etc/tailprobe/', '')),
		[
			'agent.yaml:2:1: secret',
			'agent.yaml:2:1: sekret',
			'agent.yaml:5:27: allow[0].ports[0]',
			'agent.yaml:6:27: allow[1].types[0]',
			'agent.yaml:6:47: allow[1].hosts[0]',
			'agent.yaml:7:9: files[0]',
			'agent.yaml:8:10: limits.history',
		],
	);
});

test('a rule for direct targets must say which, and without tailscaled nobody knows the tailnet', t => {
	const loaded = read(`${least}tailscaled: false\nallow: [{via: direct}]`);

	t.deepEqual(loaded.ok ? [] : loaded.mistakes.map(mistake => mistake.replace('/etc/tailprobe/agent.yaml:', '')), [
		'2:1: tailscaled: the addresses of the tailnet are told by tailscaled: give its socket, or listen on ADDRESS:PORT',
		'3:9: allow[0]: a rule for via: direct must say which hosts or prefixes: it would open everything this machine reaches',
	]);
});

test('rules are taken as they are written', t => {
	const loaded = read(`${least}allow:
  - {via: direct, types: [http], hosts: ["*.example.com"], ports: [443, "8000-8010"]}
files: [/etc/ssl/ours.pem]
`);

	t.like(loaded, {
		config: {
			allow: {
				rules: [
					{
						via: 'direct',
						types: ['http'],
						hosts: ['*.example.com'],
						ports: [
							{from: 443, to: 443},
							{from: 8000, to: 8010},
						],
					},
				],
				files: ['/etc/ssl/ours.pem'],
			},
		},
	});
});

test("a daemon's configuration is told as one, and an empty file as one that lacks its secret", t => {
	const mistakesOf = (text: string) => {
		const loaded = read(text);
		return loaded.ok ? [] : loaded.mistakes.map(mistake => mistake.replace('/etc/tailprobe/agent.yaml:', ''));
	};

	for (const text of ['checks: []', 'vantages: [{name: a, type: local}]', 'headscale: {url: "https://h.example"}'])
		t.is(
			mistakesOf(text)[0],
			"1:1: this looks like a daemon's configuration: it is for `tailprobe serve --config FILE`, and `tailprobe check-config FILE` judges it",
		);
	t.deepEqual(mistakesOf(''), ['1:1: secret: this is missing: expected {file: PATH} or {env: NAME}']);
});
