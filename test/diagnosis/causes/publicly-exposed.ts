import test from 'ava';
import {publiclyExposed} from '../../../src/diagnosis/causes/publicly-exposed.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, isDown} from '../../helpers/scenes.ts';

const closed = aLink({
	name: 'no-exposure',
	expect: 'unreachable',
	target: {name: 'tts-public', peer: '', via: 'direct', address: 'http://user:hunter2@198.51.100.7:8000/'},
});

test('something that answers where nothing may is told with its place, and without what is secret', t => {
	const scene = aScene([
		isDown(
			closed,
			'expected_unreachable',
			'198.51.100.7:8000 accepts connections; it must be closed (expect: unreachable).',
			{
				phases: {connect: 0.01, processing: 0.01},
				facts: {phase: 'processing', answered: 'true'},
			},
		),
	]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'publicly-exposed', effect: 'breaks', confidence: 'certain'});
	t.regex(cause?.says ?? '', /^198\.51\.100\.7:8000 answers from cluster\./);
	t.notRegex(JSON.stringify(cause), /hunter2/);
});

test('a check of a closed place that could not look says nothing of it', t => {
	t.is(publiclyExposed.find(aScene([isDown(closed, 'resolve')])), undefined);
});
