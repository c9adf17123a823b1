import test from 'ava';
import {ownStarved} from '../../../src/diagnosis/causes/own-starved.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, aSickVantage, isDown, isUnknown, isUp} from '../../helpers/scenes.ts';

test('a measuring thread that is late is why its checks are unknown', t => {
	const scene = aScene([isUnknown(aLink(), 'late')], {
		vantages: () => [aSickVantage({latenessMs: 1800, facts: {backendState: 'Running', trouble: 'late'}})],
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'own-starved', confidence: 'certain', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /was 1800 ms late lately/);
	t.regex(cause?.next[1]?.run ?? '', /cpu\.stat/);
});

test('a thread that ended looks at nothing', t => {
	const dead = aVantage({
		condition: 'gone',
		detail: 'The measuring thread ended: it said nothing for 10 s.',
		facts: {},
	});

	t.regex(
		ownStarved.find(aScene([isUnknown(aLink(), 'vantage')], {vantages: () => [dead]}))?.says ?? '',
		/is not running: The measuring thread ended/,
	);
});

test('times of a run that was late are not those of the target', t => {
	const view = isUp(aLink());
	const late = {...view, ...(view.last ? {last: {...view.last, late: true, latenessMs: 400}} : {})};

	t.like(nameCauses(aScene([late])).cause, {id: 'own-starved', effect: 'slows', confidence: 'consistent'});
});

test('a thread in time starves nothing', t => {
	t.is(ownStarved.find(aScene([isDown(aLink(), 'timeout')])), undefined);
});
