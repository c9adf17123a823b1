// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of a conversation, not of JavaScript.
import {once} from 'node:events';
import type {Socket} from 'node:net';
import {Duplex} from 'node:stream';
import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import {PhaseClock} from '../../../src/net/phase-clock.ts';
import {tcpOptions} from '../../../src/probes/tcp/options.ts';
import {converse, type Progress} from '../../../src/probes/tcp/script.ts';
import {tcp} from '../../../src/probes/tcp.ts';
import {type Answers, startMail} from '../../helpers/mail-server.ts';
import {isDown, measure, passSoon} from '../../helpers/probing.ts';
import {caFile, closedPort, sendInPieces, serve, serveTls} from '../../helpers/servers.ts';
import {socks5Reply, startSocks5} from '../../helpers/socks5-server.ts';
import {until} from '../../helpers/until.ts';

/** blackbox_exporter's own example. */
const smtp = {
	tls_config: {ca_file: caFile, server_name: 'localhost'},
	query_response: [
		{expect: '^220 ([^ ]+) ESMTP (.+)$', labels: [{name: 'software', value: '$2 at ${1}'}]},
		{send: 'EHLO prober\r'},
		{expect: '^250-STARTTLS'},
		{send: 'STARTTLS\r'},
		{expect: '^220'},
		{starttls: true},
		{send: 'EHLO prober\r'},
		{expect: '^250-AUTH'},
		{send: 'QUIT\r'},
	],
};

const answers: Answers = (line, encrypted) => {
	if (line.startsWith('EHLO')) return encrypted ? '250-mail\r\n250-AUTH PLAIN\r\n250 OK' : '250-mail\r\n250-STARTTLS';
	if (line === 'STARTTLS') return {tls: '220 go ahead'};
	return undefined;
};

test('a mail server is talked to up to what it says over TLS', async t => {
	const server = await startMail(t, '220 mail.test ESMTP Postfix', answers);

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, smtp);

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls', 'processing']);
	t.like(reading.facts, {
		phase: 'processing',
		expect_software: 'Postfix at mail.test',
		banner: '220 mail.test ESMTP Postfix',
		tls_version: 'TLSv1.3',
	});
	t.like(reading.values, {
		failed_due_to_regex: 0,
		failed_due_to_bytes: 0,
		tls_earliest_cert_expiry_seconds: Date.parse('2100-01-01T00:00:00Z') / 1000,
		tls_chain_expiry_seconds: Date.parse('2100-01-01T00:00:00Z') / 1000,
	});
	t.is(reading.facts.tls_subject, 'CN=good');
	await until(() => server.heard.length === 4);
	t.deepEqual(server.heard, [
		['EHLO prober', false],
		['STARTTLS', false],
		['EHLO prober', true],
		['QUIT', true],
	]);
});

test('a bad certificate behind STARTTLS is down', async t => {
	const server = await startMail(t, '220 mail.test ESMTP Postfix', answers, 'expired');

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, smtp);

	t.like(reading, {ok: false, reason: 'tls', facts: {phase: 'tls', tls_fault: 'expired'}});
	t.regex(reading.detail ?? '', /the certificate, or one of its chain, has expired/);
	t.false(server.heard.some(([, encrypted]) => encrypted));
});

test('what was slipped in behind the answer to STARTTLS is not taken for encrypted', async t => {
	const server = await serve(t, {
		onConnection: socket =>
			void socket.once('data', () => socket.write('220 go ahead\r\n250 you may send your password\r\n')),
	});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {
		query_response: [{send: 'STARTTLS'}, {expect: '^220'}, {starttls: true}],
	});

	isDown(t, reading, {reason: 'protocol', phase: 'processing', detail: /32 more bytes came unencrypted before TLS/});
});

test('groups go into what is sent, as Go expands them', async t => {
	const server = await startMail(t, 'PING :a-nonce 7', line => (line.startsWith('PONG') ? ':irc 001 hi' : undefined));

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {
		query_response: [
			{expect: 'PING :([^ ]+) (?P<count>\\d)', send: 'PONG ${1} $count $$ $1x ${9} $'},
			{send: 'literal ${1}'},
			{expect: '^:[^ ]+ 001'},
		],
	});

	t.true(reading.ok, reading.detail);
	t.deepEqual(
		server.heard.map(([line]) => line),
		['PONG a-nonce 7 $   $', 'literal ${1}'],
	);
});

