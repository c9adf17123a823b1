import test from 'ava';
import {checkUnfinished} from '../../../src/diagnosis/causes/check-unfinished.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, isUnknown} from '../../helpers/scenes.ts';

test('a run that was cut off in the middle says nothing of the target', t => {
	const {cause} = nameCauses(aScene([isUnknown(aLink(), 'incomplete', 'There was no end marker.')]));

	t.like(cause, {id: 'check-unfinished', confidence: 'likely', about: 'vantage cluster'});
	t.is(cause?.next[0].run, 'tailprobe probe --check tts --from cluster june-gpu-1');
});

test('a failure of tailprobe itself is its own', t => {
	t.like(checkUnfinished.find(aScene([isUnknown(aLink(), 'internal')])), {confidence: 'certain', about: 'tailprobe'});
});

test('a run that was late came to its end', t => {
	t.is(checkUnfinished.find(aScene([isUnknown(aLink(), 'late')])), undefined);
});
