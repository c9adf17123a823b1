import test, {type ExecutionContext} from 'ava';
import {startIncidentRounds} from '../../src/diagnosis/incident-rounds.ts';
import type {World} from '../../src/diagnosis/scene.ts';
import type {CheckView} from '../../src/server/types.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {aLink, aTunnel, aWorld, isDown, isUp} from '../helpers/scenes.ts';
import {until} from '../helpers/until.ts';

const tunnel = isUp(aTunnel());

function setUp(t: ExecutionContext, look: (time: {pass(ms: number): void}) => World) {
	const clock = fakeClock();
	/** Time that passed while work held the thread. */
	let workedMs = 0;
	const bugs: string[] = [];
	const looks: number[] = [];
	const rounds = startIncidentRounds({
		clock: {...clock, now: () => clock.now() + workedMs},
		world() {
			looks.push(clock.now());
			return look({
				pass(ms) {
					workedMs += ms;
				},
			});
		},
		onBug: text => bugs.push(text),
	});
	t.teardown(() => rounds.stop());
	return {clock, rounds, bugs, looks, idle: () => until(() => clock.pending() === 1)};
}

test('incidents are looked for every fifteen seconds, and withdrawn when none stands', async t => {
	let checks: CheckView[] = [tunnel, isDown(aLink(), 'refused')];
	const {clock, rounds, looks, idle} = setUp(t, () => aWorld(checks));
	t.deepEqual(rounds.latest().causes, []);

	await clock.advance(5000);
	await idle();
	t.deepEqual(rounds.latest().causes, [{cause: 'service-refused', incidents: 1}]);
	checks = [tunnel];
	await clock.advance(14_999);
	t.is(rounds.latest().causes.length, 1);
	await clock.advance(1);
	await idle();

	t.deepEqual(rounds.latest(), {causes: [], links: []});
	t.deepEqual(looks, [5000, 20_000]);
});

test('a round that takes long makes the next one wait, at most two minutes', async t => {
	let tookMs = 1000;
	const {clock, looks, idle} = setUp(t, ({pass}) => {
		pass(tookMs);
		return aWorld([tunnel]);
	});

	await clock.advance(5000);
	await idle();
	tookMs = 60_000;
	await clock.advance(49_000);
	await idle();
	await clock.advance(60_000);
	await idle();

	t.deepEqual(looks, [5000, 54_000, 114_000]);
});

test('a bug in a round withdraws what was found before, is told, and ends no rounds', async t => {
	let isBroken = false;
	const {clock, rounds, bugs, idle} = setUp(t, () => {
		if (isBroken) throw new Error('broken');
		return aWorld([tunnel, isDown(aLink(), 'refused')]);
	});
	await clock.advance(5000);
	await idle();

	isBroken = true;
	await clock.advance(15_000);
	await idle();
	const broken = rounds.latest();
	isBroken = false;
	await clock.advance(15_000);
	await idle();

	t.deepEqual(broken.causes, []);
	t.is(bugs.length, 1);
	t.regex(bugs[0] ?? '', /broken/);
	t.is(rounds.latest().causes.length, 1);
});

test('after its end no round begins, and one under way tells nothing', async t => {
	const {clock, rounds, looks} = setUp(t, () => {
		rounds.stop();
		return aWorld([tunnel, isDown(aLink(), 'refused')]);
	});

	await clock.advance(60_000);

	t.is(looks.length, 1);
	t.is(clock.pending(), 0);
	t.deepEqual(rounds.latest().causes, []);
});
