import test from 'ava';
import {headscaleApiKeyRefused} from '../../../src/diagnosis/causes/headscale-api-key-refused.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aFailingSource, aScene, aSource, aTunnel, isDown} from '../../helpers/scenes.ts';

test('a key that headscale turns away blinds tailprobe and breaks no link', t => {
	const {cause, also} = nameCauses(
		aScene([isDown(aTunnel(), 'timeout')], {
			sources: () => [aSource(), aFailingSource('headscale-nodes', {obstacle: 'unauthorized', failure: 'status 401'})],
		}),
	);

	t.not(cause?.id, 'headscale-api-key-refused');
	const told = also.find(({id}) => id === 'headscale-api-key-refused');
	t.like(told, {effect: 'beside', confidence: 'certain', about: 'headscale'});
	t.regex(told?.says ?? '', /has refused our API key for 5 min/);
	t.is(told?.next[0].run, 'headscale apikeys list');
});

test('an API that is silent refuses nothing', t => {
	const scene = aScene([isDown(aTunnel(), 'timeout')], {
		sources: () => [aSource(), aFailingSource('headscale-nodes', {obstacle: 'silent'})],
	});

	t.is(headscaleApiKeyRefused.find(scene), undefined);
});
