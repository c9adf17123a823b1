import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, openSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {diagnoseUsage, runDiagnose} from '../../src/cli/diagnose.ts';
import type {Terminal} from '../../src/cli/terminal.ts';
import {diagnose} from '../../src/diagnosis/diagnose.ts';
import {runCommand} from '../helpers/command-runs.ts';
import {aDiagnosisJson, anIncidentJson} from '../helpers/diagnoses.ts';
import {aCheckView, fakeDaemon, withServer} from '../helpers/fake-daemon.ts';
import {guard, hashOf} from '../helpers/guarded.ts';
import {aLink, aTunnel, aWorld, isDown, isUp} from '../helpers/scenes.ts';

const run = (args: readonly string[], part: Partial<Terminal> = {}) => runCommand(runDiagnose, args, part);

interface Asked {
	method: string | undefined;
	url: string | undefined;
	authorization: string | undefined;
	body: string;
}

/** A server that answers every path so, and remembers what it was asked. */
async function serve(
	t: ExecutionContext,
	answer: unknown | ((response: http.ServerResponse) => void),
	status = 200,
): Promise<{url: string; asked: Asked[]}> {
	const asked: Asked[] = [];
	const server = http.createServer(async (request, response) => {
		const {method, url, headers} = request;
		let body = '';
		for await (const chunk of request) body += chunk;
		asked.push({method, url, authorization: headers.authorization, body});
		if (typeof answer === 'function') answer(response);
		else response.writeHead(status, {'Content-Type': 'application/json'}).end(JSON.stringify(answer));
	});
	const {promise, resolve} = Promise.withResolvers<void>();
	server.listen(0, '127.0.0.1', resolve);
	await promise;
	t.teardown(() => {
		server.close();
		server.closeAllConnections();
	});
	const address = server.address();
	return {url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked};
}

for (const [verdict, status] of [
	['up', 0],
	['down', 1],
	['unknown', 2],
] as const)
	test(`a link that is ${verdict} ends with ${status}, and is drawn`, async t => {
		const {url, asked} = await serve(t, aDiagnosisJson({verdict}));

		const {status: ended, out, err} = await run(['--url', url, 'tts', 'june-gpu-1']);

		t.is(ended, status, err);
		t.regex(out, new RegExp(`^${verdict} {2}tts june-gpu-1 from cluster`, 'i'));
		t.like(asked[0], {method: 'POST', url: '/api/v1/diagnose', body: '{"subject":"tts june-gpu-1"}'});
	});

test('the vantage reaches the daemon, and what looks like an option is a subject behind --', async t => {
	const {url, asked} = await serve(t, aDiagnosisJson());

	await run(['--url', `${url}/below/`, '--from', 'gpu 2', '--', '--odd']);

	t.is(asked[0]?.url, '/below/api/v1/diagnose');
	t.is(asked[0]?.body, '{"subject":"--odd","from":"gpu 2"}');
});

test('a pasted address of a page says which check and which daemon, and gives nothing else away', async t => {
	const {url, asked} = await serve(t, aDiagnosisJson());
	const {port} = new URL(url);
	const page = '/below/checks/tts%2Fcluster%2Fjune-gpu-1';

	const {status} = await run([`http://june:hunter2@127.0.0.1:${port}${page}?from=mail#ladder`]);
	await run([`${url}/api/v1/checks/tts%2Fcluster%2Fjune-gpu-1/history`]);
	await run([`${url}/below/nodes/june%20gpu/diagnose`]);
	await run(['--url', url, `http://elsewhere.example.com${page}`]);

	t.is(status, 1);
	t.is(asked[0]?.url, '/below/api/v1/diagnose');
	t.deepEqual(JSON.parse(asked[0]?.body ?? ''), {subject: `${url}${page}`});
	t.is(asked[0]?.authorization, `Basic ${Buffer.from('june:hunter2').toString('base64')}`);
	t.is(asked[1]?.url, '/api/v1/diagnose');
	t.is(asked[2]?.url, '/below/api/v1/diagnose');
	t.deepEqual(JSON.parse(asked[2]?.body ?? ''), {subject: 'node june gpu'});
	t.deepEqual(JSON.parse(asked[3]?.body ?? ''), {subject: `http://elsewhere.example.com${page}`});
});

test('a token that was left in the environment for one daemon goes to no other that an address names', async t => {
	const {url, asked} = await serve(t, aDiagnosisJson());
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-token-'));
	t.teardown(() => rm(directory, {recursive: true}));
	const token = join(directory, 'token');
	await writeFile(token, 'made-up-token\n');
	const page = `${url}/checks/tts%2Fcluster%2Fjune-gpu-1`;

	await run([page], {env: {TAILPROBE_TOKEN_FILE: token, TAILPROBE_URL: 'https://probe.example.com'}});
	await run([page], {env: {TAILPROBE_TOKEN_FILE: token, TAILPROBE_URL: url}});
	await run([page, '--token-file', token]);
	await run(['tts', 'x'], {env: {TAILPROBE_TOKEN_FILE: token, TAILPROBE_URL: url}});
	// As a command that a stranger had us print would have it.
	await run(['--url', url, 'tts'], {env: {TAILPROBE_TOKEN_FILE: token, TAILPROBE_URL: 'https://probe.example.com'}});

	t.deepEqual(
		asked.map(({authorization}) => authorization),
		[undefined, 'Bearer made-up-token', 'Bearer made-up-token', 'Bearer made-up-token', undefined],
	);
});

