import test from 'ava';
import {ownStarting} from '../../../src/diagnosis/causes/own-starting.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {notBelieved} from '../../../src/vantages/unknown-outcome.ts';
import {aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, aSickVantage, isDown, isUnknown, someTime} from '../../helpers/scenes.ts';

test('a vantage that is starting says nothing of its targets yet', t => {
	const starting = aVantage({condition: 'starting', sinceMs: someTime - 5000, facts: {}});

	const {cause} = nameCauses(aScene([isUnknown(aLink(), 'vantage')], {vantages: () => [starting]}));

	t.like(cause, {id: 'own-starting', confidence: 'certain', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /began to start 5 s ago/);
	t.is(cause?.next[0].run, 'tailscale status');
});

test('a start that takes minutes has another reason', t => {
	const state = aSickVantage({facts: {backendState: 'NoState'}, sinceMs: someTime - 600_000});

	const found = ownStarting.find(aScene([isUnknown(aLink(), 'vantage')], {vantages: () => [state]}));

	t.is(found?.confidence, 'likely');
	t.regex(found?.says ?? '', /perhaps it does not reach its control server/);
});

test('a run that was not believed is made again by a vantage that is sound by now', t => {
	const {cause} = nameCauses(aScene([isUnknown(aLink(), 'vantage', `${notBelieved} it had just joined.`)]));

	t.like(cause, {id: 'own-starting', about: 'vantage cluster'});
});

test('a vantage that was sound all the while did not just join', t => {
	const scene = aScene([isDown(aLink(), 'timeout')], {vantages: () => [aVantage({sinceMs: someTime - 9_000_000})]});

	t.is(ownStarting.find(scene), undefined);
});
