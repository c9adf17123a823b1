import {stripVTControlCharacters} from 'node:util';
import test from 'ava';
import {drawProbe} from '../../src/cli/draw.ts';
import type {DrawOptions} from '../../src/cli/draw-lines.ts';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {describeProbe} from '../../src/server/json.ts';
import type {AdhocAnswer} from '../../src/server/types.ts';
import {aCheck, anHttpOutcome, anOutcome, ranAnswer} from '../helpers/fake-daemon.ts';

const plain: DrawOptions = {columns: 80, color: false, unicode: false};

function draw(
	outcome: Outcome,
	options: Partial<DrawOptions> = {},
	check: Partial<Check> = {},
	asked = 'http://127.0.0.1:9753',
): string {
	const answer = ranAnswer(outcome, aCheck(check));
	if (answer.kind !== 'ran') throw new Error('not a run');
	return drawProbe(describeProbe(answer, []), asked, {...plain, ...options});
}

const tlsTimeout = anOutcome({
	verdict: 'down',
	reason: 'timeout',
	durationMs: 5001,
	detail: 'No TLS answer from 100.64.0.3:8443 within 5s, though it took the connection.',
	reading: {ok: false, phases: {resolve: 0.001, connect: 0.0124, tls: 4.98}, values: {}, facts: {phase: 'tls'}},
});

test('a target that is up is drawn with its phases one after the other', t => {
	t.is(
		draw(anHttpOutcome({durationMs: 12.7})),
		`up  http://june-orchestrator:8080/healthz
  http_2xx from cluster, via tailnet, took 12.7 ms, says http://127.0.0.1:9753

  resolve       1.20 ms  #####
  connect       2.10 ms       ##########
  tls           4.00 ms                 #################
  processing    4.50 ms                                  ####################
  transfer      0.70 ms                                                      ###

  status 200, HTTP 1.1, TLSv1.3, certificate until 2026-09-21, body 2 bytes
  address 100.64.0.3 (magicdns)
`,
	);
});

test('a body that came packed is drawn with both of its sizes', t => {
	const packed = anOutcome({
		reading: {ok: true, phases: {}, values: {body_bytes: 32, uncompressed_body_bytes: 1800}, facts: {}},
	});

	t.regex(draw(packed), /body 1800 bytes unpacked \(32 packed\)/);
});

test('a target that is down is drawn with the reason, the sentence and the phase that failed', t => {
	t.is(
		draw(tlsTimeout),
		`DOWN  http://june-orchestrator:8080/healthz
  http_2xx from cluster, via tailnet, took 5.00 s, says http://127.0.0.1:9753

  timeout: No TLS answer from 100.64.0.3:8443 within 5s, though it took the
  connection.

  resolve       1.00 ms  #
  connect       12.4 ms  #
x tls            4.98 s  #######################################################
`,
	);
});

test('what a run that is up went without stands below it', t => {
	const detail = 'No credentials were sent (bearer_token_file): this target is in no http check.';

	const drawn = draw(anHttpOutcome({detail, withheld: ['bearer_token_file']}));

	t.regex(
		drawn,
		/^up {2}http.*\n.*\n\n {2}No credentials were sent \(bearer_token_file\): this target is in no http check\.\n\n {2}resolve/,
	);
});

test('an answer that was not the wanted one marks no phase', t => {
	t.notRegex(draw({...anHttpOutcome(), verdict: 'down', reason: 'status', detail: 'Wanted 200, got 503.'}), /^x/m);
});

test('a tunnel is drawn with its rungs side by side, its path and its loss', t => {
	const reading = {
		ok: true,
		values: {disco_seconds: 0.02, tsmp_seconds: 0.04, loss_ratio: 0.25},
		facts: {path: 'derp', derp_region: 'fra'},
	};
	const target = {name: 'gpu', address: 'gpu', via: 'tailnet', peer: 'gpu'} as const;

	t.is(
		draw(anOutcome({reading, durationMs: 60}), {}, {type: 'tunnel', target}),
		`up  gpu
  http_2xx from cluster, via tailnet, took 60.0 ms, says http://127.0.0.1:9753

  disco         20.0 ms  ############################
  tsmp          40.0 ms  #######################################################

  path derp fra, loss 25 %
`,
	);
});

