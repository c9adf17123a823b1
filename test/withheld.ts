import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import http from 'node:http';
import {type AddressInfo, createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {type Daemon, startDaemon} from '../src/daemon.ts';
import type {ProbeJson} from '../src/server/json.ts';
import {createLog} from '../src/util/log.ts';
import {noteWithheld, withheldKeys} from '../src/withheld.ts';
import {startDnsServer} from './helpers/dns-server.ts';
import {anOutcome} from './helpers/fake-daemon.ts';
import {until} from './helpers/until.ts';

const aModule = {name: 'm', type: 'http'};

test('what was left out is named by its path', t => {
	const configured = {
		bearer_token_file: '/token',
		headers: {Accept: '*/*', 'X-Key': 'made-up'},
		tls_config: {insecure_skip_verify: false, cert_file: '/a', server_name: undefined},
		query_response: [{expect: 'a'}, {expect: 'b', send: 'c'}, {expect: 'd'}],
	};
	const sent = {
		headers: {Accept: '*/*'},
		tls_config: {insecure_skip_verify: false},
		query_response: [{expect: 'a'}, {expect: 'b'}],
	};

	t.deepEqual(withheldKeys(configured, sent), [
		'bearer_token_file',
		'headers.X-Key',
		'tls_config.cert_file',
		'query_response[1].send',
		'query_response[2]',
	]);
	t.deepEqual(withheldKeys(configured, configured), []);
});

test('a run that went without nothing stays as it is', t => {
	const outcome = anOutcome({kind: 'adhoc'});

	t.is(noteWithheld(outcome, {keys: [], unjudged: undefined}, aModule), outcome);
});

test('a run that could not look says only what was withheld', t => {
	const outcome = anOutcome({verdict: 'unknown', reason: 'vantage', detail: 'The vantage is gone.'});

	const noted = noteWithheld(outcome, {keys: ['bearer_token_file'], unjudged: 'no body was sent'}, aModule);

	t.deepEqual(noted, {...outcome, withheld: ['bearer_token_file']});
});

test('a failure that comes before anything is sent is not put down to it', t => {
	const keys = ['bearer_token_file', 'tls_config.cert_file'];
	const detailOf = (reason: 'refused' | 'tls' | 'status') =>
		noteWithheld(anOutcome({verdict: 'down', reason, detail: 'It failed.'}), {keys, unjudged: undefined}, aModule)
			.detail ?? '';

	t.is(detailOf('refused'), 'It failed.');
	t.regex(detailOf('tls'), /^It failed\. No client certificate was shown: no http check of this target/);
	t.regex(detailOf('status'), /^It failed\. No credentials were sent \(bearer_token_file\), no client certif/);
});

test('subprotocols that were not offered are told without their names', t => {
	const keys = withheldKeys({subprotocols: ['v4', 'bearer.hunter2']}, {subprotocols: []});
	const withheld = {keys, unjudged: 'no subprotocol was offered'};

	const up = noteWithheld(anOutcome({verdict: 'up'}), withheld, {name: 'm', type: 'ws'});
	const down = noteWithheld(anOutcome({verdict: 'down', reason: 'status', detail: 'It failed.'}), withheld, aModule);

	t.deepEqual(keys, ['subprotocols[0]', 'subprotocols[1]']);
	t.like(up, {verdict: 'unknown', reason: 'incomplete'});
	t.regex(up.detail ?? '', /^No subprotocol was offered: no ws check of this target/);
	t.regex(down.detail ?? '', /^It failed\. No subprotocol was offered: /);
});

test('however much was left out, the sentence keeps what to do', t => {
	const keys = Array.from({length: 60}, (_, at) => `headers.X-${'long'.repeat(20)}-${at}`);

	const {detail = ''} = noteWithheld(
		anOutcome({verdict: 'up'}),
		{keys, unjudged: 'x'.repeat(200)},
		{name: 'm'.repeat(60), type: 'http_warm'},
	);

	t.true(detail.length <= 300, String(detail.length));
	t.regex(detail, /\(trust_adhoc\)\.$/);
});

/** Here 127.0.0.2 is the tailnet. */
let daemon: Daemon;
let redis: Server;
let web: http.Server;
let dns: Awaited<ReturnType<typeof startDnsServer>>;
let directory: string;
const came: {words: string[]; requests: http.IncomingMessage[]} = {words: [], requests: []};

test.before(async () => {
	redis = createServer(socket => {
		socket.on('error', () => {});
		socket.write('HELLO\n');
		socket.on('data', bytes => {
			came.words.push(bytes.toString());
			socket.end('-ERR broken\n');
		});
	});
	web = http.createServer((request, response) => {
		came.requests.push(request);
		response.statusCode =
			request.url === '/open' || request.headers.authorization === 'Bearer made-up-token' ? 200 : 401;
		response.end('hello');
	});
	for (const server of [redis, web]) {
		server.listen(0, '127.0.0.2');
		await once(server, 'listening');
	}
	dns = await startDnsServer({});
	directory = await mkdtemp(join(tmpdir(), 'tailprobe-withheld-'));
	await writeFile(join(directory, 'token'), 'made-up-token');
	const conversation = 'query_response: [{expect: HELLO}, {send: PING}, {expect: "^\\\\+PONG"}]';
	await writeFile(join(directory, 'theirs.yml'), `modules:\n  theirs: {prober: tcp, tcp: {${conversation}}}\n`);
	await writeFile(
		join(directory, 'trusted.yml'),
		`modules:\n  theirs_trusted: {prober: tcp, tcp: {${conversation}}}\n`,
	);
	const credentials = `bearer_token_file: ${join(directory, 'token')}`;
	await writeFile(
		join(directory, 'tailprobe.yaml'),
		`
vantages: [{name: here, type: local, tailscaled: false}]
tailnet: {domain: tail.test, prefixes: [127.0.0.2/32], dns_server: "${dns.address}"}
module_files: [theirs.yml, {path: trusted.yml, trust_adhoc: true}]
modules:
  redis: {prober: tcp, tcp: {${conversation}}}
  redis_trusted: {prober: tcp, trust_adhoc: true, tcp: {${conversation}}}
  farewell: {prober: tcp, tcp: {query_response: [{expect: HELLO}, {send: QUIT}]}}
  deaf: {prober: tcp, tcp: {query_response: [{expect: BYE}, {send: PING}, {expect: PONG}]}, timeout: 300ms}
  members: {prober: http, http: {${credentials}}}
  members_trusted: {prober: http, trust_adhoc: true, http: {${credentials}}}
  order: {prober: http, http: {method: POST, body: made-up-body}}
checks:
  - {name: known, module: members, via: tailnet, targets: [{name: known, target: "${urlOf(web)}/known"}]}
`,
	);
	daemon = await startDaemon({
		configPath: join(directory, 'tailprobe.yaml'),
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never),
	});
	// Only then are its checks planned.
	await until(async () => (await fetch(`${daemon.url}/-/ready`)).ok);
});

