import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {loadConfig, parseConfig} from '../../src/config/load.ts';
import type {Config} from '../../src/config/types.ts';
import {UserError} from '../../src/util/errors.ts';
import {placedMistakesIn as mistakesIn} from '../helpers/configs.ts';

function accept(text: string): Config {
	const loaded = parseConfig(text, 'c.yaml');
	if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
	return loaded.config;
}

test('the shipped example is right', async t => {
	const text = await readFile(new URL('../../docs/examples/june.yaml', import.meta.url), 'utf8');

	const config = accept(text);

	t.deepEqual(
		config.checks.map(check => [check.name, check.type, check.via, check.detail]),
		[
			['tunnel', 'tunnel', 'tailnet', 'lean'],
			['orchestrator', 'http', 'tailnet', 'full'],
			['livekit', 'http', 'tailnet', 'full'],
			['tts', 'http', 'tailnet', 'lean'],
			['stt', 'http', 'tailnet', 'lean'],
			['livekit-signal', 'ws', 'tailnet', 'full'],
			['magicdns', 'dns', 'tailnet', 'lean'],
			['derp', 'derp', 'direct', 'full'],
			['stun', 'stun', 'direct', 'full'],
			['headscale-certificate', 'tls', 'direct', 'full'],
			['orchestrator-not-public', 'tcp', 'direct', 'full'],
			['webhook', 'http', 'tailnet', 'full'],
			['audio', 'http', 'tailnet', 'full'],
			['gpu-tunnel', 'tunnel', 'tailnet', 'lean'],
			['gpu', 'gpu', 'direct', 'full'],
		],
	);
	t.like(config.headscale, {
		url: 'https://headscale.ozzu.world',
		apiKey: {file: '/run/secrets/headscale-api-key'},
		intervalMs: 15_000,
	});
	t.is(config.checks[1]?.objectiveMs, 300);
	t.deepEqual(
		config.checks.filter(({critical}) => !critical).map(({name}) => name),
		['derp', 'stun', 'headscale-certificate', 'webhook', 'audio', 'gpu-tunnel'],
	);
	t.is(config.checks.find(({name}) => name === 'orchestrator-not-public')?.expect, 'unreachable');
	t.like(config.pools[0], {min: 1, checks: ['tts', 'stt', 'webhook', 'audio']});
});

test('checks matter and services promise 99 % unless it is said otherwise; what must not answer promises nothing', t => {
	const {checks} = accept(`
checks:
  - {name: web, prober: http, via: direct, targets: ["http://198.51.100.7.example.com/"]}
  - {name: closed, prober: tcp, via: direct, expect: unreachable, targets: ["a.example.com:80"]}
  - {name: relay, prober: derp, via: direct, critical: false, targets: ["https://relay.example.com"]}
  - {name: port, prober: tcp, via: direct, availability_objective: none, targets: ["a.example.com:81"]}
  - {name: chain, prober: tls, via: direct, availability_objective: 0.9995, targets: ["a.example.com:443"]}
`);

	t.deepEqual(
		checks.map(({name, critical, availabilityObjective}) => [name, critical, availabilityObjective]),
		[
			['web', true, 0.99],
			['closed', true, undefined],
			['relay', false, undefined],
			['port', true, undefined],
			['chain', true, 0.9995],
		],
	);
});

test('an availability that nobody can promise is a mistake, and so is a word for yes or no', t => {
	const check = 'name: web, prober: http, via: direct, targets: ["http://a.example.com/"]';
	const places = ['0.3', '1', '99%', '.nan'].map(share =>
		mistakesIn(`checks: [{${check}, availability_objective: ${share}}]`),
	);

	for (const mistakes of places)
		t.deepEqual(
			mistakes.map(mistake => mistake.replace(/^c\.yaml:\d+:\d+: /, '')),
			['checks[0].availability_objective: expected a share between 0.5 and 0.99999 such as 0.995, or none'],
		);
	t.regex(mistakesIn(`checks: [{${check}, critical: maybe}]`).join(), /checks\[0\]\.critical: expected (true|a|yes)/);
});

test('a question without a name is a mistake where it stands, not a check that is always down', t => {
	const loaded = parseConfig(
		'checks: [{name: dns, prober: dns, via: direct, targets: [{name: resolver, target: 192.0.2.1}]}]',
		'file',
	);

	t.false(loaded.ok);
	t.regex(loaded.ok ? '' : loaded.mistakes.join(), /checks\[0\]\.targets\[0\].*no name to ask for: set query_name/);
});