test('when nobody could look, the reason is drawn and no phase', t => {
	const blind = anOutcome({verdict: 'unknown', reason: 'vantage', detail: 'tailscaled does not answer.'});

	t.is(
		draw(blind),
		`UNKNOWN  http://june-orchestrator:8080/healthz
  http_2xx from cluster, via tailnet, gave up after 20.0 ms, says
  http://127.0.0.1:9753

  vantage: tailscaled does not answer.
`,
	);
});

test('times that cannot be true are marked', t => {
	t.regex(
		draw(anHttpOutcome({late: true, latenessMs: 412})),
		/own thread was 412 ms late during this run: the times are too\n {2}high\./,
	);
});

test('without a daemon the drawing says so', t => {
	const answer = ranAnswer() as AdhocAnswer & {kind: 'ran'};

	t.regex(drawProbe(describeProbe(answer, []), undefined, plain), /took 20\.0 ms, without a daemon\n/);
});

test('a port that nobody wrote is told when the target is down', t => {
	const down = anOutcome({verdict: 'down', reason: 'refused', detail: 'It refused.'});
	const aimedAt = (address: string, type = 'http') =>
		draw(down, {}, {type, target: {name: 'x', address, via: 'tailnet', peer: ''}});

	t.regex(aimedAt('livekit'), /It refused\.\n\n {2}The target names neither scheme nor port: port 80 was assumed\.\n/);
	t.regex(aimedAt('livekit/healthz'), /port 80 was assumed/);
	for (const address of ['livekit:7880', 'http://livekit/', 'https://livekit/'])
		t.notRegex(aimedAt(address), /assumed/, address);
	t.notRegex(aimedAt('livekit', 'icmp'), /assumed/);
	t.notRegex(draw(anHttpOutcome(), {}, {target: {name: 'x', address: 'livekit', via: 'tailnet', peer: ''}}), /assumed/);
});

test('an address from the list of peers says so, and that MagicDNS was silent when it was waited for', t => {
	const resolvedIn = (resolve: number) => {
		const reading = {ok: true, phases: {resolve}, values: {}, facts: {address: '100.64.0.3', resolved_by: 'peers'}};
		return draw(anOutcome({reading}), {columns: 100});
	};

	t.regex(resolvedIn(0.67), /address 100\.64\.0\.3 \(from tailscaled's list of peers: MagicDNS did not answer\)/);
	t.regex(resolvedIn(0.01), /address 100\.64\.0\.3 \(from tailscaled's list of peers\)/);
});

test('the beginning of an unwanted answer is drawn', t => {
	const reading = {ok: false, values: {status_code: 500}, facts: {body_start: '{"error":"no database"}'}};

	t.regex(
		draw(anOutcome({verdict: 'down', reason: 'status', reading})),
		/The answer begins: \{"error":"no database"\}/,
	);
});

test('colour adds nothing but colour', t => {
	const colored = draw(tlsTimeout, {color: true});

	t.not(colored, draw(tlsTimeout));
	t.is(stripVTControlCharacters(colored), draw(tlsTimeout));
});

test('blocks are used where the terminal has them', t => {
	t.regex(draw(tlsTimeout, {unicode: true}), /✗ tls {12}4\.98 s {2}█{55}\n/);
});

for (const columns of [80, 60, 40])
	test(`nothing is wider than ${columns} columns, however long the texts are`, t => {
		const long = `${'x'.repeat(200)} ${'word '.repeat(40)}`;
		const reading = {
			ok: false,
			phases: {resolve: 1000, connect: 1e-9},
			values: {status_code: 200},
			facts: {address: long, tls_version: long, resolved_by: long},
		};
		const target = {name: 'x', address: long, via: 'tailnet', peer: ''} as const;

		const drawn = draw(
			anOutcome({verdict: 'down', reason: 'timeout', detail: long, durationMs: 1e9, reading}),
			{columns, unicode: true},
			{target},
		);

		for (const line of drawn.split('\n')) t.true(line.length <= columns, line);
	});

test('text from outside cannot move the cursor or reorder the line', t => {
	const evil = 'a\u001b[2J\u001b]0;x\u0007b\r\nc\u202ed\u009b31me';
	const reading = {ok: false, values: {}, facts: {address: evil, path: evil, http_version: evil}};
	const target = {name: 'x', address: evil, via: 'tailnet', peer: ''} as const;

	const drawn = draw(
		anOutcome({verdict: 'down', reason: 'timeout', detail: evil, reading}),
		{},
		{target, vantage: evil},
	);

	t.notRegex(drawn, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});
