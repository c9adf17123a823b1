import test from 'ava';
import {headscaleProxyError} from '../../../src/diagnosis/causes/headscale-proxy-error.ts';
import {aFailingSource, aLink, aScene, aSource, isUp} from '../../helpers/scenes.ts';

test('an error page of a proxy is not the answer of headscale', t => {
	const scene = aScene([isUp(aLink())], {
		sources: () => [aFailingSource('headscale-health', {obstacle: 'foreign', failure: 'status 502'})],
	});

	const found = headscaleProxyError.find(scene);

	t.like(found, {effect: 'beside', confidence: 'likely', about: 'headscale'});
	t.regex(found?.says ?? '', /answers with status 502 for 5 min/);
});

test('an error that headscale worded itself is its own', t => {
	const scene = aScene([isUp(aLink())], {
		sources: () => [aSource(), aFailingSource('headscale-nodes', {failure: 'status 500'})],
	});

	t.is(headscaleProxyError.find(scene), undefined);
});
