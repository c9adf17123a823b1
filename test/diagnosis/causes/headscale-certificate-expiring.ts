import test from 'ava';
import {headscaleCertificateExpiring} from '../../../src/diagnosis/causes/headscale-certificate-expiring.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {HeadscaleFacts} from '../../../src/inventory/platform-types.ts';
import {aLink, aScene, aSource, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const around = (headscale: HeadscaleFacts) => ({
	sources: () => [aSource()],
	platform: () => ({headscale, tailscaled: []}),
});

test('a certificate that was not renewed in time is told before it ends', t => {
	const {cause, also} = nameCauses(
		aScene(
			[isDown(aLink(), 'refused'), isUp(aTunnel())],
			around({certificate: {trusted: true, expiryMs: someTime + 3 * 86_400_000}}),
		),
	);

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'headscale-certificate-expiring');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale certificate'});
	t.regex(told?.says ?? '', /^headscale's certificate expires in 3 d/);
	t.true(told?.next.some(({run}) => run === 'headscale nodes list'));
});

test('one that lasts two months is not', t => {
	t.is(
		headscaleCertificateExpiring.find(
			aScene([isUp(aLink())], around({certificate: {trusted: true, expiryMs: someTime + 60 * 86_400_000}})),
		),
		undefined,
	);
});
