import {existsSync, mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {Check} from '../../src/engine/types.ts';
import {type Found, runShellRound} from '../../src/shell/round.ts';
import type {ShellTransport} from '../../src/vantages/shell-transport.ts';
import {localShell} from '../helpers/local-shell.ts';
import {recorded, startLocalApi} from '../helpers/localapi-server.ts';
import {testPlace} from '../helpers/probing.ts';
import {closedPort, httpAnswer, saying, serve} from '../helpers/servers.ts';
import {check, look, somewhere, wordOf} from '../helpers/shell-rounds.ts';
import {socks5Reply, startSocks5} from '../helpers/socks5-server.ts';

const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8']};
const viaTailnet = {target: {name: 'target', address: '', via: 'tailnet' as const, peer: ''}};

function inTailnet(
	type: string,
	address: string,
	options: Record<string, unknown> = {},
	more: Partial<Check> = {},
): Check {
	return check(type, address, options, {target: {...viaTailnet.target, address}, ...more});
}

test('names of the tailnet are resolved here, and the address goes through the proxy there', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK', 'OK')));
	const proxy = await startSocks5(t);
	const peers = new Map([['june-orchestrator', {addresses: ['127.0.0.1']}]]);
	const address = `http://june-orchestrator:${server.port}/healthz`;
	const tcpAddress = `june-orchestrator:${server.port}`;

	const found = await look(
		[inTailnet('http', address), inTailnet('tcp', tcpAddress)],
		localShell(),
		{tailnet, socks5: proxy.address},
		peers,
	);

	for (const key of [`http/there/${address}`, `tcp/there/${tcpAddress}`]) {
		const reading = found.get(key)?.result;
		t.is(wordOf(reading), 'up', key);
		if (reading === undefined || reading instanceof Error) continue;
		t.like(reading.facts, {address: '127.0.0.1', resolved_by: 'peers', dial: 'proxy', answered: 'true'});
		t.true((reading.phases?.connect_proxy ?? 0) > 0);
	}
	t.deepEqual(
		proxy.asked.map(({address: to, port}) => [to, port]),
		[
			['127.0.0.1', server.port],
			['127.0.0.1', server.port],
		],
	);
	t.true(server.heads[0]?.includes(`Host: june-orchestrator:${server.port}\r\n`));
});

for (const [code, word] of [
	[1, 'proxy'],
	[4, 'unreachable'],
	[5, 'refused'],
	[8, 'unsupported'],
] as const) {
	test(`the proxy's answer ${code} means ${word}, by curl and by bash`, async t => {
		const proxy = await startSocks5(t, {onRequest: socks5Reply(code)});

		const found = await look(
			[inTailnet('http', 'http://127.0.0.1:9/'), inTailnet('tcp', '127.0.0.1:9')],
			localShell(),
			{tailnet, socks5: proxy.address},
		);

		t.deepEqual(
			[...found.values()].map(({result}) => wordOf(result)),
			[word, word],
		);
	});
}

test('a proxy that is not there is the fault of that machine', async t => {
	const socks5 = `127.0.0.1:${await closedPort()}`;

	const found = await look([inTailnet('http', 'http://127.0.0.1:9/'), inTailnet('tcp', '127.0.0.1:9')], localShell(), {
		tailnet,
		socks5,
	});

	t.deepEqual(
		[...found.values()].map(({result}) => wordOf(result)),
		['vantage', 'vantage'],
	);
});

test('a name that leads out of the tailnet, a loopback one and one that nobody knows are never dialled', async t => {
	const shell = localShell();
	const peers = new Map([['elsewhere', {addresses: ['192.0.2.1']}]]);
	const checks = [
		inTailnet('http', 'http://elsewhere/'),
		inTailnet('http', 'http://nobody/'),
		check('http', 'http://localhost:1/'),
		check('http', 'http://169.254.169.254/latest'),
		check('tcp', '127.0.0.1:1'),
	];

	const found = await look(checks, shell, {allowLoopback: false}, peers);

	t.deepEqual(
		checks.map(({key}) => wordOf(found.get(key)?.result)),
		['wrong_network', 'resolve', 'forbidden', 'forbidden', 'forbidden'],
	);
	t.false(shell.scripts.join().includes('curl'));
	t.is(shell.scripts.length, 1, 'one execution asks for names');
});

