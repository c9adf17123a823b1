import test from 'ava';
import {headscalePolicyUnreadable} from '../../../src/diagnosis/causes/headscale-policy-unreadable.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {HeadscaleFacts} from '../../../src/inventory/platform-types.ts';
import {aLink, aScene, aSource, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const around = (headscale: HeadscaleFacts) => ({
	sources: () => [aSource()],
	platform: () => ({headscale, tailscaled: []}),
});

test('a policy that cannot be read is told before the next start fails', t => {
	const {cause, also} = nameCauses(
		aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], around({policy: 'unreadable'})),
	);

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'headscale-policy-unreadable');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale policy'});
	t.regex(told?.says ?? '', /cannot read its access policy/);
	t.true(told?.next.some(({run}) => run === 'headscale policy get'));
});

test('while the database does not answer nobody knows the policy', t => {
	t.is(
		headscalePolicyUnreadable.find(aScene([isUp(aLink())], around({policy: 'unreadable', isHealthy: false}))),
		undefined,
	);
});

test('one that can be read is not', t => {
	t.is(headscalePolicyUnreadable.find(aScene([isUp(aLink())], around({policy: 'present'}))), undefined);
});
