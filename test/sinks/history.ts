import test from 'ava';
import type {Check, DownReason, Outcome, Verdict} from '../../src/engine/types.ts';
import {createHistory, type Transition} from '../../src/sinks/history.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {aCheck, anHttpOutcome, anOutcome} from '../helpers/fake-daemon.ts';

const minuteMs = 60_000;

test('a check is unknown and has not run before its first outcome', t => {
	const {history, check} = follow();

	const view = history.view(check.key);

	t.like(view, {verdict: 'unknown', ran: false, confirmed: false});
	t.is(view?.last, undefined);
	t.is(view?.downSince, undefined);
	t.deepEqual(history.history(check.key), {recent: [], failures: []});
});

test('down since is the first down, and an unknown does not end it', async t => {
	const {history, check, run} = follow();

	await run('up', 'down');
	const since = history.view(check.key)?.downSince;
	await run('unknown', 'down');

	t.is(history.view(check.key)?.downSince, since);
	t.is(since, history.history(check.key)?.recent[2]?.startedAt);
	await run('unknown');
	t.like(history.view(check.key), {verdict: 'unknown', downSince: since, confirmed: true});
	await run('up');
	t.like(history.view(check.key), {verdict: 'up', downSince: undefined, confirmed: false});
});

test('a down is known by its reason and since when it fails so; no answer is one reason, however it did not come', t => {
	const {history, check, accept: take} = follow();
	const down = (startedAt: number, reason: DownReason, kind: Outcome['kind'] = 'scheduled') =>
		take({startedAt, verdict: 'down', reason, kind});
	const known = () => {
		const {downSince, downReason, reasonSince} = history.view(check.key) ?? {};
		return [downSince, downReason, reasonSince];
	};

	down(1, 'wrong_network');
	down(2, 'wrong_network');
	t.deepEqual(known(), [1, 'wrong_network', 1]);
	down(3, 'timeout', 'recheck');
	take({startedAt: 4, verdict: 'unknown', reason: 'vantage'});
	down(5, 'refused');
	t.deepEqual(known(), [1, 'refused', 3]);
	take({startedAt: 6, verdict: 'up'});
	t.deepEqual(known(), [undefined, undefined, undefined]);
	down(7, 'status');
	t.deepEqual(known(), [7, 'status', 7]);
});

test('unknown since is the first run that could not look; at least since then where none ever could', t => {
	const {history, check, accept: take} = follow();
	const known = () => history.view(check.key)?.unknownSince;

	t.is(known(), undefined);
	take({startedAt: 1, verdict: 'unknown'});
	take({startedAt: 2, verdict: 'unknown'});
	t.deepEqual(known(), {ms: 1, atLeast: true});
	take({startedAt: 3, verdict: 'down', reason: 'timeout'});
	t.is(known(), undefined);
	for (let startedAt = 4; startedAt < 40; startedAt++) take({startedAt, verdict: 'unknown'});
	t.deepEqual(known(), {ms: 4, atLeast: false});
});

test('a down is confirmed after as many in a row as the check wants', async t => {
	const {history, check, run} = follow({confirm: 3});

	await run('down', 'down');
	t.false(history.view(check.key)?.confirmed);
	await run('down');

	t.true(history.view(check.key)?.confirmed);
});

test('an up in between starts the row again', async t => {
	const {history, check, run} = follow({confirm: 2});

	await run('down', 'up', 'down');

	t.like(history.view(check.key), {verdict: 'down', confirmed: false});
});

test('an unknown in between neither counts towards a row of downs nor ends it', async t => {
	const {history, check, run} = follow({confirm: 2});

	await run('down', 'unknown', 'unknown');
	t.false(history.view(check.key)?.confirmed);
	await run('down');

	t.true(history.view(check.key)?.confirmed);
});

test('rechecks confirm a down without changing the verdict', async t => {
	const {history, check, accept} = follow({confirm: 2});

	accept({verdict: 'down'});
	accept({verdict: 'down', kind: 'recheck'});

	t.like(history.view(check.key), {verdict: 'down', confirmed: true});
	t.is(history.history(check.key)?.recent.length, 2);
});

test('a recheck that is up breaks a row of downs, and the next scheduled run gives the verdict', async t => {
	const {history, check, accept} = follow({confirm: 2});

	accept({verdict: 'down'});
	accept({verdict: 'up', kind: 'recheck'});
	accept({verdict: 'down', kind: 'recheck'});

	t.like(history.view(check.key), {verdict: 'down', confirmed: false});
});

test('a recheck that is up does not end an incident: the next scheduled run does', async t => {
	const {history, check, accept, told} = follow({confirm: 1});

	accept({verdict: 'down'});
	accept({verdict: 'up', kind: 'recheck'});
	t.like(history.view(check.key), {verdict: 'down', confirmed: true});
	t.deepEqual(told(), ['new to down']);
	accept({verdict: 'up'});

	t.like(history.view(check.key), {verdict: 'up', downSince: undefined});
});

