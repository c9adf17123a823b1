import test from 'ava';
import {certificateSoon} from '../../../src/diagnosis/causes/certificate-soon.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const auth = aLink({
	name: 'auth',
	target: {name: 'auth', peer: '', via: 'direct', address: 'https://auth.example.com/'},
});
const shown = (fault: string, expirySeconds = someTime / 1000 - 86_400): Partial<Reading> => ({
	phases: {resolve: 0.001, connect: 0.01, tls: 0.02},
	facts: {phase: 'tls', tls_fault: fault, answered: 'true'},
	values: {tls_earliest_cert_expiry_seconds: expirySeconds},
});

const inDays = (days: number) => someTime / 1000 + days * 86_400;

test('a certificate that the check wants to last longer is why it is down', t => {
	const scene = aScene([isDown(auth, 'tls', undefined, shown('ends_soon', inDays(10)))]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'certificate-soon', effect: 'breaks', confidence: 'certain'});
	t.regex(cause?.says ?? '', /ends on 2023-11-24, in 10 d, sooner than the check wants it/);
});

test('one that ends within a week is worth knowing while the service is up', t => {
	const scene = aScene([isUp(auth, shown('none', inDays(6)))]);

	const {cause, also} = nameCauses(scene);

	t.is(cause, undefined);
	t.like(also[0], {id: 'certificate-soon', effect: 'beside'});
});

test('one that lasts longer is not, nor one that has ended', t => {
	t.is(certificateSoon.find(aScene([isUp(auth, shown('none', inDays(8)))])), undefined);
	t.is(certificateSoon.find(aScene([isDown(auth, 'tls', undefined, shown('expired', inDays(-1)))])), undefined);
});