test('a redirect is not followed, and says where it leads', async t => {
	const server = await serve(t, saying(httpAnswer('302 Found', '', ['Location: http://127.0.0.1:1/elsewhere'])));
	const address = `http://127.0.0.1:${server.port}/`;

	const found = await look([
		check('http', address),
		{...check('http', address, {follow_redirects: false, valid_status_codes: [302]}), key: 'as it is'},
	]);

	const result = found.get(`http/there/${address}`)?.result;
	t.is(wordOf(result), 'unsupported');
	t.regex(
		result instanceof Error ? result.message : '',
		/leads to http:\/\/127\.0\.0\.1:1\/elsewhere.*follow_redirects: false/,
	);
	t.is(wordOf(found.get('as it is')?.result), 'up');
	t.is(server.accepted, 2);
});

test('method, headers, host and body are as configured', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const options = {
		method: 'POST',
		headers: {'Accept-Language': "a '$(id)' b", Host: 'livekit', Accept: 'text/plain'},
		body: "it's $HOME `id`\n",
	};

	const found = await look([check('http', `127.0.0.1:${server.port}/a%20b?q=[1-3]{x}`, options)]);

	t.deepEqual(
		[...found.values()].map(({result}) => wordOf(result)),
		['up'],
	);
	const [head = ''] = server.heads;
	t.true(head.startsWith('POST /a%20b?q=[1-3]{x} HTTP/1.1\r\n'), head);
	for (const line of ["Accept-Language: a '$(id)' b", 'Host: livekit', 'Accept: text/plain', 'Content-Length: 16'])
		t.true(head.includes(`${line}\r\n`), line);
	t.notRegex(head, /Expect|Content-Type/i);
});

test('what a shell cannot do, or must not show, is unsupported and named', async t => {
	const cases: [string, string, Record<string, unknown>, RegExp][] = [
		['http', 'http://127.0.0.1:1/', {bearer_token: {env: 'X'}}, /credentials/],
		['http', 'http://127.0.0.1:1/', {headers: {'X-Api-Key': 'secret'}}, /X-Api-Key/],
		['http', 'http://127.0.0.1:1/', {compression: 'gzip'}, /compression: gzip/],
		['http', 'http://127.0.0.1:1/', {body_file: '/etc/hosts'}, /body_file/],
		['tcp', '127.0.0.1:1', {query_response: [{expect: '^220'}]}, /query_response/],
		['tcp', '127.0.0.1:1', {tls: true}, /type tls/],
		['tls', '127.0.0.1:1', {starttls: 'smtp'}, /starttls/],
		['ws', 'ws://127.0.0.1:1/', {ping: true}, /ping/],
		['stun', '127.0.0.1:1', {}, /more than a shell/],
	];
	const shell = localShell();

	for (const [type, address, options, sentence] of cases) {
		const {result} = (await look([check(type, address, options)], shell)).values().next().value as Found;
		t.is(wordOf(result), 'unsupported', type);
		t.regex(result instanceof Error ? result.message : '', sentence);
	}
	t.is(shell.scripts.length, 0);
});

