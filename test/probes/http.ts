import test from 'ava';
import {phaseNames, type Reading} from '../../src/engine/types.ts';
import {http} from '../../src/probes/http.ts';
import {version} from '../../src/util/version.ts';
import {startDnsServer} from '../helpers/dns-server.ts';
import {measure, testPlace} from '../helpers/probing.ts';
import {caFile, httpAnswer, saying, serve, serveTls} from '../helpers/servers.ts';

function total(reading: Reading): number {
	return Object.values(reading.phases ?? {}).reduce((sum, seconds) => sum + seconds, 0);
}

test('a good answer is up, with its phases, values and facts', async t => {
	const server = await serve(
		t,
		saying(httpAnswer('200 OK', 'hello', ['Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'])),
	);

	const reading = await measure(http, `http://127.0.0.1:${server.port}/healthz?full=1`);

	t.true(reading.ok);
	t.is(reading.reason, undefined);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing', 'transfer']);
	t.deepEqual(reading.values, {
		status_code: 200,
		content_length: 5,
		body_bytes: 5,
		redirects: 0,
		ssl: 0,
		last_modified_seconds: 1_704_067_200,
		failed_due_to_regex: 0,
	});
	t.deepEqual(reading.facts, {
		address: '127.0.0.1',
		family: '4',
		resolved_by: 'literal',
		answered: 'true',
		http_version: '1.1',
		final_url: `http://127.0.0.1:${server.port}/healthz?…`,
		phase: 'transfer',
	});
});

test('the request is a plain one over a connection of its own', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));

	await measure(http, `http://127.0.0.1:${server.port}/healthz?full=1`);
	await measure(http, `http://127.0.0.1:${server.port}/healthz?full=1`);

	const head = `GET /healthz?full=1 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUser-Agent: tailprobe/${version}\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n`;
	t.deepEqual(server.heads, [head, head]);
	t.is(server.accepted, 2);
});

test('method, headers and body are as configured', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const headers = {'X-Room': 'a', 'user-agent': 'mine', Host: 'livekit'};

	await measure(http, `127.0.0.1:${server.port}`, {method: 'POST', headers, body: 'ping'});

	t.is(
		server.heads[0],
		'POST / HTTP/1.1\r\nHost: livekit\r\nAccept: */*\r\nAccept-Encoding: identity\r\nX-Room: a\r\nuser-agent: mine\r\nConnection: close\r\nContent-Length: 4\r\n\r\nping',
	);
});

test('the address that MagicDNS gave is dialled, with the name in Host', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const dns = await startDnsServer({'livekit.tail.test': ['127.0.0.1']});
	t.teardown(dns.close);
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.0/8'], dnsServer: dns.address};

	const reading = await measure(
		http,
		`http://livekit:${server.port}/`,
		{},
		{target: {via: 'tailnet'}, place: {tailnet}},
	);

	t.true(reading.ok, reading.detail);
	t.like(reading.facts, {address: '127.0.0.1', resolved_by: 'magicdns'});
	t.regex(server.heads[0] ?? '', new RegExp(`\\r\\nHost: livekit:${server.port}\\r\\n`));
});

test('a name outside the tailnet is of the wrong network, and nothing is dialled', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const dns = await startDnsServer({'livekit.tail.test': ['127.0.0.1']});
	t.teardown(dns.close);
	const tailnet = {...testPlace.tailnet, dnsServer: dns.address};

	const reading = await measure(
		http,
		`http://livekit:${server.port}/`,
		{},
		{target: {via: 'tailnet'}, place: {tailnet}},
	);

	t.like(reading, {ok: false, reason: 'wrong_network', facts: {phase: 'resolve'}});
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve']);
	t.is(server.accepted, 0);
});

test('loopback is forbidden where the place does not allow it', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {}, {place: {allowLoopback: false}});

	t.like(reading, {ok: false, reason: 'forbidden'});
	t.is(server.accepted, 0);
});

