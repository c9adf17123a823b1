import test from 'ava';
import {certificateExpired} from '../../../src/diagnosis/causes/certificate-expired.ts';
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

test('a certificate that has ended is told with its day', t => {
	const scene = aScene([isDown(auth, 'tls', 'the certificate has expired', shown('expired'))]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'certificate-expired', rung: 'tls', confidence: 'certain', about: 'auth on auth'});
	t.regex(cause?.says ?? '', /has ended on 2023-11-13, 1 d ago/);
	t.is(
		cause?.next[0].run,
		'openssl s_client -connect auth.example.com:443 -servername auth.example.com -showcerts </dev/null',
	);
});

test('one whose time has not begun is told so', t => {
	const scene = aScene([isDown(auth, 'tls', undefined, shown('not_yet_valid'))]);

	t.regex(certificateExpired.find(scene)?.says ?? '', /is not valid yet/);
});

test('where another vantage takes it the clock of this one is suspected', t => {
	const elsewhere = {...auth, key: 'auth/june-gpu-1/auth', vantage: 'june-gpu-1'};
	const scene = aScene([isDown(auth, 'tls', undefined, shown('expired')), isUp(elsewhere)]);

	const found = certificateExpired.find(scene);

	t.like(found, {confidence: 'likely', about: 'vantage cluster'});
	t.is(found?.next[0].run, 'date -u');
});

test('a vantage that is told not to mind certificates speaks for no clock', t => {
	const elsewhere = {...auth, key: 'auth/june-gpu-1/auth', vantage: 'june-gpu-1'};
	const scene = aScene([
		isDown(auth, 'tls', undefined, shown('expired')),
		isUp(elsewhere, {facts: {tls_fault: 'expired'}}),
	]);

	t.is(certificateExpired.find(scene)?.confidence, 'certain');
});

test('a certificate of an unknown authority has not ended', t => {
	t.is(certificateExpired.find(aScene([isDown(auth, 'tls', undefined, shown('untrusted'))])), undefined);
});

test('a vantage that took it before it ended speaks for no clock', t => {
	const elsewhere = {...auth, key: 'auth/june-gpu-1/auth', vantage: 'june-gpu-1'};
	const took = isUp(elsewhere);
	const before = {...took, last: took.last && {...took.last, startedAt: someTime - 30_000}};

	const found = certificateExpired.find(
		aScene([isDown(auth, 'tls', undefined, shown('expired', someTime / 1000 - 5)), before]),
	);

	t.like(found, {confidence: 'certain', about: 'auth on auth'});
});
