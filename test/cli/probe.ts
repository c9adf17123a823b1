import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createServer as createTlsServer} from 'node:tls';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {probeUsage, runProbe} from '../../src/cli/probe.ts';
import type {Terminal} from '../../src/cli/terminal.ts';
import {serveControl} from '../../src/lab/control.ts';
import {controlPathIn} from '../../src/lab/directory.ts';
import {describeProbe} from '../../src/server/json.ts';
import type {AdhocAnswer} from '../../src/server/types.ts';
import {type CommandRun, runCommand} from '../helpers/command-runs.ts';
import {
	aCheck,
	aCheckView,
	anOutcome,
	type FakeDaemon,
	fakeDaemon,
	ranAnswer,
	someTime,
	withServer,
} from '../helpers/fake-daemon.ts';
import {guard, hashOf, pem} from '../helpers/guarded.ts';

const run = (args: readonly string[], part: Partial<Terminal> = {}) =>
	runCommand(runProbe, args, {columns: 120, ...part});

/** Runs the command against a daemon that answers so. */
async function runAgainst(
	daemon: FakeDaemon,
	args: readonly string[],
	part: Partial<Terminal> = {},
): Promise<CommandRun> {
	let result: CommandRun | undefined;
	await withServer(daemon, async ({url}) => {
		result = await run(['--url', url, ...args], part);
	});
	return result as CommandRun;
}

function goodAnswer(): string {
	return JSON.stringify(describeProbe(ranAnswer() as AdhocAnswer & {kind: 'ran'}, []));
}

test('a target that is up is drawn and ends with 0', async t => {
	const {status, out, err} = await runAgainst(fakeDaemon(), ['http://livekit:7880/']);

	t.is(status, 0);
	t.regex(out, /^up {2}http:.*\n {2}http_2xx from cluster/);
	t.is(err, '');
});

test('the daemon that answered is named without its password', async t => {
	await withServer(fakeDaemon(), async ({url}) => {
		const {out} = await run(['--url', `${url}/?secret=hunter2#x`, 'x']);

		t.true(out.split('\n')[1]?.endsWith(`says ${url}`), out);
		t.notRegex(out, /hunter2/);
	});
});

test('a target that is down ends with 1', async t => {
	const down = anOutcome({kind: 'adhoc', verdict: 'down', reason: 'refused', detail: 'It refused.'});

	const {status, out} = await runAgainst(fakeDaemon({probe: async () => ranAnswer(down)}), ['x']);

	t.is(status, 1);
	t.regex(out, /^DOWN/);
	t.regex(out, /refused: It refused\./);
});

test('a target that nobody could look at ends with 2', async t => {
	const blind = anOutcome({kind: 'adhoc', verdict: 'unknown', reason: 'vantage', detail: 'The vantage is gone.'});

	const {status, out} = await runAgainst(fakeDaemon({probe: async () => ranAnswer(blind)}), ['x']);

	t.is(status, 2);
	t.regex(out, /^UNKNOWN/);
});

test('the options reach the daemon, the timeout exactly', async t => {
	const daemon = fakeDaemon();

	await runAgainst(daemon, ['--from', 'gpu', '--module', 'icmp', '--timeout', '2.5s', '--', '-odd target&x=1']);

	t.like(daemon.asked[0], {from: 'gpu', module: 'icmp', timeoutMs: 2500, target: '-odd target&x=1'});
});

test('the daemon is found by TAILPROBE_URL, also below a path', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({url}) => {
		t.is((await run(['x'], {env: {TAILPROBE_URL: url}})).status, 0);
		t.is((await run(['x'], {env: {TAILPROBE_URL: `${url}/`}})).status, 0);
		t.is((await run(['x'], {env: {TAILPROBE_URL: `${url}/below`}})).status, 2);
	});

	t.is(daemon.asked.length, 2);
});

test('--json gives a program everything', async t => {
	const {status, out} = await runAgainst(fakeDaemon(), ['--json', 'x']);

	t.is(status, 0);
	const {outcome, check} = JSON.parse(out);
	t.like(outcome, {verdict: 'up', values: {status_code: 200}});
	t.is(check.vantage, 'cluster');
});

