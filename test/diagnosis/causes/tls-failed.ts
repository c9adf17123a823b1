import test from 'ava';
import {tlsFailed} from '../../../src/diagnosis/causes/tls-failed.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, isDown} from '../../helpers/scenes.ts';

const auth = aLink({
	name: 'auth',
	target: {name: 'auth', peer: '', via: 'direct', address: 'https://auth.example.com/'},
});
const ended: Partial<Reading> = {phases: {connect: 0.01, tls: 0.02}, facts: {phase: 'tls', answered: 'true'}};

test('a service without TLS on a port that wants it is told so', t => {
	const detail = 'The port answered with something other than TLS; does it want http?';
	const scene = aScene([isDown(auth, 'tls', detail, ended)]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'tls-failed', rung: 'tls', confidence: 'certain', about: 'auth on auth'});
	t.regex(cause?.says ?? '', /answers there without TLS\. The port answered with something other than TLS/);
});

test('a handshake that fails for another reason is told in its own words', t => {
	const found = tlsFailed.find(aScene([isDown(auth, 'tls', 'TLS failed: no protocols available', ended)]));

	t.regex(found?.says ?? '', /TLS does not come about\. TLS failed: no protocols available\.$/);
});

test('a certificate that is at fault is not the handshake', t => {
	const scene = aScene([isDown(auth, 'tls', undefined, {facts: {phase: 'tls', tls_fault: 'expired'}})]);

	t.is(tlsFailed.find(scene), undefined);
});
