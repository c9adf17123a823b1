import test from 'ava';
import {ownKeyExpired} from '../../../src/diagnosis/causes/own-key-expired.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aSickVantage, isUnknown, someTime} from '../../helpers/scenes.ts';

test('a key that ended while its tailscaled wants a sign-in is why nobody can look', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'NeedsLogin'}})],
		platform: () => ({tailscaled: [{vantage: 'cluster', keyExpiryMs: someTime - 3_600_000}]}),
		landmarks: () => ({headscale: [], headscaleUrl: 'https://headscale.lab', dnsServer: ''}),
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'own-key-expired', confidence: 'certain', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /expired 1 h ago/);
	t.is(cause?.next[0].run, 'tailscale up --login-server=https://headscale.lab --force-reauth');
});

test('a key that has not ended yet is not why', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'NeedsLogin'}})],
		platform: () => ({tailscaled: [{vantage: 'cluster', keyExpiryMs: someTime + 3_600_000}]}),
	});

	t.is(ownKeyExpired.find(scene), undefined);
});
