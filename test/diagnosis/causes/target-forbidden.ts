import test from 'ava';
import {targetForbidden} from '../../../src/diagnosis/causes/target-forbidden.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

test('an address that is never dialled is told, and that nothing was sent', t => {
	const detail = '127.0.0.1 is a loopback address, and such are never dialled';
	const scene = aScene([
		isDown(aLink(), 'forbidden', detail, {phases: {resolve: 0.001}, facts: {phase: 'resolve'}}),
		isUp(aTunnel()),
	]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'target-forbidden', rung: 'name', confidence: 'certain'});
	t.regex(
		cause?.says ?? '',
		/june-gpu-1 leads to an address that is never dialled\. 127\.0\.0\.1 is a loopback address/,
	);
});

test('a redirect to such an address is a matter of the answer', t => {
	const scene = aScene([
		isDown(aLink(), 'forbidden', undefined, {phases: {connect: 0.01, processing: 0.01}, facts: {phase: 'processing'}}),
		isUp(aTunnel()),
	]);

	t.is(nameCauses(scene).cause?.rung, 'answer');
});

test('an address outside the tailnet is another cause', t => {
	t.is(targetForbidden.find(aScene([isDown(aLink(), 'wrong_network')])), undefined);
});