test('what the daemon refuses as the caller’s mistake is wrong usage', async t => {
	const daemon = fakeDaemon({
		probe: async () => ({kind: 'bad_request', field: 'module', detail: 'There is no module named nope.'}),
	});

	t.deepEqual(await runAgainst(daemon, ['--module', 'nope', 'x']), {
		status: 64,
		out: '',
		err: 'There is no module named nope.\n',
	});
});

test('a daemon that is busy is unknown', async t => {
	const daemon = fakeDaemon({probe: async () => ({kind: 'busy', detail: 'Four probes are under way.'})});

	t.deepEqual(await runAgainst(daemon, ['x']), {status: 2, out: '', err: 'Four probes are under way.\n'});
});

test('a daemon that cannot be reached ends with 2 and says what to do', async t => {
	const server = http.createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	server.close();

	const {status, err} = await run(['--url', `http://127.0.0.1:${port}`, 'x']);

	t.is(status, 2);
	t.regex(
		err,
		new RegExp(`No tailprobe answers at http://127\\.0\\.0\\.1:${port}: .*ECONNREFUSED.*tailprobe serve --config`),
	);
});

test('where no daemon answers but a lab runs, the sentence says how to ask that one', async t => {
	const labDirectory = await mkdtemp(join(tmpdir(), 'tailprobe-test-'));
	t.teardown(() => rm(labDirectory, {recursive: true, force: true}));
	const status = {pid: 7, startedAt: 1, active: [], url: 'http://127.0.0.1:9754/'};
	const lab = await serveControl(controlPathIn(labDirectory), async () => ({ok: true, status}));
	t.teardown(() => lab.close());
	const other = http.createServer((_, response) => response.end('<h1>nginx</h1>')).listen(0, '127.0.0.1');
	await once(other, 'listening');
	const {port} = other.address() as AddressInfo;
	t.teardown(() => other.close());

	for (const url of ['http://127.0.0.1:1', `http://127.0.0.1:${port}`]) {
		const {status, err} = await run(['--url', url, 'x'], {labDirectory});

		t.is(status, 2);
		t.regex(err, new RegExp(`^No tailprobe answers at ${url}: .*[.] Your lab does, at http://127[.]0[.]0[.]1:9754/: `));
		t.regex(err, /add --url http:\/\/127\.0\.0\.1:9754\/, or set TAILPROBE_URL\.\n$/);
	}
	status.url = 'http://127.0.0.1:1/';
	const {err} = await run(['--url', 'http://127.0.0.1:1', 'x'], {labDirectory});
	t.regex(err, /tailprobe serve --config/, 'the lab is the one that does not answer');
});

for (const [what, answer] of [
	['something else than JSON', (response: http.ServerResponse) => response.end('<h1>nginx</h1>')],
	['JSON of another kind', (response: http.ServerResponse) => response.end('{"outcome": {"verdict": "up"}}')],
	[
		'an answer after megabytes of nothing',
		(response: http.ServerResponse) => response.end(' '.repeat(3_000_000) + goodAnswer()),
	],
	['a redirect', (response: http.ServerResponse) => response.writeHead(302, {Location: '/elsewhere'}).end()],
	['silence and a closed door', (response: http.ServerResponse) => response.destroy()],
] as const)
	test(`a server that answers with ${what} is not taken for a daemon`, async t => {
		const server = http.createServer(
			({url}, response) => void (url === '/elsewhere' ? response.end(goodAnswer()) : answer(response)),
		);
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		const {port} = server.address() as AddressInfo;

		const {status, out, err} = await run(['--url', `http://127.0.0.1:${port}`, 'x']);

		t.is(status, 2);
		t.is(out, '');
		t.regex(err, /^No tailprobe answers at/);
		server.close();
		server.closeAllConnections();
	});