test('an address that is written to deceive is forbidden', async t => {
	const reading = await measure(http, 'http://0x7f.1/');

	t.like(reading, {ok: false, reason: 'forbidden'});
	t.regex(reading.detail ?? '', /write 127\.0\.0\.1/);
});

test('over TLS the certificate must be good, and the name is asked for', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls', 'processing', 'transfer']);
	t.like(reading.values, {ssl: 1, tls_earliest_cert_expiry_seconds: Date.parse('2100-01-01T00:00:00Z') / 1000});
	t.like(reading.facts, {tls_version: 'TLSv1.3', final_url: `https://localhost:${server.port}/`});
	t.deepEqual(server.names, ['localhost']);
});

test('a Host header is the name of the certificate too, unless server_name is given', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')));
	const url = `https://127.0.0.1:${server.port}/`;

	const byHost = await measure(http, url, {headers: {Host: 'livekit:443'}, tls_config: {ca_file: caFile}});
	const byServerName = await measure(http, url, {
		headers: {Host: 'elsewhere'},
		tls_config: {ca_file: caFile, server_name: 'livekit.tail.test'},
	});

	t.true(byHost.ok, byHost.detail);
	t.true(byServerName.ok, byServerName.detail);
	t.deepEqual(server.names, ['livekit', 'livekit.tail.test']);
});

test.serial('the phases are those of the server, and nothing is lost between them', async t => {
	const server = await serve(t, {
		onHead(socket) {
			setTimeout(() => {
				socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no');
				setTimeout(() => socket.end('k'), 200);
			}, 100);
		},
	});
	const startedAt = performance.now();

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	const tookSeconds = (performance.now() - startedAt) / 1000;
	const {processing = 0, transfer = 0, connect = 1} = reading.phases ?? {};
	t.true(processing > 0.09 && processing < 0.5, `processing ${processing}`);
	t.true(transfer > 0.1 && transfer < 0.8, `transfer ${transfer}`);
	t.true(connect < 0.5, `connect ${connect}`);
	t.true(
		tookSeconds - total(reading) >= 0 && tookSeconds - total(reading) < 0.1,
		`${tookSeconds} took, ${total(reading)} in phases`,
	);
});

test('phases come in their order also when TLS follows a redirect', async t => {
	const secure = await serveTls(t, 'good', saying(httpAnswer('200 OK')));
	const server = await serve(t, saying(httpAnswer('301 Moved', '', [`Location: https://localhost:${secure.port}/`])));

	const reading = await measure(http, `http://localhost:${server.port}/`, {tls_config: {ca_file: caFile}});

	t.true(reading.ok, reading.detail);
	t.deepEqual(
		Object.keys(reading.phases ?? {}),
		phaseNames.filter(name => name !== 'connect_proxy'),
	);
	t.like(reading.values, {redirects: 1, ssl: 1});
});

test('a body on loopback of any framing is counted', async t => {
	const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
	const server = await serve(t, saying(chunked));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.is(reading.values.body_bytes, 5);
	t.false('content_length' in reading.values);
});

const isDown = test.macro(
	async (t, answer: string, options: Record<string, unknown>, reason: Reading['reason'], detail: RegExp) => {
		const server = await serve(t, saying(answer));

		const reading = await measure(http, `http://127.0.0.1:${server.port}/`, options);

		t.false(reading.ok);
		t.is(reading.reason, reason);
		t.regex(reading.detail ?? '', detail);
		t.is(reading.values.failed_due_to_regex, / match|without the header/.test(reading.detail ?? '') ? 1 : 0);
		t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'processing', 'transfer']);
	},
);

const isUp = test.macro(async (t, answer: string, options: Record<string, unknown>) => {
	const server = await serve(t, saying(answer));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, options);

	t.true(reading.ok, reading.detail);
});

const ready = httpAnswer('200 OK', '{"status":"ready"}', ['Content-Type: application/json', 'X-A: 1', 'x-a: 2']);