for (const [what, states, status] of [
	['nothing is wrong', [], 0],
	['something is only worse than wanted', ['degraded'], 0],
	['something is down', ['degraded', 'unknown', 'down'], 1],
	['something is unknown and nothing down', ['degraded', 'unknown'], 2],
] as const)
	test(`without a subject, where ${what}, it ends with ${status}`, async t => {
		const {url, asked} = await serve(t, {incidents: states.map(state => anIncidentJson({state}))});

		const {status: ended, out, err} = await run(['--url', url]);

		t.is(ended, status, err);
		t.is(asked[0]?.method, 'GET');
		t.is(asked[0]?.url, '/api/v1/incidents');
		const only =
			status === 0 ? /Nothing is down now, .*; 1 fault that is/ : new RegExp(`^${states.length} faults? now`);
		t.regex(out, states.length === 0 ? /Nothing is wrong now/ : only);
	});

test('--json prints what the daemon said, with escapes for what would move a cursor', async t => {
	const diagnosis = aDiagnosisJson({unasked: ['a\u009b31mb\u202ec\u001b[2J']});
	const {url} = await serve(t, diagnosis);
	const wrong = await serve(t, {incidents: [anIncidentJson()]});

	const one = await run(['--url', url, '--json', 'x']);
	const all = await run(['--url', wrong.url, '--json']);

	t.is(one.status, 1);
	t.deepEqual(JSON.parse(one.out), diagnosis);
	t.notRegex(one.out, /[\u001b\u009b\u202e]/);
	t.deepEqual(JSON.parse(all.out), {incidents: [anIncidentJson()]});
});

test('a daemon that knows nobody of that name is asked something wrong', async t => {
	await withServer(fakeDaemon(), async ({url}) => {
		t.deepEqual(await run(['--url', url, 'nobody']), {
			status: 64,
			out: '',
			err: 'Nothing here goes by the name nobody.\n',
		});
	});
});

test('a daemon that is too old to diagnose is nobody’s mistake', async t => {
	const {url} = await serve(t, {status: 404, detail: 'There is nothing at this path.'}, 404);

	t.deepEqual(await run(['--url', url, 'x']), {status: 2, out: '', err: 'There is nothing at this path.\n'});
});

test('a daemon that is busy is unknown', async t => {
	await withServer(
		fakeDaemon({diagnose: async () => ({kind: 'busy', detail: 'Four diagnoses are under way.'})}),
		async ({url}) => {
			t.deepEqual(await run(['--url', url, 'x']), {status: 2, out: '', err: 'Four diagnoses are under way.\n'});
		},
	);
});

test('a daemon that refuses the token has the options named', async t => {
	const {url} = await guard(t, {web: `basic_auth_users: {june: "${hashOf('right')}"}`, listenHost: '127.0.0.1'});

	const {status, err} = await run(['--url', url.replace('//', '//june:wrong@'), 'x']);

	t.is(status, 2);
	t.regex(err, /Give a token with --token-file FILE/);
	t.notRegex(err, /wrong/);
});

const endless = (response: http.ServerResponse) => {
	const more = () => {
		while (!response.destroyed && response.write(' '.repeat(65_536)));
	};
	response.on('drain', more);
	more();
};

for (const [what, answer, sentence] of [
	['something else than JSON', (response: http.ServerResponse) => response.end('<h1>nginx</h1>'), /not JSON/],
	['an answer without an end', endless, /more than 1,048,576 characters/],
	['a diagnosis of another kind', {...aDiagnosisJson(), ladder: [{rung: 'moon'}]}, /nothing that a tailprobe says/],
	['a time that is none', aDiagnosisJson({since: 'yesterday'}), /nothing that a tailprobe says/],
	['a redirect', (response: http.ServerResponse) => response.writeHead(302, {Location: '/x'}).end(), /status 302/],
	['silence and a closed door', (response: http.ServerResponse) => response.destroy(), /without an answer/],
] as const)
	test(`a server that answers with ${what} is not taken for a daemon`, async t => {
		const {url} = await serve(t, answer);

		const {status, out, err} = await run(['--url', url, 'x']);

		t.is(status, 2);
		t.is(out, '');
		t.regex(err, new RegExp(`^No tailprobe answers at ${url}: `));
		t.regex(err, sentence);
		t.notRegex(err, /--config FILE to probe/);
	});

