import test from 'ava';
import {ownKeyExpiring} from '../../../src/diagnosis/causes/own-key-expiring.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const keyEnds = (inMs: number) => ({
	platform: () => ({tailscaled: [{vantage: 'cluster', keyExpiryMs: someTime + inMs}]}),
	landmarks: () => ({headscale: [], headscaleUrl: 'https://headscale.lab', dnsServer: ''}),
});

test('a key that ends within days is told beside what fails', t => {
	const {cause, also} = nameCauses(aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], keyEnds(2 * 86_400_000)));

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'own-key-expiring');
	t.like(told, {
		effect: 'beside',
		about: 'vantage cluster',
		says: 'The key of the node of vantage cluster expires in 2 d.',
	});
	t.is(told?.next[0].run, 'tailscale up --login-server=https://headscale.lab --force-reauth');
});

test('a key that lasts a month is not', t => {
	t.is(ownKeyExpiring.find(aScene([isUp(aLink())], keyEnds(30 * 86_400_000))), undefined);
});