test('a round that has nothing to send, and one whose names nobody knows, ran nothing', async t => {
	const shell = localShell();
	const round = (checks: Check[]) =>
		runShellRound(checks, {
			transport: shell,
			place: somewhere,
			peers: new Map([['elsewhere', {addresses: ['127.0.0.1']}]]),
			lanes: 4,
			deadlineMs: 8000,
			signal: new AbortController().signal,
			onBug: text => t.fail(text),
		});

	const silent = await round([check('stun', '127.0.0.1:1'), inTailnet('http', 'http://nobody/')]);
	const named = await round([check('http', 'http://no-such-host.invalid/')]);
	const look = await round([]);

	for (const {ran, refusal, status} of [silent, named])
		t.deepEqual([ran, refusal, status], [false, undefined, undefined]);
	t.true(look.ran);
	t.is(shell.scripts.length, 2, 'one asks for the name, one looks');
});

test('a short round that ends before tailscaled could answer does not call it silent', async t => {
	const local = await startLocalApi(t, {status: 'silent'});
	const ask = (deadlineMs: number) =>
		runShellRound([], {
			transport: localShell(),
			place: {...somewhere, tailscaled: local.socket},
			peers: new Map(),
			lanes: 4,
			deadlineMs,
			signal: new AbortController().signal,
			onBug: text => t.fail(text),
		});

	const short = await ask(2000);
	const long = await ask(6000);

	t.like(short, {ran: true, status: undefined});
	t.like(long, {ran: true, status: {sound: false}});
});

for (const [deadlineMs, hurried] of [
	[1000, true],
	[6000, undefined],
] as const) {
	test(`a shell that says nothing within ${deadlineMs} ms ${hurried ? 'was not given time' : 'is not there'}`, async t => {
		const transport: ShellTransport = {
			type: 'ssh',
			maxScriptBytes: 100_000,
			run: async () => ({kind: 'ran', stdout: Buffer.alloc(0), stderr: '', roundTripMs: deadlineMs}),
			async stop() {},
		};

		const result = await runShellRound([], {
			transport,
			place: somewhere,
			peers: new Map(),
			lanes: 4,
			deadlineMs: deadlineMs + 20,
			signal: new AbortController().signal,
			onBug: text => t.fail(text),
		});

		t.is(result.hurried, hurried);
		t.like(result, {ran: false, refusal: {reason: 'vantage'}});
	});
}

test('a hostile target runs nothing and becomes no option', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const trace = `/tmp/tailprobe-hostile-${process.pid}`;
	t.teardown(() => rmSync(trace, {force: true}));
	const paths = [
		`$(touch${'$'}{IFS}${trace})`,
		`\`touch${'$'}{IFS}${trace}\``,
		`';touch${'$'}{IFS}${trace};'`,
		'-o/etc/passwd',
		'@/etc/passwd',
		'%0atouch',
	];
	const hosts = ['-oProxyCommand=x', '$(id)', 'a;id', 'a\nid', '`id`', '--help'];

	const found = await look([
		...paths.map(path => check('http', `http://127.0.0.1:${server.port}/${path}`)),
		...hosts.map(host => check('http', `http://${host}/`)),
		...hosts.map(host => check('tcp', `${host}:80`)),
		...hosts.map(host => inTailnet('icmp', host)),
	]);

	const words = [...found].map(([key, {result}]) => `${key.slice(0, 4)} ${wordOf(result)}`);
	t.is(words.filter(word => word === 'http up').length, paths.length);
	t.is(words.filter(word => /resolve|forbidden/.test(word)).length, 3 * hosts.length);
	t.is(found.size, paths.length + 3 * hosts.length);
	t.false(existsSync(trace));
});

test('pings there tell round trips, and silence is a timeout', async t => {
	const found = await look([check('icmp', '127.0.0.1', {count: 3})]);

	const reading = found.get('icmp/there/127.0.0.1')?.result;
	t.is(wordOf(reading), 'up', reading instanceof Error ? reading.message : reading?.detail);
	if (reading === undefined || reading instanceof Error) return;
	t.like(reading.values, {pings_sent: 3, pings_lost: 0, loss_ratio: 0});
	t.true((reading.values.rtt_seconds ?? 0) > 0);
});

