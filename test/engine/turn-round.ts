import test from 'ava';
import {createLatenessMeter} from '../../src/engine/lateness.ts';
import {runCheck} from '../../src/engine/run.ts';
import {judgeExpectation} from '../../src/engine/turn-round.ts';
import type {Check, DownReason, Outcome, Reading} from '../../src/engine/types.ts';
import {tcp} from '../../src/probes/tcp.ts';
import type {Probe} from '../../src/probes/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import {aCheck, anOutcome, aReading} from '../helpers/checks.ts';
import {testPlace} from '../helpers/probing.ts';
import {saying, serve} from '../helpers/servers.ts';

const closed = aCheck({expect: 'unreachable'});
const address = '10.0.0.1';

function down(reason: DownReason, reading: Partial<Reading>): Outcome {
	const detail = 'TCP june-orchestrator:8080 failed';
	return anOutcome({
		verdict: 'down',
		reason,
		detail,
		reading: aReading({ok: false, reason, detail, ...reading}),
	});
}

test('an answer where none may come is down, and the sentence says what was wanted', t => {
	const outcome = judgeExpectation(closed, anOutcome({reading: aReading({facts: {phase: 'transfer'}})}));

	t.like(outcome, {verdict: 'down', reason: 'expected_unreachable'});
	t.like(outcome.reading, {ok: false, reason: 'expected_unreachable'});
	t.is(outcome.detail, 'june-orchestrator:8080 accepts connections; it must be closed (expect: unreachable).');
});

test('the sentence names host and port as configured and nothing else of a URL, then what came', t => {
	const at = (address: string, type = 'http') =>
		judgeExpectation(
			{...closed, type, target: {...closed.target, address}},
			anOutcome({
				verdict: 'down',
				reason: 'status',
				detail: 'It said 404.',
				reading: aReading({facts: {answered: 'true'}}),
			}),
		).detail;

	t.is(
		at('http://june:secret@10.77.0.5:9999/?token=x'),
		'10.77.0.5:9999 accepts connections; it must be closed (expect: unreachable). It went on so: It said 404.',
	);
	t.regex(at('[fd7a::1]:53') ?? '', /^\[fd7a::1\]:53 accepts/);
	t.regex(at('10.77.0.5', 'icmp') ?? '', /^10\.77\.0\.5 answers; it must be closed/);
});

const unreached = test.macro({
	exec(t, reason: DownReason, phase: 'connect' | 'connect_proxy' | 'processing') {
		const outcome = judgeExpectation(closed, down(reason, {facts: {address, phase}, phases: {[phase]: 0.1}}));

		t.is(outcome.verdict, 'up');
		t.is(outcome.reason, undefined);
		t.is(outcome.detail, undefined);
		t.like(outcome.reading, {ok: true, facts: {unreachable: reason}});
		t.is(outcome.reading?.reason, undefined);
	},
	title: (_, reason, phase) => `a run that ended with ${reason} in ${phase} without a connection is up`,
});
test(unreached, 'refused', 'connect');
test(unreached, 'unreachable', 'connect');
test(unreached, 'timeout', 'connect');
test(unreached, 'reset', 'connect');
test(unreached, 'proxy', 'connect_proxy');
test(unreached, 'timeout', 'processing');

const reached = test.macro({
	exec(t, reason: DownReason, phase: string) {
		const outcome = judgeExpectation(closed, down(reason, {facts: {address, phase, answered: 'true'}}));

		t.like(outcome, {verdict: 'down', reason: 'expected_unreachable'});
	},
	title: (_, reason, phase) =>
		`a target that answered was reached, though the run then failed with ${reason} in ${phase}`,
});
test(reached, 'tls', 'tls');
test(reached, 'timeout', 'processing');
test(reached, 'status', 'transfer');
test(reached, 'loss', 'processing');
// On the way to where a redirect leads, and to what would be said over TCP.
test(reached, 'refused', 'connect');
test(reached, 'timeout', 'resolve');
test(reached, 'forbidden', 'resolve');

const unproven = test.macro({
	exec(t, reason: DownReason) {
		const outcome = judgeExpectation(closed, down(reason, {facts: {phase: 'resolve'}}));

		t.like(outcome, {verdict: 'down', reason});
	},
	title: (_, reason) => `nothing is proven by ${reason} before there is an address: it stays down as it is`,
});
test(unproven, 'resolve');
test(unproven, 'forbidden');
test(unproven, 'wrong_network');
test(unproven, 'timeout');

test('a run that ended at its deadline without a reading proves nothing', t => {
	const outcome = anOutcome({verdict: 'down', reason: 'timeout', detail: 'no answer'});

	t.is(judgeExpectation(closed, outcome), outcome);
});

test('what nobody could look at stays unknown', t => {
	const unknown = anOutcome({verdict: 'unknown', reason: 'vantage'});

	t.deepEqual(judgeExpectation(closed, unknown), unknown);
});

test('a check that expects an answer is left alone', t => {
	const outcome = down('refused', {facts: {phase: 'connect'}});

	t.is(judgeExpectation(aCheck(), outcome), outcome);
});

test('a real port that is closed is up, and the same port once something listens is down', async t => {
	const server = await serve(t, saying('hello'));
	const open = await run({...closed, type: 'tcp', target: direct(`localhost:${server.port}`)});
	const shut = await run({...closed, type: 'tcp', target: direct('127.0.0.1:1')});

	t.like(open, {verdict: 'down', reason: 'expected_unreachable'});
	t.is(shut.verdict, 'up');
});

function direct(address: string): Check['target'] {
	return {name: 'port', address, via: 'direct', peer: ''};
}

async function run(check: Check): Promise<Outcome> {
	const options = {
		clock: systemClock,
		lateness: createLatenessMeter(),
		kind: 'scheduled' as const,
		deadlineMs: 5000,
		stopping: new AbortController().signal,
		onBug() {},
	};
	const wanted = {...check, options: {preferred_ip_protocol: 'ip4', ip_protocol_fallback: true, query_response: []}};
	return judgeExpectation(check, await runCheck(wanted, tcp as Probe, testPlace, options));
}