test.after.always(async () => {
	await daemon?.stop();
	redis?.close();
	web?.close();
	await dns?.close();
	if (directory) await rm(directory, {recursive: true});
});

test.serial('a conversation that was cut short is no success: nobody could look', async t => {
	for (const module of ['redis', 'theirs']) {
		came.words.length = 0;

		const {status, json, text} = await probe(module, hostPortOf(redis));

		t.is(status, 503);
		t.like(json.outcome, {
			verdict: 'unknown',
			reason: 'incomplete',
			withheld: ['query_response[1].send', 'query_response[2]'],
			detail: `The conversation ended before the send of step 2 of 3: no tcp check of this target uses the module ${module}; write one, or trust the module (trust_adhoc).`,
		});
		t.is(text, `${json.outcome.detail}\n`);
		t.deepEqual(came.words, []);
	}
});

test.serial('what failed before that is down as ever', async t => {
	const {status, json} = await probe('deaf', hostPortOf(redis));

	t.is(status, 200);
	t.like(json.outcome, {verdict: 'down', reason: 'timeout'});
	t.notRegex(json.outcome.detail ?? '', /trust_adhoc/);
	t.is(json.outcome.withheld?.length, 2);
});

test.serial('a last word that nothing answers changes no verdict, and is told', async t => {
	const {status, json, text} = await probe('farewell', hostPortOf(redis));

	t.is(status, 200);
	t.like(json.outcome, {verdict: 'up', withheld: ['query_response[1].send']});
	t.regex(
		json.outcome.detail ?? '',
		/^The run went without query_response\[1\]\.send: no tcp check of this target uses the module /,
	);
	t.regex(text, /^probe_success 1$/m);
	t.regex(text, /^probe_options_withheld 1$/m);
});

