import test from 'ava';
import {nameRung} from '../../../src/diagnosis/rungs/name.ts';
import {anOutcome} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';
import {aFresh} from '../../helpers/tunnels.ts';

const aQuestion = aLink({name: 'magicdns', type: 'dns', target: {address: 'dns://100.100.100.100/june-gpu-1'}});

test('it holds with the address and who told it', t => {
	const rung = nameRung.look(
		aScene([isDown(aLink(), 'refused', 'Refused.', {facts: {address: '100.64.0.3', resolved_by: 'magicdns'}})]),
	);

	t.like(rung, {state: 'holds', says: 'june-gpu-1 is 100.64.0.3, as MagicDNS answers.'});
});

test('it is broken by a name that leads nowhere, and tells what the address does', t => {
	const byAddress = anOutcome();

	const rung = nameRung.look(aScene([isDown(aLink(), 'resolve', 'No such name.')], {fresh: aFresh({byAddress})}));

	t.like(rung, {state: 'broken', says: 'No such name.'});
	t.is(rung?.evidence[0]?.says, 'Without its name, by its address, the target answers.');
});

test('it is broken by a check of MagicDNS that finds another address', t => {
	const wrong = isDown(aQuestion, 'content', 'It answered 100.64.0.9; wanted 100.64.0.3');

	t.is(nameRung.look(aScene([isUp(aLink(), {facts: {resolved_by: 'magicdns'}}), wrong]))?.state, 'broken');
	t.is(nameRung.look(aScene([wrong]))?.state, 'broken');
});

test('a target by its address has no name; nor has a check of the machine itself', t => {
	t.is(nameRung.look(aScene([isUp(aLink({target: {address: 'http://100.64.0.3:8000/'}}))])), undefined);
	t.is(nameRung.look(aScene([isUp(aLink({type: 'gpu', target: {address: 'self'}}))])), undefined);
});

test('without a look that came so far it is unseen, unless MagicDNS tells', t => {
	const link = isDown(aLink(), 'timeout', 'Nothing came.', {facts: {}});

	t.is(nameRung.look(aScene([link]))?.state, 'unseen');
	t.is(nameRung.look(aScene([link, isUp(aQuestion, {facts: {answer: '100.64.0.3'}})]))?.state, 'holds');
});