test('an empty line is not sent, nor a template that comes to nothing', async t => {
	const server = await startMail(t, 'hello', line => (line === 'then' ? 'bye' : undefined));

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {
		query_response: [{expect: 'hello(x?)', send: '$1'}, {send: ''}, {send: 'then'}, {expect: 'bye'}],
	});

	t.true(reading.ok, reading.detail);
	t.deepEqual(
		server.heard.map(([line]) => line),
		['then'],
	);
});

test('what a label found is told up to a thousand characters', async t => {
	const server = await serve(t, {onConnection: socket => void socket.end(`${'x'.repeat(300)} ${'y'.repeat(3000)}\n`)});
	const labels = [
		{name: 'short', value: '$1'},
		{name: 'long', value: '$2'},
	];

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect: '(x+) (y+)', labels}]});

	t.is(reading.facts.expect_short, 'x'.repeat(300));
	t.is(reading.facts.expect_long?.length, 1000);
});

const closesAfter = test.macro(async (t: ExecutionContext, said: string, reason: string) => {
	const server = await serve(t, {onConnection: socket => void socket.end(said)});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect: 'READY'}]});

	t.like(reading, {ok: false, reason, values: {failed_due_to_regex: 1}});
});

test('a server that says something else and closes fails by the pattern', closesAfter, 'hello\n', 'content');
test('so does one that closes before it said anything, as with blackbox_exporter', closesAfter, '', 'reset');

test('a deadline is no failure of the pattern', async t => {
	const server = await serve(t, {onConnection: socket => void socket.write('hello\n')});
	const deadline = new AbortController();

	const running = measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{query_response: [{expect: 'READY'}]},
		{signal: deadline.signal},
	);
	passSoon(deadline);

	t.like(await running, {ok: false, reason: 'timeout', values: {failed_due_to_regex: 0}});
});

test('lines without a match are passed over, and the last one needs no end', async t => {
	const server = await serve(t, {onConnection: socket => void socket.end('one\ntwo\r\n\nREADY')});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect: '^READY$'}]});

	t.true(reading.ok, reading.detail);
});

test('bytes that must come are compared exactly, whichever way they are cut', async t => {
	const server = await serve(t, {onConnection: socket => void sendInPieces(socket, '+PONG\r\nline\n', 1)});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {
		query_response: [{expect_bytes: '+PONG\r\n'}, {expect: '^line$'}],
	});

	t.true(reading.ok, reading.detail);
});

test('other bytes are down as soon as they differ', async t => {
	const server = await serve(t, {onConnection: socket => void socket.write('-ERR')});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect_bytes: '+PONG\r\n'}]});

	isDown(t, reading, {
		reason: 'content',
		phase: 'processing',
		detail: /other bytes came at step 1 of 1 \(expect_bytes "\+PONG·"\); the last line was "-ERR"$/,
	});
	t.is(reading.values.failed_due_to_bytes, 1);
});

test('TLS from the first byte', async t => {
	const server = await serveTls(t, 'good', {onConnection: socket => void socket.write('hello\n')});

	const reading = await measure(tcp, `localhost:${server.port}`, {
		tls: true,
		tls_config: {ca_file: caFile},
		query_response: [{expect: 'hello'}],
	});

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls', 'processing']);
	t.deepEqual(server.names, ['localhost']);
});

test('TLS without a conversation is up after the handshake', async t => {
	const server = await serveTls(t, 'good', {});

	const reading = await measure(tcp, `localhost:${server.port}`, {tls: true, tls_config: {ca_file: caFile}});

	t.true(reading.ok, reading.detail);
	t.is(reading.facts.phase, 'tls');
});

const ends = test.macro(
	async (t: ExecutionContext, end: (socket: Socket) => void, reason: 'content' | 'reset', detail: RegExp) => {
		const server = await serve(t, {onConnection: end});

		const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect: '^220 '}]});

		isDown(t, reading, {reason, phase: 'processing', detail});
	},
);