test('a recheck that comes after the recovery changes nothing', t => {
	const {history, check, accept} = follow({confirm: 1});

	accept({verdict: 'up'});
	accept({verdict: 'down', kind: 'recheck'});

	t.like(history.view(check.key), {verdict: 'up', downSince: undefined, confirmed: false});
});

test('ad hoc outcomes leave no trace', async t => {
	const {history, check, accept, transitions} = follow({confirm: 1});

	accept({verdict: 'down', kind: 'adhoc'});

	t.like(history.view(check.key), {ran: false, verdict: 'unknown'});
	t.deepEqual(history.history(check.key), {recent: [], failures: []});
	t.deepEqual(transitions, []);
});

test('the last outcomes are kept newest first, and failures outlive them', async t => {
	const {history, check, run} = follow();

	await run('down', 'unknown');
	await run(...Array<Verdict>(25).fill('up'));

	const kept = history.history(check.key);
	t.is(kept?.recent.length, 20);
	t.true(kept?.recent.every(({verdict}) => verdict === 'up'));
	t.deepEqual(
		kept?.failures.map(({verdict}) => verdict),
		['unknown', 'down'],
	);
	t.true((kept?.recent[0]?.startedAt ?? 0) > (kept?.recent[19]?.startedAt ?? 0));
});

test('an outcome comes out as it went in', t => {
	const {history, check, accept} = follow();
	const full = anHttpOutcome({durationMs: 12.345_678_9, latenessMs: 0.25, late: true});
	const failed = anOutcome({
		verdict: 'down',
		reason: 'status',
		detail: 'Wanted status 200, got 503.',
		reading: {
			ok: false,
			reason: 'status',
			detail: 'Wanted status 200, got 503.',
			phases: {resolve: 0, connect: 0.1},
			values: {status_code: 503, odd: -1e-7},
			facts: {phase: 'processing'},
		},
	});
	const bare = anOutcome({verdict: 'unknown', reason: 'vantage', detail: 'The vantage is gone.'});

	for (const outcome of [full, failed, bare]) accept(outcome);

	t.deepEqual(history.history(check.key)?.recent, [bare, failed, full]);
	t.deepEqual(history.history(check.key)?.failures, [bare, failed]);
	t.deepEqual(history.view(check.key)?.last, bare);
});

test('the strip folds the last hour into minutes, oldest first, with the slowest up run of each', async t => {
	const {history, check, accept, clock} = follow();

	accept({verdict: 'up', durationMs: 10});
	accept({verdict: 'up', durationMs: 30});
	await clock.advance(2 * minuteMs);
	accept({verdict: 'down', durationMs: 5000});
	accept({verdict: 'unknown'});
	accept({verdict: 'up', durationMs: 900, late: true});

	const strip = history.view(check.key)?.strip ?? [];
	t.is(strip.length, 60);
	t.deepEqual(strip.slice(57), [
		{up: 2, down: 0, unknown: 0, worstSeconds: Math.fround(0.03)},
		undefined,
		{up: 1, down: 1, unknown: 1},
	]);
	t.true(strip.slice(0, 57).every(bucket => bucket === undefined));
});

test('rechecks stay out of the strip, so that failing checks are not counted more often', t => {
	const {history, check, accept} = follow();

	accept({verdict: 'down'});
	accept({verdict: 'down', kind: 'recheck'});

	t.is(history.view(check.key)?.strip[59]?.down, 1);
});

test('a minute leaves the strip after an hour', async t => {
	const {history, check, accept, clock} = follow();
	accept({verdict: 'down'});

	await clock.advance(59 * minuteMs);
	t.is(history.view(check.key)?.strip[0]?.down, 1);
	await clock.advance(minuteMs);
	t.true(history.view(check.key)?.strip.every(bucket => bucket === undefined));

	accept({verdict: 'up'});
	t.is(history.view(check.key)?.strip.filter(bucket => bucket).length, 1);
});

test('a check that was silent for three intervals is unknown', async t => {
	const {history, check, run, clock} = follow({intervalMs: 10_000, timeoutMs: 5000});
	await run('up');

	await clock.advance(34_000);
	t.is(history.view(check.key)?.verdict, 'up');
	await clock.advance(1000);

	t.is(history.view(check.key)?.verdict, 'unknown');
});

test('people are told of a confirmed down and of its end, not of every run', async t => {
	const {run, told, transitions} = follow({confirm: 2});

	await run('up', 'up', 'down', 'up', 'down', 'down', 'down', 'up');

	t.deepEqual(told(), ['up to down', 'down to up']);
	t.is(transitions[0]?.sinceMs, (transitions[0]?.outcome.startedAt ?? 0) - 30_000);
	t.is(transitions[1]?.downForMs, 90_000);
});