test('an empty file is a right configuration with the defaults of the contract', t => {
	const config = accept('');

	t.like(config, {
		web: {host: '127.0.0.1', port: 9753},
		limits: {maxSeries: 60_000},
		adhoc: {allow: [], concurrency: 300, concurrencyPerCaller: 200, rate: {count: 2400, perMs: 60_000}},
	});
	t.deepEqual(config.tailnet.prefixes, ['100.64.0.0/10', 'fd7a:115c:a1e0::/48']);
	t.deepEqual(
		[...config.modules.keys()],
		['http_2xx', 'tcp_connect', 'tls_connect', 'ws', 'dns', 'stun', 'derp', 'icmp', 'tunnel'],
	);
	t.deepEqual(config.vantages, [
		{name: 'local', type: 'local', tailscaledSocket: '/var/run/tailscale/tailscaled.sock'},
	]);
});

test('a wrong file names every mistake at once, each with its place and what was expected', t => {
	const mistakes = mistakesIn(`
web: {listen: 9753}
headscale:
  url: ftp://headscale.example.com
  api_key: hskey-api-secret
  interval: soon
checks:
  - name: a b
    prober: tunnel
    nodes: {}
  - name: tts
    prober: smtp
    nodes: {}
  - name: stt
    prober: http
    targets: ["http://100.64.0.7:8001/"]
    timeout: 20s
    color: red
  - name: stt
    module: nothing
    nodes: {}
    from: [moon]
    via: tailnet
`);

	const expected: [RegExp, RegExp][] = [
		[/^c\.yaml:2:7: web\.listen: /, /expected ADDRESS:PORT|expected string/],
		[/^c\.yaml:4:3: headscale\.url: /, /expected a URL/],
		[/^c\.yaml:5:3: headscale\.api_key: /, /never written in the configuration/],
		[/^c\.yaml:6:3: headscale\.interval: /, /expected a duration/],
		[/^c\.yaml:8:5: checks\[0\]\.name: /, /letters, digits/],
		[/^c\.yaml:12:5: checks\[1\]\.prober: /, /expected one of tunnel, http/],
		[/^c\.yaml:18:5: checks\[2\]\.color: /, /there is no key named "color"/],
		[/checks\[2\]\.timeout: /, /nine tenths of the interval/],
		[/checks\[2\]\.targets\[0\]: /, /poor label/],
		[/checks\[2\]: /, /how its targets are reached/],
		[/checks\[3\]\.name: /, /there is a check named stt already/],
		[/checks\[3\]\.module: /, /there is no module named nothing; expected one of http_2xx/],
		[/checks\[3\]\.from\[0\]: /, /there is no vantage named moon/],
	];
	for (const [place, message] of expected)
		t.true(
			mistakes.some(mistake => place.test(mistake) && message.test(mistake)),
			`${place} ${message}\n${mistakes.join('\n')}`,
		);
	t.false(mistakes.join().includes('hskey-api-secret'));
});

test('one mistake is told once, and brings no others along that only follow from it', t => {
	const text = `
headscale: {url: "ftp://x"}
modules: {m: {prober: http, http: {valid_status_codes: [20]}}}
checks:
  - {name: a, prober: tunnel, nodes: {}}
  - {name: b, module: m, via: direct, targets: ["http://example.com/"]}
  - {name: c, prober: smtp, via: direct, targets: ["x"]}
  - {name: "d d", prober: tcp, via: direct, targets: ["x"], from: [zzz], interval: 5s, recheck: 1h}
`;

	const mistakes = mistakesIn(text).map(mistake => mistake.replace(/^c\.yaml:(\d+):\d+: /, '$1 '));

	t.deepEqual(
		mistakes.map(mistake => mistake.split(': ')[0]),
		[
			'2 headscale.url',
			'3 modules.m.http.valid_status_codes[0]',
			'7 checks[2].prober',
			'8 checks[3].name',
			'8 checks[3].targets[0]',
			'8 checks[3].from[0]',
			'8 checks[3].recheck',
		],
		mistakes.join('\n'),
	);
	t.false(
		mistakes.some(mistake => /received undefined|Too small|headscale block|no module/.test(mistake)),
		mistakes.join('\n'),
	);
});

