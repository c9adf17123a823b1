import test from 'ava';
import {endedSince, failingSince, isSeenSince} from '../../../src/diagnosis/seen/answered-since.ts';
import {anOutcome} from '../../helpers/fake-daemon.ts';
import {aLink, aWorld, isDown, isUp, someTime} from '../../helpers/scenes.ts';
import {aFresh} from '../../helpers/tunnels.ts';

const link = aLink();
const failed = isDown(link, 'timeout');
const world = aWorld([failed]);
const seenAt = (ms: number) => {
	const view = isUp(aLink({vantage: 'office'}));
	return world.look({...view, last: anOutcome({startedAt: ms, durationMs: 0})});
};

test('a link fails since the first run that failed as the last one did', t => {
	t.is(failingSince(world.look(failed)), someTime - 60_000);
	t.is(failingSince(world.look({...failed, reasonSince: someTime - 5000})), someTime - 5000);
	t.is(failingSince(world.look(isUp(link))), undefined);
});

test('what is found down just now for another reason fails since just now', t => {
	const refused = anOutcome({key: link.key, startedAt: someTime, verdict: 'down', reason: 'refused'});
	const asked = (view: typeof failed) =>
		aWorld([view], {fresh: aFresh({outcomes: new Map([[link.key, refused]])})}).look(view);

	t.is(failingSince(asked(failed)), someTime);
	t.is(failingSince(asked(isUp(link))), someTime);
	t.is(failingSince(asked({...failed, downReason: 'refused'})), someTime - 60_000);
});

test('only a look that ended after the failure began is a witness of it', t => {
	const look = world.look(failed);

	t.true(isSeenSince(seenAt(someTime - 30_000), look));
	t.false(isSeenSince(seenAt(someTime - 90_000), look));
	t.true(isSeenSince(seenAt(someTime - 90_000), world.look(isUp(link))));
	t.false(endedSince(world.look({...failed, last: undefined}), someTime));
});
