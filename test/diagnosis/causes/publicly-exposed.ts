import test from 'ava';
import {publiclyExposed} from '../../../src/diagnosis/causes/publicly-exposed.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {findIncidents} from '../../../src/diagnosis/incidents.ts';
import {anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aSource, aTunnel, aWorld, isDown, someTime} from '../../helpers/scenes.ts';

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

const sshPort = aLink({
	name: 'closed',
	type: 'tcp',
	expect: 'unreachable',
	target: {address: '203.0.113.9:22', via: 'direct'},
});
const exposed = isDown(sshPort, 'expected_unreachable', 'It is open.', {facts: {answered: 'true'}});
const silent = isDown(aTunnel(), 'timeout');

test('it is that alone, whatever else is wrong with the machine', t => {
	for (const around of [listed({online: false}), listed({keyExpiryMs: someTime - 1000})]) {
		const {cause} = nameCauses(aScene([exposed, silent, anotherIsUp], around));

		t.like(cause, {id: 'publicly-exposed', confidence: 'certain'});
	}
});

test('it is an incident of its own beside that of the machine', t => {
	const around = {...listed({online: false}), sources: () => [aSource({name: 'headscale-nodes'})]};

	const incidents = findIncidents(aWorld([exposed, silent, anotherIsUp], around));

	t.deepEqual(
		incidents.map(({cause, checks}) => [cause.id, checks.length]),
		[
			['node-offline', 1],
			['publicly-exposed', 1],
		],
	);
});