test(
	'a server that says something else and closes has the wrong content',
	ends,
	socket => socket.end('554 go away\r\n'),
	'content',
	/closed the connection and what was wanted had not come at step 1 of 1 \(expect "\^220"\); the last line was "554 go away"$/,
);
test(
	'a server that closes without a word is a reset',
	ends,
	socket => socket.end(),
	'reset',
	/closed the connection and nothing had come at step 1 of 1/,
);
test('a server that resets is a reset', async t => {
	const server = await serve(t, {onConnection: socket => void socket.once('data', () => socket.resetAndDestroy())});

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{send: 'x'}, {expect: 'y'}]});

	isDown(t, reading, {reason: 'reset', phase: 'processing', detail: /the connection was reset at step 2 of 2/});
});
test(
	'a server that resets within the conversation is a reset',
	ends,
	socket => socket.write('100 wait\r\n', () => setTimeout(() => socket.resetAndDestroy(), 20)),
	'reset',
	/the connection was reset at step 1 of 1 .*the last line was "100 wait"$/,
);
test(
	'what a hostile server says is shown on one line without control characters',
	ends,
	socket => socket.end('\u001b[31mred\u202e\u0000\rok\n'),
	'content',
	/the last line was "·\[31mred·ok"$/,
);

const floods = test.macro(
	async (t: ExecutionContext, piece: string, reason: 'content' | 'protocol', detail: RegExp) => {
		const server = await serve(t, {
			onConnection: async socket => {
				const block = piece.repeat(Math.ceil(65_536 / piece.length));
				for (let at = 0; at < 160 && !socket.destroyed; at++) {
					if (!socket.write(block)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
				}
			},
		});

		const reading = await measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect: '^220 '}]});

		isDown(t, reading, {reason, phase: 'processing', detail});
	},
);

test(
	'ten megabytes in one line are refused',
	floods,
	'x',
	'protocol',
	/a line of more than 65536 bytes at step 1 of 1/,
);
test(
	'ten megabytes of lines are refused',
	floods,
	`${'x'.repeat(99)}\n`,
	'content',
	/more than 262144 bytes came at step 1 of 1/,
);
test('empty lines without end are refused', floods, '\n', 'content', /more than 10000 lines came at step 1 of 1/);

test('at the deadline the step and the last line are told', async t => {
	const deadline = new AbortController();
	const server = await serve(t, {
		onConnection: socket => {
			socket.write('454 try later\r\n220 rea');
			passSoon(deadline);
		},
	});

	const reading = await measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{query_response: [{expect: '^454'}, {expect: '^220'}]},
		{signal: deadline.signal},
	);

	isDown(t, reading, {
		reason: 'timeout',
		phase: 'processing',
		detail:
			/^TCP 127\.0\.0\.1:\d+, at step 2 of 2 \(expect "\^220"\); the last line was "220 rea", was not done at the deadline/,
	});
});

test('nothing that was sent is told, even when the server says it again', async t => {
	const server = await startMail(t, '220 ready', line => `535 wrong: ${line.toUpperCase()}!`);
	const deadline = new AbortController();
	passSoon(deadline);

	const reading = await measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{query_response: [{send: 'AUTH hunter2'}, {expect: '^235'}]},
		{signal: deadline.signal},
	);

	t.is(reading.reason, 'timeout');
	t.regex(reading.detail ?? '', /the last line was "535 wrong: … …"/);
	t.notRegex(JSON.stringify(reading), /hunter2/i);
});

for (const [sends, says, shown] of [
	[
		'AUTH p4$x9!k2#7q',
		"-ERR unknown command 'AUTH', with args beginning with: 'P4$X9!k2#7q'",
		'-ERR unknown command … with args beginning with: …',
	],
	['AUTH p4$x9!k2#7q', '-ERR p4\\$x9\\!k2 is wrong', '-ERR … is wrong'],
	['PASS pa$$ wo', '-ERR "wo" or (pa$$) is wrong', '-ERR … or … is wrong'],
	['LOGIN x', 'NO x, sorry', 'NO x, sorry'],
] as const)
	test(`after "${sends}" nothing of it is told of "${says}"`, async t => {
		const server = await serve(t, {onConnection: socket => void socket.once('data', () => socket.end(`${says}\r\n`))});

		const reading = await measure(tcp, `127.0.0.1:${server.port}`, {
			query_response: [{send: sends}, {expect: '^never'}],
		});

		t.true(reading.detail?.endsWith(`; the last line was "${shown}"`), reading.detail);
		t.is(reading.facts.banner, shown);
	});

