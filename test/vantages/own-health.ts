import test from 'ava';
import type {Reason} from '../../src/engine/types.ts';
import {createOwnHealth} from '../../src/vantages/own-health.ts';
import type {SelfCheck} from '../../src/vantages/self-check.ts';
import {anOutcome} from '../helpers/checks.ts';
import {until} from '../helpers/until.ts';

const stopping = new AbortController().signal;
const down = (reason: Reason, durationMs = 20) => anOutcome({verdict: 'down', reason, durationMs});

/** A self-check whose answer the test sets, with the depths it was asked for. */
function aSelfCheck(sound: boolean) {
	const asked: (string | undefined)[] = [];
	const setting = {sound};
	const selfCheck: SelfCheck = {
		async look(_signal, depth) {
			asked.push(depth);
			return {sound: setting.sound, ...(setting.sound ? {} : {detail: 'tailscaled hangs'}), facts: {}, addresses: []};
		},
	};
	return {selfCheck, setting, asked};
}

test('a failure is believed when the vantage is sound', async t => {
	const health = createOwnHealth(aSelfCheck(true).selfCheck, stopping);

	t.like(await health.excuse(down('timeout')), {verdict: 'down', reason: 'timeout'});
});

test('a failure is held against a look from after its run began', async t => {
	const since: (number | undefined)[] = [];
	const selfCheck: SelfCheck = {
		async look(_signal, _depth, from) {
			since.push(from);
			return {sound: true, facts: {}, addresses: []};
		},
	};
	const endedAt = performance.now();

	await createOwnHealth(selfCheck, stopping).excuse(down('refused', 20));

	t.true((since[0] ?? 0) >= endedAt - 20 && (since[0] ?? 0) <= performance.now() - 20);
});

test('a failure that our own tailscaled may have caused is unknown when that is sick', async t => {
	const health = createOwnHealth(aSelfCheck(false).selfCheck, stopping);

	for (const reason of ['timeout', 'resolve', 'refused', 'unreachable', 'reset', 'loss'] as const) {
		const outcome = await health.excuse(down(reason));

		t.like(outcome, {verdict: 'unknown', reason: 'vantage'});
		t.regex(outcome.detail ?? '', /tailscaled hangs/);
	}
});

test('a failure that proves that the tunnel works is believed without a look', async t => {
	const {selfCheck, asked} = aSelfCheck(false);
	const health = createOwnHealth(selfCheck, stopping);

	for (const reason of ['status', 'content', 'tls', 'protocol', 'wrong_network', 'forbidden'] as const)
		t.is((await health.excuse(down(reason))).verdict, 'down');
	t.is((await health.excuse(anOutcome())).verdict, 'up');

	t.deepEqual(asked, []);
});

test('a run that began while the vantage was sick is unknown even if that is sound again by its end', async t => {
	const {selfCheck, setting} = aSelfCheck(false);
	const health = createOwnHealth(selfCheck, stopping);
	await health.excuse(down('timeout'));

	setting.sound = true;
	const outcome = await health.excuse(down('timeout', 2000));

	t.like(outcome, {verdict: 'unknown', reason: 'vantage'});
	t.regex(outcome.detail ?? '', /a moment ago/);
});

test('after we were signed out failures are not believed for longer: peers must first learn our new key', async t => {
	const state = {backendState: 'NeedsLogin'};
	const selfCheck: SelfCheck = {
		async look() {
			return {sound: state.backendState === 'Running', facts: {...state}, addresses: []};
		},
	};
	const health = createOwnHealth(selfCheck, stopping, {watchMs: 0, joiningMs: 3_600_000});
	const forgetful = createOwnHealth(selfCheck, stopping, {watchMs: 3_600_000, joiningMs: 0});
	await Promise.all([health.excuse(down('timeout')), forgetful.excuse(down('timeout'))]);
	const signedOutAt = performance.now();
	state.backendState = 'Running';
	await until(() => performance.now() - signedOutAt > 30);

	t.like(await health.excuse(down('timeout')), {verdict: 'unknown', reason: 'vantage'});
	t.like(await forgetful.excuse(down('timeout')), {verdict: 'down', reason: 'timeout'});
});

test('without a tailscaled every failure is believed', async t => {
	const health = createOwnHealth(undefined, stopping);

	t.is((await health.excuse(down('timeout'))).verdict, 'down');
	t.true(health.state().sound);
});

test('watching asks tailscaled alone, a failure asks for the full look', async t => {
	const {selfCheck, asked} = aSelfCheck(true);
	const health = createOwnHealth(selfCheck, stopping);
	const changed = Promise.withResolvers<void>();

	health.watch(() => changed.resolve());
	await changed.promise;
	await health.excuse(down('timeout'));
	health.stop();

	t.deepEqual(asked, ['quick', 'full']);
});