test('people are told when nobody can look any more, and when somebody can again', async t => {
	const {run, told} = follow({confirm: 2});

	await run('up', 'unknown', 'up', 'unknown', 'unknown', 'unknown', 'up');

	t.deepEqual(told(), ['up to unknown', 'unknown to up']);
});

test('an incident that was out of sight for a while goes on with its first moment', async t => {
	const {run, told, transitions} = follow({confirm: 1});

	await run('down', 'unknown', 'down', 'unknown', 'up');

	t.deepEqual(told(), ['new to down', 'down to unknown', 'unknown to down', 'down to unknown', 'unknown to up']);
	t.is(transitions[2]?.sinceMs, transitions[0]?.sinceMs);
	t.is(transitions[4]?.downForMs, 120_000);
});

test('a check that is up from its start is told to nobody', async t => {
	const {run, told} = follow();

	await run('up', 'up');

	t.deepEqual(told(), []);
});

test('a changed definition under the same key keeps what is known, another type starts afresh', async t => {
	const {history, check, run} = follow();
	await run('down');

	history.begin({...check, intervalMs: 60_000});
	t.like(history.view(check.key), {verdict: 'down', check: {intervalMs: 60_000}});
	history.begin({...check, type: 'tcp'});

	t.like(history.view(check.key), {verdict: 'unknown', ran: false});
	t.is(history.views().length, 1);
});

test('nothing remains visible of a check that ended, and its late outcomes are dropped', async t => {
	const {history, check, run} = follow();
	await run('down');

	history.forget(check);
	await run('down');

	t.is(history.view(check.key), undefined);
	t.is(history.history(check.key), undefined);
	t.deepEqual(history.views(), []);
});

test('a check that begins anew does not inherit the hour of one that ended', async t => {
	const {history, check, run} = follow();
	await run('down');

	history.forget(check);
	history.begin(check);

	t.true(history.view(check.key)?.strip.every(bucket => bucket === undefined));
});

test('checks that come and go leave no memory behind', t => {
	const history = createHistory({clock: fakeClock()});
	const before = process.memoryUsage().arrayBuffers;

	for (let at = 0; at < 20_000; at++) {
		const check = aCheck({key: `a/b/${at}`});
		history.begin(check);
		history.forget(check);
	}

	t.true(process.memoryUsage().arrayBuffers - before < 5_000_000);
});

test('beyond the limit a check keeps its state and its last outcome only', t => {
	const clock = fakeClock();
	const history = createHistory({clock, maxChecks: 1});
	const extra = aCheck({key: 'a/b/extra'});
	history.begin(aCheck());
	history.begin(extra);

	history.accept(extra, anOutcome({key: extra.key, verdict: 'down', startedAt: clock.wall()}));
	history.accept(extra, anOutcome({key: extra.key, verdict: 'up', startedAt: clock.wall()}));

	t.like(history.view(extra.key), {verdict: 'up', ran: true, strip: []});
	t.is(history.history(extra.key)?.recent.length, 1);
	t.deepEqual(history.history(extra.key)?.failures, []);
});

/** A history that follows one check; runs are an interval of 30 s apart. */
function follow(part: Partial<Check> = {}) {
	const clock = fakeClock();
	const transitions: Transition[] = [];
	const history = createHistory({clock, onTransition: (_check, transition) => transitions.push(transition)});
	const check = aCheck(part);
	history.begin(check);
	const accept = (outcome: Partial<Outcome>) => history.accept(check, anOutcome({startedAt: clock.wall(), ...outcome}));
	return {
		clock,
		history,
		check,
		transitions,
		accept,
		async run(...verdicts: Verdict[]) {
			for (const verdict of verdicts) {
				await clock.advance(30_000);
				accept({verdict});
			}
		},
		told: () => transitions.map(({from, to}) => `${from} to ${to}`),
	};
}

test('what an agent measured while it was cut off is remembered in its place, and moves nothing', t => {
	const clock = fakeClock();
	const told: string[] = [];
	const history = createHistory({clock, onTransition: (_check, {to}) => told.push(to)});
	const check = aCheck();
	history.begin(check);
	const at = (minutesAgo: number) => clock.wall() - minutesAgo * 60_000;
	history.accept(check, anOutcome({startedAt: at(5)}));
	history.accept(check, anOutcome({startedAt: at(1), verdict: 'unknown', reason: 'vantage'}));
	const before = history.view(check.key);
	told.length = 0;

	history.accept(check, anOutcome({startedAt: at(3), verdict: 'down', reason: 'refused', belated: true}));

	const after = history.view(check.key);
	t.is(after?.verdict, before?.verdict);
	t.is(after?.downSince, undefined);
	t.is(after?.last?.verdict, 'unknown');
	t.deepEqual(told, []);
	t.deepEqual(
		history.history(check.key)?.recent.map(({startedAt, belated}) => [startedAt, belated]),
		[
			[at(1), undefined],
			[at(3), true],
			[at(5), undefined],
		],
	);
	t.is(after?.strip.at(-4)?.down, 1);
});
