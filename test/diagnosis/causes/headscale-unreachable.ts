import test from 'ava';
import {headscaleUnreachable} from '../../../src/diagnosis/causes/headscale-unreachable.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Obstacle} from '../../../src/sources/read.ts';
import {aFailingSource, aLink, aScene, isDown} from '../../helpers/scenes.ts';

const health = (obstacle: Obstacle) => ({
	sources: () => [aFailingSource('headscale-health', {obstacle, failure: 'unanswered'})],
	landmarks: () => ({headscale: ['headscale.lab'], dnsServer: ''}),
});
const own = aLink({
	name: 'headscale',
	target: {name: 'headscale', address: 'https://headscale.lab/health', via: 'direct', peer: ''},
});

test('a headscale where nothing listens cannot be reached', t => {
	const {cause} = nameCauses(aScene([isDown(own, 'refused')], health('refused')));

	t.like(cause, {id: 'headscale-unreachable', rung: 'control', confidence: 'certain', about: 'headscale'});
	t.regex(cause?.says ?? '', /cannot be reached for 5 min: nothing listens there/);
	t.is(cause?.next[0].run, 'journalctl -u headscale -n 50');
});

test('a name that is not resolved is looked up first', t => {
	const found = headscaleUnreachable.find(aScene([isDown(own, 'resolve')], health('unresolved')));

	t.true(found?.next.some(({run}) => run === 'getent hosts headscale.lab'));
});

test('one that accepts connections can be reached', t => {
	t.is(headscaleUnreachable.find(aScene([isDown(own, 'timeout')], health('silent'))), undefined);
});