test('a tunnel is pinged through the socket of tailscaled there, in floats, and its status comes along', async t => {
	const local = await startLocalApi(t);

	const result = await runShellRound([inTailnet('tunnel', '100.64.0.1')], {
		transport: localShell(),
		place: {...somewhere, tailscaled: local.socket},
		peers: new Map(),
		lanes: 4,
		deadlineMs: 8000,
		signal: new AbortController().signal,
		onBug: text => t.fail(text),
	});

	const reading = result.found.values().next().value?.result;
	t.is(wordOf(reading), 'up', reading instanceof Error ? reading.message : reading?.detail);
	if (reading === undefined || reading instanceof Error) return;
	t.like(reading, {
		values: {
			pings_sent: 3,
			pings_lost: 0,
			disco_seconds: 0.000313527,
			tsmp_seconds: 0.000980473,
			icmp_seconds: 0.000772412,
		},
		facts: {path: 'direct', endpoint: '10.77.0.3:41641', overhead_within: 'true', address: '100.64.0.1'},
	});
	t.like(result.status, {sound: true, facts: {backendState: 'Running', tun: 'true'}});
	t.true((result.status?.addresses.length ?? 0) > 0);
});

for (const [title, ping, word] of [
	[
		'lost TSMP pings are a timeout',
		(type: string) => (type === 'TSMP' ? 'silent' : recorded('ping-disco-direct')),
		'timeout',
	],
	['an expired node is unreachable', () => recorded('ping-expired'), 'unreachable'],
	['the place itself is no target', () => recorded('ping-self'), 'unsupported'],
] as const) {
	test(`of a tunnel there ${title}`, async t => {
		const local = await startLocalApi(t, {ping});

		const found = await look([inTailnet('tunnel', '100.64.0.1')], localShell(), {tailscaled: local.socket});

		const result = found.get('tunnel/there/100.64.0.1')?.result;
		t.is(wordOf(result), word, result instanceof Error ? result.message : result?.detail);
	});
}

test('no tailscaled behind the socket is the fault of that machine', async t => {
	const found = await look([inTailnet('tunnel', '100.64.0.1')], localShell(), {tailscaled: '/nowhere/tailscaled.sock'});

	t.is(wordOf(found.get('tunnel/there/100.64.0.1')?.result), 'vantage');
});

test('tools that are missing there are named', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'bare-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	for (const tool of ['sh', 'head', 'tail', 'base64', 'timeout', 'sleep', 'true'])
		symlinkSync('/bin/busybox', join(folder, tool));
	// The script looks in the usual places as well: those must be out of sight.
	const shell = localShell({shell: ['/bin/busybox', 'sh'], path: folder, hide: true});

	const found = await look(
		[
			check('http', 'http://127.0.0.1:1/'),
			check('tcp', '127.0.0.1:1'),
			check('icmp', '127.0.0.1'),
			check('http', 'http://name.test/'),
		],
		shell,
	);

	const told = [...found.values()].map(({result}) => (result instanceof Error ? result.message : ''));
	t.deepEqual(
		[...found.values()].map(({result}) => wordOf(result)),
		Array(4).fill('unsupported'),
	);
	for (const [at, tool] of ['getent', 'curl', 'bash', 'ping'].entries())
		t.regex(told[at] ?? '', new RegExp(`no ${tool} in the image`));
});

test('a round that is too long for one script is split, and each check has its answer', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const shell = localShell({maxScriptBytes: 4000});
	const checks = Array.from({length: 12}, (_, at) => check('http', `http://127.0.0.1:${server.port}/${at}`));

	const found = await look(checks, shell);

	t.deepEqual(
		[...found.values()].map(({result}) => wordOf(result)),
		Array(12).fill('up'),
	);
	t.true(shell.scripts.length > 1 && shell.scripts.length < 6, String(shell.scripts.length));
	t.true(shell.scripts.every(script => Buffer.byteLength(script) <= 4000));
});
