import test from 'ava';
import {diagnose} from '../../src/diagnosis/diagnose.ts';
import {anOutcome} from '../helpers/fake-daemon.ts';
import {aLink, aSickVantage, aTunnel, aWorld, isDown, isUnknown, isUp, someTime} from '../helpers/scenes.ts';
import {aFresh} from '../helpers/tunnels.ts';

const link = aLink();
const late = anOutcome({
	key: link.key,
	startedAt: someTime,
	verdict: 'unknown',
	reason: 'late',
	detail: 'Our thread was late.',
});
const fresh = aFresh({outcomes: new Map([[link.key, late]])});

test('a run for a diagnosis that could not look outdates nothing that is known', t => {
	const down = isDown(link, 'refused');
	const up = isUp(link);

	const world = aWorld([down, isUp(aTunnel())], {fresh});

	t.like(world.look(down), {verdict: 'down', isFresh: false, outcome: {reason: 'refused'}});
	t.like(aWorld([up], {fresh}).look(up), {verdict: 'up', isFresh: false});
	t.like(diagnose(world, {kind: 'check', check: link}), {verdict: 'down', cause: {id: 'service-refused'}});
});

test('where its vantage is unsound, or nothing was known, it is what is known', t => {
	const down = isDown(link, 'refused');
	const unseen = isUnknown(link, 'canceled');
	const sick = aWorld([down], {fresh, vantages: () => [aSickVantage()]});

	t.like(sick.look(down), {verdict: 'unknown', isFresh: true, outcome: {reason: 'late'}});
	t.like(aWorld([unseen], {fresh}).look(unseen), {verdict: 'unknown', isFresh: true, outcome: {reason: 'late'}});
});
