import test from 'ava';
import {headscaleDatabase} from '../../../src/diagnosis/causes/headscale-database.ts';
import {aFailingSource, aLink, aScene, aSource, isUp} from '../../helpers/scenes.ts';

test('a health page that says fail is a database that does not answer', t => {
	const scene = aScene([isUp(aLink())], {
		sources: () => [aSource()],
		platform: () => ({headscale: {isHealthy: false}, tailscaled: []}),
	});

	const found = headscaleDatabase.find(scene);

	t.like(found, {effect: 'beside', confidence: 'certain', about: 'headscale'});
	t.regex(found?.says ?? '', /its database does not answer/);
	t.true(found?.next.some(({run}) => run === 'headscale nodes list'));
});

test('an API that answers 500 mostly has it from there', t => {
	const scene = aScene([isUp(aLink())], {
		sources: () => [aSource(), aFailingSource('headscale-nodes', {failure: 'status 500'})],
	});

	t.is(headscaleDatabase.find(scene)?.confidence, 'likely');
});

test('a headscale that says pass has a database', t => {
	const scene = aScene([isUp(aLink())], {
		sources: () => [aSource()],
		platform: () => ({headscale: {isHealthy: true, isApiHealthy: true}, tailscaled: []}),
	});

	t.is(headscaleDatabase.find(scene), undefined);
});
