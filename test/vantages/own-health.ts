import test from 'ava';
import type {Reason} from '../../src/engine/types.ts';
import {createOwnHealth} from '../../src/vantages/own-health.ts';
import type {SelfCheck} from '../../src/vantages/self-check.ts';
import {anOutcome} from '../helpers/checks.ts';

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