for (const args of [
	[],
	['a', 'b'],
	['--unknown', 'x'],
	['--timeout', 'soon', 'x'],
	['--timeout', '0', 'x'],
	['--timeout', '1h', 'x'],
	['--url', 'not a url', 'x'],
	['--url', 'file:///etc/passwd', 'x'],
	['--url', 'http://a%zz@localhost:1', 'x'],
	['--url', 'http://localhost:1', '--config', 'x.yaml', 'x'],
	['--module'],
	['--check', 'derp', '--module', 'derp', 'x'],
	['--check', 'derp', 'x', 'y'],
	['--url', 'http://localhost:1', '--ca-file', 'ca.pem', 'x'],
	['--config', 'x.yaml', '--ca-file', 'ca.pem', 'x'],
])
	test(`wrong usage ends with 64 and shows the usage: ${args.join(' ') || 'nothing'}`, async t => {
		const {status, out, err} = await run(args);

		t.is(status, 64);
		t.is(out, '');
		t.true(err.endsWith(`\n\n${probeUsage}`), err);
	});

test('--help is not a mistake', async t => {
	t.deepEqual(await run(['--help']), {status: 0, out: probeUsage, err: ''});
});

test('a daemon that asks who we are is told: by a token from a file, or by the name in the URL', async t => {
	const said: (string | undefined)[] = [];
	const server = http.createServer(({headers, url = ''}, response) => {
		said.push(headers.authorization);
		t.notRegex(url, /hunter2/);
		response.end(goodAnswer());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-token-'));
	const token = join(directory, 'token');
	await writeFile(token, 'made-up-token\n');
	const url = `http://127.0.0.1:${port}`;

	await run(['--url', url, '--token-file', token, 'x']);
	await run(['--url', url, 'x'], {env: {TAILPROBE_TOKEN_FILE: token}});
	const {out} = await run(['--url', `http://june:hunter2%40@127.0.0.1:${port}`, 'x']);
	await run(['--url', url, 'x']);
	const missing = await run(['--url', url, '--token-file', join(directory, 'none'), 'x']);

	t.deepEqual(said, [
		'Bearer made-up-token',
		'Bearer made-up-token',
		`Basic ${Buffer.from('june:hunter2@').toString('base64')}`,
		undefined,
	]);
	t.notRegex(out, /hunter2/);
	t.not(missing.status, 0);
	t.regex(missing.err, /none cannot be read/);
	server.close();
	await rm(directory, {recursive: true});
});

const certificates = new URL('../fixtures/tls/', import.meta.url);
const ca = fileURLToPath(new URL('ca.pem', certificates));
const tls = 'tls_server_config: {cert_file: server.crt, key_file: server.key}\n';

function tlsFiles(name = 'good.pem') {
	return {'server.crt': pem(name), 'server.key': pem('server.key')};
}

test('a daemon with an own authority is believed by --ca-file, or by TAILPROBE_CA_FILE', async t => {
	const {url} = await guard(t, {web: tls, files: tlsFiles(), listenHost: '127.0.0.1'});

	const given = await run(['--url', url, '--ca-file', ca, 'x']);
	const found = await run(['--url', url, 'x'], {env: {TAILPROBE_CA_FILE: ca}});

	t.is(given.status, 0, given.err);
	t.is(found.status, 0, found.err);
});

for (const [what, certificate, args, sentence] of [
	[
		'an unknown authority',
		'good.pem',
		[],
		/^Something answers at https:\S+, but no authority that this machine trusts vouches .*--ca-file FILE/,
	],
	[
		'another authority',
		'good.pem',
		['--ca-file', fileURLToPath(new URL('self-signed.pem', certificates))],
		/^Something answers at https:\S+, but no authority in \S+self-signed\.pem vouches/,
	],
	['another name', 'other-host.pem', ['--ca-file', ca], /^Something answers .* for other names than 127\.0\.0\.1\./],
	['an end that has passed', 'expired.pem', ['--ca-file', ca], /^Something answers .* not valid \(CERT_HAS_EXPIRED\)/],
	[
		'an authority file that is none',
		'good.pem',
		['--ca-file', fileURLToPath(new URL('make.sh', certificates))],
		/make\.sh holds no certificate/,
	],
	['an authority file that is gone', 'good.pem', ['--ca-file', '/nowhere/ca.pem'], /\/nowhere\/ca\.pem cannot be read/],
] as const)
	test(`a daemon whose certificate has ${what}: the sentence says what to do`, async t => {
		const {url} = await guard(t, {web: tls, files: tlsFiles(certificate), listenHost: '127.0.0.1'});

		const {status, err} = await run(['--url', url, ...args, 'x']);

		t.true(status === 2 || status === 78);
		t.regex(err, sentence);
		t.notRegex(err, /Start one|system-ca/);
	});

test('http:// for a daemon that speaks HTTPS is told so, and the other way round', async t => {
	const {port} = await guard(t, {web: tls, files: tlsFiles(), listenHost: '127.0.0.1'});

	const {status, err} = await run(['--url', `http://127.0.0.1:${port}`, 'x']);

	t.is(status, 2);
	t.is(err, `What listens at 127.0.0.1:${port} speaks HTTPS: ask it at https://127.0.0.1:${port}.\n`);
	await withServer(fakeDaemon(), async served => {
		const other = await run(['--url', `https://127.0.0.1:${served.port}`, 'x']);

		t.regex(other.err, /^What listens at \S+ speaks no HTTPS\. Ask it at http:/);
	});
});

test('a server of another kind that speaks only TLS cuts the connection, and HTTPS is thought of', async t => {
	const server = createTlsServer({cert: pem('good.pem'), key: pem('server.key')}).listen(0, '127.0.0.1');
	t.teardown(() => server.close());
	await once(server, 'listening');

	const {err} = await run(['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'x']);

	t.regex(err, /without an answer\. Perhaps it speaks HTTPS: try --url https:/);
});

test('a daemon that asks who we are has the options named', async t => {
	const {url} = await guard(t, {web: `basic_auth_users: {june: "${hashOf('right')}"}`, listenHost: '127.0.0.1'});

	const {status, err} = await run(['--url', url, 'x']);

	t.is(status, 2);
	t.regex(err, /^tailprobe asks who you are.* Give a token with --token-file FILE/);
});

test('colour is for terminals that want it', async t => {
	const colored = async (part: Partial<Terminal>) =>
		(await runAgainst(fakeDaemon(), ['x'], part)).out.includes('\u001b[');

	t.true(await colored({isTty: true}));
	t.false(await colored({isTty: true, env: {NO_COLOR: '1'}}));
	t.false(await colored({isTty: true, env: {TERM: 'dumb'}}));
	t.false(await colored({isTty: false}));
});

test('a terminal without UTF-8 gets no blocks, a wide one no wider lines', async t => {
	const drawn = await runAgainst(fakeDaemon(), ['x'], {env: {LANG: 'C'}});

	t.notRegex(drawn.out, /[^\x20-\x7e\n]/);
	for (const line of drawn.out.split('\n')) t.true(line.length <= 80);
});

test('with --config it needs no daemon, and reaches no further than the configuration lets it', async t => {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-probe-'));
	const config = join(directory, 'config.yaml');
	await writeFile(
		config,
		'vantages: [{name: here, type: local}]\nmodules: {direct: {prober: http, via: direct}}\nchecks: []\n',
	);

	const forbidden = await run(['--config', config, '--module', 'direct', 'http://127.0.0.1:1/']);
	const unknownModule = await run(['--config', config, '--module', 'nope', 'x']);
	const noConfig = await run(['--config', join(directory, 'nothing.yaml'), 'x']);

	t.is(forbidden.status, 1);
	t.regex(forbidden.out, /direct from here.*\n\n {2}forbidden: /);
	t.is(unknownModule.status, 64);
	t.is(noConfig.status, 78);
	await rm(directory, {recursive: true});
});

test('as a process it writes to a pipe without colour and ends by itself with the status', async t => {
	const down = anOutcome({kind: 'adhoc', verdict: 'down', reason: 'refused', detail: 'It refused.'});
	const script = new URL('../../src/cli/probe.ts', import.meta.url).href;
	const code = `const {runProbe} = await import(${JSON.stringify(script)}); process.exitCode = await runProbe(process.argv.slice(1));`;
	await withServer(fakeDaemon({probe: async () => ranAnswer(down)}), async ({url}) => {
		const child = await execa(process.execPath, ['--input-type=module', '-e', code, '--', '--url', url, 'x'], {
			reject: false,
			timeout: 20_000,
		});

		t.is(child.exitCode, 1);
		t.regex(child.stdout, /^DOWN/);
		t.notRegex(child.stdout, /\u001b/);
	});
});

test('a check is asked for by its name, its only target needs none', async t => {
	const check = aCheck({name: 'derp', expect: 'unreachable'});
	const answer = {...ranAnswer(undefined, check), module: undefined} as unknown as AdhocAnswer;
	const daemon = fakeDaemon({probe: async () => answer});

	const {status, out} = await runAgainst(daemon, ['--check', 'derp']);
	await runAgainst(daemon, ['--check', 'derp', '--from', 'gpu2', 'headscale']);

	t.is(status, 0);
	t.regex(out, /^ {2}check derp \(nothing may answer there\) from cluster, via tailnet/m);
	t.notRegex(out, /has this target/);
	t.like(daemon.asked[0], {check: 'derp', target: ''});
	t.like(daemon.asked[1], {check: 'derp', target: 'headscale', from: 'gpu2'});
});

test('checks that have the target of a plain probe are told, as what they want may differ', async t => {
	const run = aCheck();
	const checks = [
		aCheckView({check: {...run, key: 'own', name: 'own', options: {ca: 'x'}}}),
		aCheckView({
			check: {...run, key: 'shut', name: 'shut', expect: 'unreachable'},
			verdict: 'down',
			downSince: someTime - 60_000,
		}),
	];

	const {out} = await runAgainst(fakeDaemon({checks: () => checks}), [run.target.address]);

	t.regex(
		out,
		/\n\n {2}check own has this target: up since 22:13 UTC, with options of its own\n {2}check shut wants nothing to answer there: down since 22:12 UTC\n {2}as that check is configured:\n {4}tailprobe probe --url http:\/\/127\.0\.0\.1:\d+ --check own june-orchestrator\n$/,
	);
});

test('the last hour of the check and the path of its tunnel stand beside the fresh answer', async t => {
	const run = aCheck();
	const hour = [...Array.from({length: 59}, () => undefined), {up: 3, down: 1, unknown: 0, worstSeconds: 0.041}];
	const checks = () => [
		aCheckView({check: {...run, key: 'other', name: 'other', vantage: 'gpu'}}),
		aCheckView({check: {...run, key: 'api', name: 'api'}, strip: hour}),
	];
	const target = {...run.target, peer: 'june-orchestrator'};
	const asModule = fakeDaemon({checks, probe: async () => ranAnswer(undefined, {...run, target})});
	const asCheck = fakeDaemon({
		checks,
		probe: async () => ({...ranAnswer(undefined, {...run, name: 'api'}), module: undefined}) as unknown as AdhocAnswer,
	});
	const strip = `\n  ${'·'.repeat(59)}✗\n  last hour`;

	const one = await runAgainst(asModule, [run.target.address]);
	const other = await runAgainst(asCheck, ['--check', 'api']);
	const none = await runAgainst(fakeDaemon({checks: () => []}), ['x']);

	t.true(one.out.includes(`${strip} of check api: 3 of 4 up, worst 41.0 ms\n`), one.out);
	t.regex(one.out, /^ {2}path direct · /m);
	t.true(other.out.includes(`${strip}: 3 of 4 up, worst 41.0 ms\n`), other.out);
	t.notRegex(none.out, /last hour/);
});

test('--json escapes what would move a cursor', async t => {
	const down = anOutcome({kind: 'adhoc', verdict: 'down', reason: 'refused', detail: 'a\u009b31mb'});

	const {out} = await runAgainst(fakeDaemon({probe: async () => ranAnswer(down)}), ['--json', 'x']);

	t.notRegex(out, /\u009b/);
	t.is(JSON.parse(out).outcome.detail, 'a\u009b31mb');
});