test('a daemon that never answers is given up after --timeout', async t => {
	const {url} = await serve(t, () => {});

	const {status, err} = await run(['--url', url, '--timeout', '100ms', 'x']);

	t.is(status, 2);
	t.regex(err, /^http:\/\/127\.0\.0\.1:\d+ did not answer within 100 ms: give it more time with --timeout/);
});

for (const args of [
	['--unknown', 'x'],
	['--timeout', 'soon', 'x'],
	['--timeout', '1h', 'x'],
	['--url', 'not a url', 'x'],
	['--url', 'http://localhost:1', '--ca-file', 'ca.pem', 'x'],
	['--from', 'cluster'],
	[' '],
	['x'.repeat(2049)],
])
	test(`wrong usage ends with 64 and shows the usage: ${args.join(' ').slice(0, 60)}`, async t => {
		const {status, out, err} = await run(args);

		t.is(status, 64);
		t.is(out, '');
		t.true(err.endsWith(`\n\n${diagnoseUsage}`), err);
	});

test('the front page is no subject, and an address without its scheme is an address', async t => {
	const {url, asked} = await serve(t, {incidents: []});
	const {host} = new URL(url);
	const page = `${host}/nodes/june-gpu-1`;
	const diagnoses = await serve(t, aDiagnosisJson());

	await run(['--url', url, `${url}/`]);
	await run(['--url', `${url}/below`, `${host}/below`]);
	await run([page.replace(host, new URL(diagnoses.url).host)]);
	await run(['--url', diagnoses.url, 'livekit:7880']);

	t.deepEqual(
		asked.map(({url: path}) => path),
		['/api/v1/incidents', '/below/api/v1/incidents'],
	);
	t.deepEqual(
		diagnoses.asked.map(({body}) => JSON.parse(body).subject),
		['node june-gpu-1', 'livekit:7880'],
	);
});

test('with --json what went wrong is JSON too', async t => {
	const {status, out, err} = await run(['--json', '--url', 'http://127.0.0.1:1', 'x']);
	const wrong = await run(['--json', '--timeout', 'soon', 'x']);

	t.is(status, 2);
	t.regex(JSON.parse(out).error, /^No tailprobe answers at http:\/\/127\.0\.0\.1:1: nothing listens there/);
	t.is(err, `${JSON.parse(out).error}\n`);
	t.regex(JSON.parse(wrong.out).error, /^--timeout wants a duration up to 2m/);
	t.notRegex(wrong.out, /Usage/);
});

test('on a terminal what went wrong is as wide as it, and no address fills it', async t => {
	const {err} = await run(['--url', `http://${'a'.repeat(10_000)}:1`, 'x'], {isTty: true, columns: 60});

	t.true(err.length < 700, String(err.length));
	for (const line of err.split('\n')) t.true(line.length <= 60, line);
});

test('an answer that cannot be written says nothing of the tailnet', async t => {
	const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
	const full = openSync('/dev/full', 'w');
	t.teardown(() => closeSync(full));
	const child = spawn(process.execPath, [main, 'diagnose', '--help'], {stdio: ['ignore', full, 'pipe']});
	let told = '';
	child.stderr?.on('data', piece => {
		told += piece;
	});

	const [status] = await once(child, 'close');

	t.is(status, 74);
	t.regex(told, /^The answer could not be written: ENOSPC/);
	t.notRegex(told, /\n\s+at /);
});

test('--help is not a mistake, and fits 80 columns', async t => {
	t.deepEqual(await run(['--help']), {status: 0, out: diagnoseUsage, err: ''});
	for (const line of diagnoseUsage.split('\n')) t.true(line.length <= 80, line);
});

test('a wide terminal gets no lines of more than 100 characters, one without UTF-8 only ASCII', async t => {
	const {url} = await serve(t, aDiagnosisJson({unasked: ['word '.repeat(100)]}));

	const {out} = await run(['--url', url, 'x'], {columns: 300, env: {LANG: 'C'}});

	t.notRegex(out, /[^\x20-\x7e\n]/);
	t.is(Math.max(...out.split('\n').map(line => line.length)) > 80, true);
	for (const line of out.split('\n')) t.true(line.length <= 100, line);
});

test('what a daemon answers is drawn, with the last hour of the check', async t => {
	const check = aLink();
	const world = aWorld([isDown(check, 'refused'), isUp(aTunnel())]);
	const daemon = fakeDaemon({
		checks: () => [aCheckView({check})],
		async diagnose() {
			return {kind: 'diagnosed', diagnosis: diagnose(world, {kind: 'check', check}), unasked: []};
		},
	});

	await withServer(daemon, async ({url}) => {
		const {status, out, err} = await run(['--url', url, check.name, check.target.name]);

		t.is(status, 1, err);
		t.regex(out, /^CAUSE \(service-refused\): /m);
		t.regex(out, /\n {2}█{60}\n {2}last hour: 120 of 120 up, worst 13\.0 ms\n/);
	});
});
