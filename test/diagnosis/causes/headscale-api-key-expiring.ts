import test from 'ava';
import {headscaleApiKeyExpiring} from '../../../src/diagnosis/causes/headscale-api-key-expiring.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {HeadscaleFacts} from '../../../src/inventory/platform-types.ts';
import {aLink, aScene, aSource, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const around = (headscale: HeadscaleFacts) => ({
	sources: () => [aSource()],
	platform: () => ({headscale, tailscaled: []}),
});

test('an API key that ends within days is told', t => {
	const {cause, also} = nameCauses(
		aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], around({ownApiKeyExpiryMs: someTime + 7_200_000})),
	);

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'headscale-api-key-expiring');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale API key'});
	t.regex(told?.says ?? '', /expires in 2 h/);
	t.true(told?.next.some(({run}) => run === 'headscale apikeys list'));
});

test('one that ended already, or lasts, is not about to', t => {
	t.is(headscaleApiKeyExpiring.find(aScene([isUp(aLink())], around({ownApiKeyExpiryMs: someTime - 1000}))), undefined);
});
