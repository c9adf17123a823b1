import test from 'ava';
import {certificateUntrusted} from '../../../src/diagnosis/causes/certificate-untrusted.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, isDown, someTime} from '../../helpers/scenes.ts';

const auth = aLink({
	name: 'auth',
	target: {name: 'auth', peer: '', via: 'direct', address: 'https://auth.example.com/'},
});
const shown = (fault: string, expirySeconds = someTime / 1000 - 86_400): Partial<Reading> => ({
	phases: {resolve: 0.001, connect: 0.01, tls: 0.02},
	facts: {phase: 'tls', tls_fault: fault, answered: 'true'},
	values: {tls_earliest_cert_expiry_seconds: expirySeconds},
});

test('a certificate that vouches for itself is told as such', t => {
	const scene = aScene([isDown(auth, 'tls', 'the certificate is self-signed', shown('self_signed'))]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'certificate-untrusted', rung: 'tls', confidence: 'certain', about: 'auth on auth'});
	t.regex(cause?.says ?? '', /vouches for itself \(self-signed\)\. the certificate is self-signed\.$/);
});

test('which of the faults it is, is said', t => {
	const says = (fault: string) =>
		certificateUntrusted.find(aScene([isDown(auth, 'tls', undefined, shown(fault))]))?.says ?? '';

	t.regex(says('wrong_host'), /made out to another name/);
	t.regex(says('untrusted'), /authority that is not trusted/);
	t.regex(says('none_presented'), /it shows none/);
});

test('a certificate that has ended, and TLS that fails without one, are other causes', t => {
	t.is(certificateUntrusted.find(aScene([isDown(auth, 'tls', undefined, shown('expired'))])), undefined);
	t.is(certificateUntrusted.find(aScene([isDown(auth, 'tls')])), undefined);
});
