import test from 'ava';
import {ownNetworkGone} from '../../../src/diagnosis/causes/own-network-gone.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {notBelieved} from '../../../src/vantages/unknown-outcome.ts';
import {aLink, aScene, aSickVantage, isUnknown} from '../../helpers/scenes.ts';

const gone = aSickVantage({facts: {backendState: 'Running', trouble: 'network-gone'}});

test('where neither the relay nor any peer answers, the network of the vantage is gone', t => {
	const {cause} = nameCauses(aScene([isUnknown(aLink(), 'vantage')], {vantages: () => [gone]}));

	t.like(cause, {id: 'own-network-gone', confidence: 'likely', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /Nothing outside has answered vantage cluster for 2 min/);
	t.is(cause?.next[0].run, 'ip -br address');
});

test('silence past the tailnet that is not believed is the own network too, less surely', t => {
	const link = aLink({target: {via: 'direct', peer: ''}});
	const detail = `${notBelieved} our own network is at fault.`;

	const {cause} = nameCauses(aScene([isUnknown(link, 'vantage', detail)]));

	t.like(cause, {id: 'own-network-gone', confidence: 'consistent', says: detail});
});

test('a tailscaled that is signed out still has a network', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'NeedsLogin'}})],
	});

	t.is(ownNetworkGone.find(scene), undefined);
});
