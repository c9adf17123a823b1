import test from 'ava';
import {preAuthKeyExpiring} from '../../../src/diagnosis/causes/pre-auth-key-expiring.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {HeadscaleFacts} from '../../../src/inventory/platform-types.ts';
import {aLink, aScene, aSource, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const around = (headscale: HeadscaleFacts) => ({
	sources: () => [aSource()],
	platform: () => ({headscale, tailscaled: []}),
});

test('a reusable key that ends soon is told', t => {
	const {cause, also} = nameCauses(
		aScene(
			[isDown(aLink(), 'refused'), isUp(aTunnel())],
			around({
				preAuthKeys: {
					usable: 1,
					expired: 0,
					usedUp: 0,
					areInUse: true,
					ending: {count: 1, earliestExpiryMs: someTime + 86_400_000},
					unreplaced: {count: 0},
					lasting: 0,
				},
			}),
		),
	);

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'pre-auth-key-expiring');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale pre-auth keys'});
	t.regex(told?.says ?? '', /expires soon, the first in 1 d/);
	t.true(told?.next.some(({run}) => run === 'headscale preauthkeys list'));
});

test('keys that last are not', t => {
	t.is(
		preAuthKeyExpiring.find(
			aScene(
				[isUp(aLink())],
				around({
					preAuthKeys: {
						usable: 1,
						expired: 0,
						usedUp: 0,
						areInUse: true,
						ending: {count: 0},
						unreplaced: {count: 0},
						lasting: 0,
					},
				}),
			),
		),
		undefined,
	);
});
