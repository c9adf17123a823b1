import test from 'ava';
import type {Check, Outcome, Reason} from '../../src/engine/types.ts';
import type {OwnStatus} from '../../src/shell/own-status.ts';
import {createSoundness} from '../../src/shell/soundness.ts';
import {aCheck, anOutcome, aReading} from '../helpers/checks.ts';

const running: OwnStatus = {
	sound: true,
	facts: {backendState: 'Running', online: 'true'},
	addresses: ['100.64.0.7'],
	nodeKey: 'nodekey:aa',
	tun: true,
};
const signedOut: OwnStatus = {
	sound: false,
	detail: 'its tailscaled is in state NeedsLogin: look at it there',
	facts: {},
	addresses: [],
	nodeKey: '',
};

function down(reason: Reason): Outcome {
	return anOutcome({verdict: 'down', reason, reading: aReading({ok: false, facts: {address: '100.64.0.9'}})});
}

const viaTailnet = aCheck();
const mustBeClosed: Check = {...aCheck({expect: 'unreachable'}), target: {...aCheck().target, via: 'direct'}};

function judged(
	statuses: readonly OwnStatus[],
	check: Check,
	outcome: Outcome,
	{answered = false, laterMs = 0, proxied = false} = {},
) {
	let now = 0;
	const soundness = createSoundness({clock: {now: () => now}, proxied});
	for (const status of statuses) soundness.learn(status);
	now = laterMs;
	const {verdict, reason} = soundness.excuse(check, outcome, answered);
	return [verdict, reason];
}

test('silence in the tailnet is not believed where tailscaled is not sound, nor just after that', t => {
	t.deepEqual(judged([running], viaTailnet, down('timeout')), ['down', 'timeout']);
	t.deepEqual(judged([signedOut], viaTailnet, down('timeout')), ['unknown', 'vantage']);
	t.deepEqual(judged([signedOut, running], viaTailnet, down('timeout'), {laterMs: 5000}), ['unknown', 'vantage']);
	t.deepEqual(judged([signedOut, running], viaTailnet, down('timeout'), {laterMs: 39_000}), ['unknown', 'vantage']);
	t.deepEqual(judged([signedOut, running], viaTailnet, down('timeout'), {laterMs: 60_000}), ['down', 'timeout']);
	t.deepEqual(judged([signedOut], viaTailnet, down('status')), ['down', 'status']);
	t.deepEqual(judged([signedOut], viaTailnet, anOutcome()), ['up', undefined]);
});

test('silence is not believed just after tailscaled got another key, which it may have done unseen', t => {
	const again = {...running, nodeKey: 'nodekey:bb'};

	for (const statuses of [
		[running, again],
		[running, {...again, nodeKey: ''}, again],
	]) {
		t.deepEqual(judged(statuses, viaTailnet, down('timeout'), {laterMs: 39_000}), ['unknown', 'vantage']);
		t.deepEqual(judged(statuses, viaTailnet, down('timeout'), {laterMs: 60_000}), ['down', 'timeout']);
	}
	t.deepEqual(judged([running, running], viaTailnet, down('timeout')), ['down', 'timeout']);
	t.deepEqual(judged([{...running, nodeKey: ''}, again], viaTailnet, down('timeout')), ['down', 'timeout']);
});

test('without a tunnel device and a proxy nothing that was dialled is believed, and pings of tailscaled are', t => {
	const userspace = {...running, tun: false};
	const up = anOutcome({reading: aReading({facts: {address: '100.64.0.9'}})});

	t.deepEqual(judged([userspace], viaTailnet, up), ['unknown', 'unsupported']);
	t.deepEqual(judged([userspace], viaTailnet, up, {proxied: true}), ['up', undefined]);
	t.deepEqual(judged([userspace], {...viaTailnet, type: 'tunnel'}, up), ['up', undefined]);
});

test('silence proves that something is closed only where something else is known to answer', t => {
	t.deepEqual(judged([], mustBeClosed, down('timeout')), ['unknown', 'vantage']);
	t.deepEqual(judged([], mustBeClosed, down('timeout'), {answered: true}), ['down', 'timeout']);
	t.deepEqual(judged([running], mustBeClosed, down('timeout')), ['down', 'timeout']);
	t.deepEqual(judged([], mustBeClosed, down('refused')), ['down', 'refused']);
});

test('addresses stay known while tailscaled is silent', t => {
	const soundness = createSoundness({clock: {now: () => 0}, proxied: false});

	soundness.learn(running);
	soundness.learn(signedOut);

	t.deepEqual(soundness.addresses(), ['100.64.0.7']);
	t.regex(soundness.trouble() ?? '', /NeedsLogin/);
});
