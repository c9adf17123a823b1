import test from 'ava';
import {tlsRung} from '../../../src/diagnosis/rungs/tls.ts';
import {aLink, aScene, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const look = (...views: Parameters<typeof aScene>[0]) => tlsRung.look(aScene(views));
const auth = aLink({
	name: 'auth',
	target: {name: 'auth', peer: '', via: 'direct', address: 'https://auth.example.com/'},
});
const shaken = {
	phases: {connect: 0.01, tls: 0.02, processing: 0.1},
	values: {tls_earliest_cert_expiry_seconds: someTime / 1000 + 30 * 86_400},
	facts: {tls_version: 'TLSv1.3', phase: 'transfer', answered: 'true'},
};

test('a handshake that came about holds, with its version, its time and the end of the certificate', t => {
	t.like(look(isUp(auth, shaken)), {
		state: 'holds',
		says: 'TLSv1.3 shook hands in 20.0 ms; a certificate ends in 30 d.',
	});
});

test('a fault of the certificate that the check is told not to mind is said', t => {
	const rung = look(isUp(auth, {...shaken, facts: {...shaken.facts, tls_fault: 'self_signed'}}));

	t.is(rung?.state, 'holds');
	t.regex(rung?.says ?? '', /its certificate \(self signed\) is taken as it is/);
});

test('a certificate that is not accepted breaks it', t => {
	t.like(look(isDown(auth, 'tls', 'the certificate is self-signed')), {
		state: 'broken',
		says: 'the certificate is self-signed.',
	});
});

test('silence in the handshake breaks it, and a refused connection leaves it unseen', t => {
	const silent = {phases: {connect: 0.01, tls: 5}, facts: {phase: 'tls'}};

	t.is(look(isDown(auth, 'timeout', undefined, silent))?.state, 'broken');
	t.is(look(isDown(auth, 'refused'))?.state, 'unseen');
});

test('what speaks no TLS has no such rung', t => {
	t.is(look(isUp(aLink())), undefined);
});