test(
	'another status than 2xx is down',
	isDown,
	httpAnswer('406 Not Ready'),
	{},
	'status',
	/^GET http:\/\/127\.0\.0\.1:\d+\/ answered 406 Not Ready after [\d.]+ ms; wanted 2xx$/,
);
test(
	'another status than those named is down',
	isDown,
	ready,
	{valid_status_codes: [204, 401]},
	'status',
	/wanted 204, 401$/,
);
test('a status that is named is up', isUp, httpAnswer('401 Unauthorized'), {valid_status_codes: [401]});
test(
	'another version is down',
	isDown,
	'HTTP/1.0 200 OK\r\n\r\n',
	{valid_http_versions: ['HTTP/1.1']},
	'status',
	/HTTP\/1\.0; wanted HTTP\/1\.1/,
);
test('a version that is named is up', isUp, ready, {valid_http_versions: ['HTTP/1.1', 'HTTP/2.0']});
test(
	'no TLS is down where TLS is wanted',
	isDown,
	ready,
	{fail_if_not_ssl: true},
	'protocol',
	/without TLS; wanted TLS/,
);
test('no TLS is up where none is wanted', isUp, ready, {fail_if_ssl: true});
test(
	'a body that must not match is down',
	isDown,
	ready,
	{fail_if_body_matches_regexp: ['x', 'read.']},
	'content',
	/body that matches "read\."; it must not/,
);
test(
	'a body that must match is down',
	isDown,
	ready,
	{fail_if_body_not_matches_regexp: ['ready', 'steady']},
	'content',
	/does not match "steady"/,
);
test('a body that matches is up', isUp, ready, {
	fail_if_body_not_matches_regexp: ['"ready"'],
	fail_if_body_matches_regexp: ['error'],
});
test('a body over the limit is down', isDown, ready, {body_size_limit: '10B'}, 'content', /body of more than 10 bytes/);
test(
	'a header that must not match is down',
	isDown,
	ready,
	{fail_if_header_matches: [{header: 'content-type', regexp: 'json'}]},
	'content',
	/header content-type that matches "json"/,
);
test(
	'a header that must match is down',
	isDown,
	ready,
	{fail_if_header_not_matches: [{header: 'Content-Type', regexp: 'html'}]},
	'content',
	/does not match "html"/,
);
test(
	'a header that is missing is down',
	isDown,
	ready,
	{fail_if_header_not_matches: [{header: 'X-B', regexp: '.'}]},
	'content',
	/without the header X-B/,
);
test(
	'a header that must not match has to be there too',
	isDown,
	ready,
	{fail_if_header_matches: [{header: 'X-B', regexp: '.'}]},
	'content',
	/without the header X-B/,
);
test('one of several headers of a name is enough', isUp, ready, {
	fail_if_header_not_matches: [{header: 'X-A', regexp: '2'}],
});
test('a header may be missing where that is allowed', isUp, ready, {
	fail_if_header_matches: [{header: 'X-B', regexp: '.', allow_missing: true}],
	fail_if_header_not_matches: [{header: 'X-B', regexp: '.', allow_missing: true}],
});
test('TLS is down where none is wanted', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${server.port}/`, {
		fail_if_ssl: true,
		tls_config: {ca_file: caFile},
	});

	t.like(reading, {ok: false, reason: 'protocol'});
	t.regex(reading.detail ?? '', /over TLS; wanted no TLS/);
});

test('of an answer whose body is cut short the status and the headers are told', async t => {
	const cut = 'HTTP/1.1 203 Well\r\nContent-Length: 100\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\nhello';
	const server = await serve(t, saying(cut));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.is(reading.reason, 'reset');
	t.like(reading.values, {
		status_code: 203,
		content_length: 100,
		body_bytes: 5,
		last_modified_seconds: 1_704_067_200,
	});
	t.is(reading.facts.http_version, '1.1');
});

test('the length of an answer that is not followed any further is its own', async t => {
	const server = await serve(t, saying(httpAnswer('302 Found', 'on and on', ['Location: /'])));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.is(reading.reason, 'status');
	t.like(reading.values, {redirects: 10, status_code: 302, content_length: 9});
});

test('hostile text does not hold up a pattern that would ruin a backtracking engine', async t => {
	const body = `${'a'.repeat(1_000_000)}!`;
	const server = await serve(t, saying(httpAnswer('200 OK', body)));
	const options = {fail_if_body_matches_regexp: ['^(a+)+$']};

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, options, {deadlineMs: 60_000});

	t.true(reading.ok, reading.detail);
	t.is(reading.values.body_bytes, 1_000_001);
});

test('a CA file that cannot be read says nothing about the target', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')));

	const running = measure(http, `https://localhost:${server.port}/`, {tls_config: {ca_file: '/nowhere/ca.pem'}});

	await t.throwsAsync(running, {name: 'CannotLookError', message: /TLS file \/nowhere\/ca\.pem/});
});