test('text that is no YAML is told with its place', t => {
	t.regex(mistakesIn('checks: [\n  - {')[0] ?? '', /^c\.yaml:\d+:\d+: this is no YAML/);
	t.regex(mistakesIn('web: {}\nweb: {}')[0] ?? '', /^c\.yaml:2:1: this is no YAML: .*unique/);
});

test('a bomb of aliases is refused', t => {
	const bomb = [
		'a: &a [x,x,x,x,x,x,x,x,x]',
		...'bcdefgh'.split('').map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at]},`.repeat(9)}]`),
	].join('\n');

	t.regex(mistakesIn(bomb)[0] ?? '', /alias/);
});

test('a block that two hundred checks share by an alias is fine', t => {
	const checks = Array.from(
		{length: 200},
		(_, at) => `  - {name: c${at}, prober: http, http: *o, via: direct, targets: ["http://example.com/"]}`,
	);

	const config = accept(
		`modules: {m: {prober: http, http: &o {valid_status_codes: [200]}}}\nchecks:\n${checks.join('\n')}`,
	);

	t.is(config.checks.length, 200);
});

test('histogram and objective are refused where they would do nothing', t => {
	t.regex(
		mistakesIn('checks: [{name: p, prober: icmp, via: direct, targets: [a.example], histogram: true}]')[0] ?? '',
		/checks\[0\]\.histogram: checks of type icmp have times of their own/,
	);
});

test('options of one prober under another are a mistake, not ignored', t => {
	t.regex(mistakesIn('modules: {m: {prober: tcp, http: {}}}')[0] ?? '', /modules\.m\.http: the prober is tcp/);
});

test('targets that no probe could use are mistakes', t => {
	const aim = (prober: string, target: string) =>
		mistakesIn(
			`checks: [{name: c, prober: ${prober}, via: direct, targets: [{name: t, target: ${JSON.stringify(target)}}]}]`,
		);

	t.deepEqual(aim('http', 'https://example.com/x'), []);
	t.deepEqual(aim('http', 'example.com:8080'), []);
	t.deepEqual(aim('tcp', 'example.com:22'), []);
	t.deepEqual(aim('icmp', 'example.com'), []);
	t.regex(aim('http', 'file:///etc/passwd')[0] ?? '', /expected a target such as http/);
	t.regex(aim('http', 'http://user:secret@example.com/')[0] ?? '', /without user name and password/);
	t.false(aim('http', 'http://user:secret@example.com/').join().includes('secret'));
	t.regex(aim('tcp', 'example.com')[0] ?? '', /expected a target such as/);
	t.regex(aim('tcp', 'example.com:99999')[0] ?? '', /between 1 and 65535/);
	for (const odd of ['http://0x7f.1/', 'http://2130706433/', 'http://127.1:80/']) t.is(aim('http', odd).length, 1, odd);
	for (const odd of ['0x7f.1', '2130706433', '010.0.0.1']) t.is(aim('icmp', odd).length, 1, odd);
	t.regex(aim('icmp', '-oProxyCommand=x')[0] ?? '', /expected a target such as/);
});

test('a check takes deadline and options of its module', t => {
	const config = accept(`
modules: {m: {prober: http, timeout: 2s, http: {valid_status_codes: [204]}}}
checks: [{name: c, module: m, via: direct, targets: ["http://example.com/"], interval: 10s}]
`);

	t.like(config.checks[0], {
		type: 'http',
		timeoutMs: 2000,
		intervalMs: 10_000,
		targets: [{name: 'example.com', address: 'http://example.com/'}],
	});
	t.like(config.checks[0]?.options as Record<string, unknown>, {valid_status_codes: [204]});
});

test('by default a run has ended before the next begins', t => {
	const config = accept(
		'checks: [{name: c, prober: http, via: direct, targets: ["http://example.com/"], interval: 2s}]',
	);

	t.is(config.checks[0]?.timeoutMs, 1800);
});

test('a file that is not there is a sentence with exit status 78', async t => {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-test-'));
	t.teardown(() => rm(directory, {recursive: true}));

	const error = await t.throwsAsync(loadConfig(join(directory, 'none.yaml')), {instanceOf: UserError});
	await writeFile(join(directory, 'some.yaml'), 'web: {}');

	t.regex(error.message, /there is no such file/);
	t.is(error.exitCode, 78);
	t.true((await loadConfig(join(directory, 'some.yaml'))).ok);
});
