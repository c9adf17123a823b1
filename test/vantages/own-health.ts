import test from 'ava';
import type {Reason} from '../../src/engine/types.ts';
import {createBelief} from '../../src/vantages/belief.ts';
import {createOwnHealth, defaultTimes} from '../../src/vantages/own-health.ts';
import type {Identity, SelfCheck} from '../../src/vantages/self-check.ts';
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

/** Sound for 14 s after each time it was found sick for a moment, by a clock that the test moves. */
function aFlapping() {
	const {selfCheck, setting} = aSelfCheck(true);
	const clock = {ms: 0, now: () => clock.ms};
	const times = {watchMs: 5000, joiningMs: 3_600_000, patienceMs: 60_000};
	const health = createOwnHealth(selfCheck, stopping, {times, clock});
	const fails = async (key: string) => (await health.excuse({...down('timeout'), key})).verdict;
	return {
		setting,
		clock,
		fails,
		recovers: (key: string) => health.excuse(anOutcome({key})),
		/** The verdict of another check that fails while it is sick. */
		async flap() {
			setting.sound = false;
			const verdict = await fails('another');
			setting.sound = true;
			await fails('another');
			clock.ms += 14_000;
			await fails('yet another');
			return verdict;
		},
	};
}

/** A sound self-check with an identity; without one tailscaled is gone. */
function withIdentity(first: Identity) {
	let now: Identity | undefined = first;
	const selfCheck: SelfCheck = {
		look: async () => ({sound: now !== undefined, facts: {}, addresses: [], ...(now && {identity: now})}),
	};
	const become = (next: Identity | undefined) => {
		now = next;
	};
	return {selfCheck, become};
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
	const health = createOwnHealth(selfCheck, stopping, {times: {watchMs: 0, joiningMs: 3_600_000}});
	const forgetful = createOwnHealth(selfCheck, stopping, {times: {watchMs: 3_600_000, joiningMs: 0}});
	await Promise.all([health.excuse(down('timeout')), forgetful.excuse(down('timeout'))]);
	const signedOutAt = performance.now();
	state.backendState = 'Running';
	await until(() => performance.now() - signedOutAt > 30);

	t.like(await health.excuse(down('timeout')), {verdict: 'unknown', reason: 'vantage'});
	t.like(await forgetful.excuse(down('timeout')), {verdict: 'down', reason: 'timeout'});
});

test('a peer that takes 36 s to learn our new key leaves nothing down', async t => {
	const {selfCheck, become} = withIdentity({nodeKey: 'nodekey:1', process: '1'});
	const suspensions: number[] = [];
	const belief = {...createBelief(), suspend: (durationMs: number) => void suspensions.push(durationMs)};
	const health = createOwnHealth(selfCheck, stopping, {belief});
	await health.excuse(down('timeout'));

	become({nodeKey: 'nodekey:2', process: '1'});
	await health.excuse(down('timeout'));

	t.is(suspensions.length, 1);
	t.true((suspensions[0] ?? 0) >= 36_000);
	t.true((suspensions[0] ?? 0) < defaultTimes.patienceMs, 'true failures are hidden no longer than before');
});

test('after a silence of our own network failures are not believed until the relay is back', async t => {
	const state: {network?: 'silent'} = {network: 'silent'};
	const selfCheck: SelfCheck = {
		look: async () => ({sound: state.network === undefined, facts: {backendState: 'Running'}, addresses: [], ...state}),
	};
	const health = createOwnHealth(selfCheck, stopping, {times: {watchMs: 0, reconnectingMs: 3_600_000}});
	await health.excuse(down('timeout'));

	delete state.network;

	t.like(await health.excuse(down('timeout', 0)), {verdict: 'unknown', reason: 'vantage'});
});

for (const [title, before, after] of [
	['signed in again', {nodeKey: 'nodekey:1', process: '1'}, {nodeKey: 'nodekey:2', process: '1'}],
	['was restarted', {nodeKey: 'nodekey:1', process: '1'}, {nodeKey: 'nodekey:1', process: '2'}],
] as const)
	test(`a tailscaled that ${title} between two looks that found it sound is joining: the first failure sees that`, async t => {
		const {selfCheck, become} = withIdentity(before);
		const health = createOwnHealth(selfCheck, stopping, {times: {joiningMs: 3_600_000}});
		t.is((await health.excuse(down('timeout'))).verdict, 'down');
		t.is((await health.excuse(down('timeout'))).verdict, 'down', 'the same as before');

		become(after);
		const outcome = await health.excuse(down('timeout'));

		t.like(outcome, {verdict: 'unknown', reason: 'vantage'});
		t.regex(outcome.detail ?? '', /just joined the tailnet/);
		t.like(await health.excuse(down('timeout')), {verdict: 'unknown'}, 'and so for a while');
	});

test('a restart is seen across the time in which tailscaled was gone, and what is not known is no change', async t => {
	const {selfCheck, become} = withIdentity({nodeKey: 'nodekey:1', process: ''});
	const belief = createBelief();
	const health = createOwnHealth(selfCheck, stopping, {belief, times: {watchMs: 0, joiningMs: 3_600_000}});
	const look = () => health.excuse(down('timeout'));
	await look();

	become(undefined);
	await look();
	become({nodeKey: 'nodekey:1', process: '1'});
	await look();
	t.false(belief.suspended(0));

	become(undefined);
	await look();
	become({nodeKey: 'nodekey:1', process: '2'});
	await look();
	t.true(belief.suspended(0));
});

test('two threads believe from the same moment on', async t => {
	const belief = createBelief();
	const sick = createOwnHealth(aSelfCheck(false).selfCheck, stopping, {belief});
	const sound = createOwnHealth(aSelfCheck(true).selfCheck, stopping, {belief: createBelief(belief.memory)});
	t.is((await sound.excuse(down('timeout'))).verdict, 'down');

	await sick.excuse(down('timeout'));

	t.like(await sound.excuse(down('timeout')), {verdict: 'unknown', reason: 'vantage'});
});

test('a vantage that is sick again and again hides a true failure for a minute of being sound, and no longer', async t => {
	const {fails, recovers, flap} = aFlapping();
	await flap();
	t.is(await fails('dead'), 'unknown');

	for (let times = 0; times < 4; times++) {
		t.is(await flap(), 'unknown');
		t.is(await fails('dead'), 'unknown');
	}
	await flap();

	t.is(await fails('dead'), 'down');
	t.is(await fails('dead'), 'down', 'and so from then on');
	t.is(await fails('fell just now'), 'unknown');
	await recovers('dead');
	t.is(await fails('dead'), 'unknown');
});

test('time in which the vantage was sick or did not look uses no patience up', async t => {
	const {fails, setting, clock} = aFlapping();
	setting.sound = false;
	await fails('dead');

	for (const sound of [false, true, true, false, true]) {
		setting.sound = sound;
		clock.ms += 3_600_000;
		t.is(await fails('dead'), 'unknown');
	}
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
