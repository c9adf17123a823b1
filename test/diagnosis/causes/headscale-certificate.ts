import test from 'ava';
import {headscaleCertificate} from '../../../src/diagnosis/causes/headscale-certificate.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aFailingSource, aLink, aScene, isDown, someTime} from '../../helpers/scenes.ts';

const around = (trusted: boolean) => ({
	sources: () => [aFailingSource('headscale-health', {obstacle: trusted ? 'refused' : 'certificate'})],
	platform: () => ({
		headscale: {
			certificate: {trusted, ...(trusted ? {} : {fault: 'expired' as const}), expiryMs: someTime - 3_600_000},
		},
		tailscaled: [],
	}),
	landmarks: () => ({headscale: ['headscale.lab'], headscaleUrl: 'https://headscale.lab:8443/', dnsServer: ''}),
});
const own = aLink({
	name: 'headscale',
	target: {name: 'headscale', address: 'https://headscale.lab/health', via: 'direct', peer: ''},
});

test('an expired certificate explains a check of headscale', t => {
	const {cause} = nameCauses(aScene([isDown(own, 'tls')], around(false)));

	t.like(cause, {id: 'headscale-certificate', confidence: 'certain', about: 'headscale'});
	t.regex(cause?.says ?? '', /^headscale's certificate is not trusted: it expired 1 h ago/);
	t.is(cause?.next[0].run, 'curl -vsS -m 5 -o /dev/null https://headscale.lab:8443/health');
});

test('a certificate that is trusted is not why', t => {
	t.is(headscaleCertificate.find(aScene([isDown(own, 'refused')], around(true))), undefined);
});