test.serial('a trusted module holds the whole conversation with whomever', async t => {
	for (const module of ['redis_trusted', 'theirs_trusted']) {
		came.words.length = 0;

		const {json} = await probe(module, hostPortOf(redis));

		t.like(json.outcome, {verdict: 'down', withheld: undefined});
		t.regex(json.outcome.detail ?? '', /-ERR/);
		t.deepEqual([...new Set(came.words)], ['PING\n']);
	}
});

test.serial('a 401 for want of credentials says that they were withheld', async t => {
	const {status, json, debug} = await probe('members', `${urlOf(web)}/`);

	t.is(status, 200);
	t.like(json.outcome, {verdict: 'down', reason: 'status', withheld: ['bearer_token_file']});
	t.regex(
		json.outcome.detail ?? '',
		/answered 401 Unauthorized after .+; wanted 2xx\. No credentials were sent \(bearer_token_file\): no http check of this target uses the module members; write one, or trust the module \(trust_adhoc\)\.$/,
	);
	t.regex(debug, /No credentials were sent \(bearer_token_file\)/);
	t.regex(
		debug,
		/Module configuration:\n# Not used for this target, as no http check of it uses this module: bearer_token_file\nmembers:[\s\S]+bearer_token_file: <redacted>/,
	);
	t.true(came.requests.every(({url, headers}) => url === '/known' || headers.authorization === undefined));
});

test.serial('an answer as wanted without credentials is up, with a note', async t => {
	const {json, debug} = await probe('members', `${urlOf(web)}/open`);

	t.like(json.outcome, {verdict: 'up', withheld: ['bearer_token_file']});
	t.regex(json.outcome.detail ?? '', /^No credentials were sent \(bearer_token_file\): /);
	t.regex(debug, /No credentials were sent \(bearer_token_file\)/);
});

test.serial('a trusted module, and a target in a check, get the credentials, and nothing is said', async t => {
	for (const [module, path] of [
		['members_trusted', '/'],
		['members', '/known'],
	] as const) {
		const {json, text, debug} = await probe(module, `${urlOf(web)}${path}`);

		t.like(json.outcome, {verdict: 'up', withheld: undefined, detail: undefined});
		t.notRegex(text, /withheld/);
		t.notRegex(debug, /Not used|made-up/);
	}
});

test.serial('trust opens no other address', async t => {
	const before = came.requests.length;

	const {json} = await probe('members_trusted', urlOf(web).replace('127.0.0.2', '127.0.0.1'));

	t.like(json.outcome, {verdict: 'down', reason: 'wrong_network'});
	t.is(came.requests.length, before);
});

test.serial('a request that went without its body is no success', async t => {
	const {status, json} = await probe('order', `${urlOf(web)}/open`);

	t.is(status, 503);
	t.like(json.outcome, {verdict: 'unknown', reason: 'incomplete', withheld: ['body']});
	t.regex(json.outcome.detail ?? '', /^No body was sent: /);
});

test.serial('POST /api/v1/probe tells it too', async t => {
	const response = await fetch(`${daemon.url}/api/v1/probe`, {
		method: 'POST',
		headers: {'Content-Type': 'application/json'},
		body: JSON.stringify({target: hostPortOf(redis), module: 'redis'}),
	});

	t.like(await response.json(), {
		verdict: 'unknown',
		reason: 'incomplete',
		withheld: ['query_response[1].send', 'query_response[2]'],
	});
});

/** The same probe three times, once per way to be told. */
async function probe(module: string, target: string) {
	const query = new URLSearchParams({module, target});
	const [json, text, debug] = await Promise.all([
		fetch(`${daemon.url}/probe?${query}`, {headers: {Accept: 'application/json'}}),
		fetch(`${daemon.url}/probe?${query}`),
		fetch(`${daemon.url}/probe?${query}&debug=true`),
	]);
	return {
		status: text.status,
		json: (await json.json()) as ProbeJson,
		text: await text.text(),
		debug: await debug.text(),
	};
}

function hostPortOf(server: Server | http.Server): string {
	return `127.0.0.2:${(server.address() as AddressInfo).port}`;
}

function urlOf(server: http.Server): string {
	return `http://${hostPortOf(server)}`;
}
