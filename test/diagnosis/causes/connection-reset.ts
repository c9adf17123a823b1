import test from 'ava';
import {connectionReset} from '../../../src/diagnosis/causes/connection-reset.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const cut: Partial<Reading> = {
	phases: {connect: 0.01, processing: 0.1},
	facts: {phase: 'processing', answered: 'true'},
};

test('a connection that is cut off before the answer is the service, at the rung where it ended', t => {
	const scene = aScene([isDown(aLink(), 'reset', undefined, cut), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'connection-reset', rung: 'answer', confidence: 'likely', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /cuts off connections to port 8000 before it has answered, while its tunnel is up/);
});

test('cut off while it is opened it is a matter of the connection', t => {
	const scene = aScene([
		isDown(aLink(), 'reset', undefined, {phases: {connect: 0.01}, facts: {phase: 'connect'}}),
		isUp(aTunnel()),
	]);

	t.is(nameCauses(scene).cause?.rung, 'connect');
});

test('a connection that is refused is not cut off', t => {
	t.is(connectionReset.find(aScene([isDown(aLink(), 'refused'), isUp(aTunnel())])), undefined);
});

test('that another vantage was answered before tells nothing', t => {
	const office = isUp(aLink({vantage: 'office'}));
	const says = (agoMs: number) => {
		const seen = {...office, last: office.last && {...office.last, startedAt: someTime - agoMs}};
		return connectionReset.find(aScene([isDown(aLink(), 'reset', undefined, cut), seen, isUp(aTunnel())]))?.says ?? '';
	};

	t.notRegex(says(600_000), /office/);
	t.regex(says(10_000), /from office it answers/i);
});
