import test from 'ava';
import {ownTailscaledStopped} from '../../../src/diagnosis/causes/own-tailscaled-stopped.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aSickVantage, isUnknown} from '../../helpers/scenes.ts';

test('a tailscaled that was switched off is named by its state', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'Stopped'}})],
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'own-tailscaled-stopped', rung: 'vantage', confidence: 'certain', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /switched off \(state Stopped\) for 2 min/);
	t.is(cause?.next[0].run, 'tailscale up');
});

test('one that waits for a sign-in was not switched off', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'NeedsLogin'}})],
	});

	t.is(ownTailscaledStopped.find(scene), undefined);
});
