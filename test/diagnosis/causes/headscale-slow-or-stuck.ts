import test from 'ava';
import {headscaleSlowOrStuck} from '../../../src/diagnosis/causes/headscale-slow-or-stuck.ts';
import {aFailingSource, aLink, aScene, aSource, isUp} from '../../helpers/scenes.ts';

test('an API that does not answer while the health page does hangs in part', t => {
	const scene = aScene([isUp(aLink())], {
		sources: () => [aSource(), aFailingSource('headscale-nodes', {obstacle: 'silent', failure: 'unanswered'})],
	});

	const found = headscaleSlowOrStuck.find(scene);

	t.like(found, {effect: 'beside', confidence: 'likely', about: 'headscale'});
	t.regex(found?.says ?? '', /has not answered in time for 5 min when it was asked for: nodes\.$/);
});

test('a list that takes seconds is worth a word', t => {
	const scene = aScene([isUp(aLink())], {sources: () => [aSource(), aSource({name: 'headscale-nodes', seconds: 4})]});

	t.like(headscaleSlowOrStuck.find(scene), {effect: 'beside', confidence: 'consistent'});
});

test('one that answers nothing at all is frozen, and one that answers at once is neither', t => {
	const frozen = {sources: () => [aFailingSource('headscale-health', {obstacle: 'silent'})]};
	const well = {sources: () => [aSource(), aSource({name: 'headscale-nodes'})]};

	for (const around of [frozen, well]) t.is(headscaleSlowOrStuck.find(aScene([isUp(aLink())], around)), undefined);
});
