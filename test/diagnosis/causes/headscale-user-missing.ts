import test from 'ava';
import {headscaleUserMissing} from '../../../src/diagnosis/causes/headscale-user-missing.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {HeadscaleFacts} from '../../../src/inventory/platform-types.ts';
import {aLink, aScene, aSource, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const around = (headscale: HeadscaleFacts) => ({
	sources: () => [aSource()],
	platform: () => ({headscale, tailscaled: []}),
});

test('a user that is expected and not there is told with its command', t => {
	const {cause, also} = nameCauses(
		aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], around({missingUsers: {count: 1, names: ['june']}})),
	);

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'headscale-user-missing');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale users'});
	t.regex(told?.says ?? '', /has no user june/);
	t.true(told?.next.some(({run}) => run === 'headscale users create june'));
});

test('users that are all there are not', t => {
	t.is(headscaleUserMissing.find(aScene([isUp(aLink())], around({missingUsers: {count: 0, names: []}}))), undefined);
});