test('an answer that is not the wanted one is told with its first words, on one line', async t => {
	const server = await serve(t, saying(httpAnswer('500 No', `<h1>no\r\n\u001b[31mroom</h1>${' é'.repeat(500)}`)));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.is(reading.reason, 'status');
	t.regex(reading.facts.body_start ?? '', /^<h1>no \[31mroom<\/h1>( é)+ ?…$/);
	t.is(reading.facts.body_start?.length, 80);
});

for (const [what, options] of [
	['a header that proves who we are', {headers: {authorization: 'Bearer x'}}],
	['a cookie', {headers: {Cookie: 'session=1'}}],
	['a key', {headers: {'X-Api-Key': 'x'}}],
	['a body', {method: 'POST', body: '{"password":"x"}'}],
] as const)
	test(`the answer to a request with ${what} is not told`, async t => {
		const server = await serve(t, saying(httpAnswer('500 No', 'secret')));

		const reading = await measure(http, `http://127.0.0.1:${server.port}/`, options);

		t.is(reading.reason, 'status');
		t.is(reading.facts.body_start, undefined);
	});

for (const [what, body] of [
	['that is no text', Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe])],
	['that is empty', Buffer.alloc(0)],
] as const)
	test(`an unwanted answer ${what} is not told`, async t => {
		const server = await serve(t, saying(Buffer.concat([Buffer.from('HTTP/1.1 500 No\r\n\r\n'), body])));

		const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

		t.is(reading.reason, 'status', reading.detail);
		t.is(reading.facts.body_start, undefined);
	});

test('the answer to a request with a query is not told: servers say again what they do not know', async t => {
	const server = await serve(t, {
		onHead: (socket, head) => void socket.end(httpAnswer('404 Not Found', `no such page: ${head.split(' ')[1]}`)),
	});

	const reading = await measure(http, `http://127.0.0.1:${server.port}/?token=hunter2`);

	t.is(reading.reason, 'status');
	t.notRegex(JSON.stringify(reading), /hunter2/);
	t.is(reading.facts.body_start, undefined);
});

test('nor is that of a request that one with a query was redirected to', async t => {
	const server = await serve(t, {
		onHead: (socket, head) =>
			void socket.end(
				head.includes('?')
					? 'HTTP/1.1 302 Found\r\nLocation: /hunter2\r\n\r\n'
					: httpAnswer('404 Not Found', `no such page: ${head.split(' ')[1]}`),
			),
	});

	const reading = await measure(http, `http://127.0.0.1:${server.port}/?token=hunter2`);

	t.like(reading, {reason: 'status', values: {redirects: 1}});
	t.is(reading.facts.body_start, undefined);
});

test('a good answer is not told', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK', 'fine')));

	t.is((await measure(http, `http://127.0.0.1:${server.port}/`)).facts.body_start, undefined);
});