test('when very much was sent nothing is shown of what came afterwards', async t => {
	const server = await serve(t, {onConnection: socket => void socket.resume().write('zzz\n')});
	const send = 'a'.repeat(65_530);

	const reading = await measure(tcp, `127.0.0.1:${server.port}`, {
		query_response: [{send}, {send}, {send}, {send}, {send}, {expect_bytes: 'b'}],
	});

	t.regex(reading.detail ?? '', /the last line was "…"$/);
});

test('lines that came before anything was sent are told as they are', async t => {
	const server = await startMail(t, '220 mail ready', () => undefined);
	const deadline = new AbortController();

	const running = measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{query_response: [{expect: '^220'}, {send: 'mail'}, {expect: '^250'}]},
		{signal: deadline.signal},
	);
	await until(() => server.heard.length === 1);
	deadline.abort(new DOMException('the deadline passed', 'TimeoutError'));

	t.regex((await running).detail ?? '', /the last line was "220 mail ready"/);
});

test('thousands of lines at once, after a long send, hold nobody else up', async t => {
	const send = Array.from({length: 8000}, (_, at) => `w${1000 + at}`).join(' ');
	const steps = tcpOptions(z).parse({query_response: [{send}, {expect: '^ready$'}]}).query_response;
	const socket = new Duplex({read() {}, write: (_chunk, _encoding, done) => done()});
	socket.push('zz1q aaa bbb\n'.repeat(9990));
	socket.push(null);
	let turns = 0;
	let ended = false;
	const turn = () => {
		turns++;
		if (!ended) setImmediate(turn);
	};
	turn();
	const progress: Progress = {step: '', line: undefined};
	const startedAt = performance.now();

	const running = converse(
		socket,
		steps,
		() => Promise.reject(new Error('no TLS')),
		{clock: new PhaseClock(), values: {}, facts: {}},
		progress,
		AbortSignal.timeout(60_000),
	).finally(() => {
		ended = true;
	});

	await t.throwsAsync(running, {message: /closed the connection and what was wanted had not come/});
	t.true(turns > 100, `${turns} turns`);
	t.true(performance.now() - startedAt < 10_000);
	t.is(progress.line?.(), 'zz1q aaa bbb');
});

test('a run that is stopped in the conversation rejects with the reason and lets go', async t => {
	const stop = new AbortController();
	const server = await serve(t, {onConnection: () => stop.abort(new Error('tailprobe is ending'))});

	await t.throwsAsync(
		measure(tcp, `127.0.0.1:${server.port}`, {query_response: [{expect: 'x'}]}, {signal: stop.signal}),
		{message: 'tailprobe is ending'},
	);
});

test('a target of the tailnet is talked to through the SOCKS5 proxy', async t => {
	const server = await serve(t, {onConnection: socket => void socket.write('220 ready\r\n')});
	const proxy = await startSocks5(t, {replyWithBanner: true});

	const reading = await measure(
		tcp,
		`127.0.0.1:${server.port}`,
		{query_response: [{expect: '^220 '}]},
		{target: {via: 'tailnet'}, place: {socks5: proxy.address, tailnet: tailnetHere}},
	);

	t.true(reading.ok, reading.detail);
	t.like(reading.facts, {dial: 'proxy', banner: '220 ready'});
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect_proxy', 'processing']);
});

test('a proxy that cannot connect is down, and says in which phase', async t => {
	const proxy = await startSocks5(t, {onRequest: socks5Reply(1)});

	const reading = await measure(
		tcp,
		`127.0.0.1:${await closedPort()}`,
		{},
		{target: {via: 'tailnet'}, place: {socks5: proxy.address, tailnet: tailnetHere}},
	);

	isDown(t, reading, {reason: 'proxy', phase: 'connect_proxy', detail: /SOCKS5 proxy could not connect/});
});

const tailnetHere = {
	prefixes: ['127.0.0.0/8'],
	domain: 'tail.test',
	dnsServer: '127.0.0.1:1',
	overheadObjectiveSeconds: 0.01,
};
