import test from 'ava';
import {ownTunnelsLost} from '../../../src/diagnosis/causes/own-tunnels-lost.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aSickVantage, isUnknown} from '../../helpers/scenes.ts';

test('a tailscaled whose peers answer beside WireGuard only has lost its tunnels', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'Running', trouble: 'tunnels-lost'}})],
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'own-tunnels-lost', rung: 'vantage', confidence: 'likely', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /No peer has answered vantage cluster through WireGuard for 2 min/);
	t.is(cause?.next[0].run, 'tailscale status');
});

test('a network that is gone took no tunnels alone', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'Running', trouble: 'network-gone'}})],
	});

	t.is(ownTunnelsLost.find(scene), undefined);
});
