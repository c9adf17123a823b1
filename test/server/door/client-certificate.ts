import type {X509Certificate} from 'node:crypto';
import {TLSSocket} from 'node:tls';
import test from 'ava';
import {judgeCertificate} from '../../../src/server/door/client-certificate.ts';

/** A connection whose handshake went well when its certificate was still valid. */
function connectionWith(validTo: string): TLSSocket {
	const certificate = {validTo, subject: 'CN=alice', subjectAltName: 'DNS:alice.example'} as X509Certificate;
	return Object.create(TLSSocket.prototype, {
		authorized: {value: true},
		getPeerX509Certificate: {value: () => certificate},
	});
}

const past = 'Jan  1 00:00:00 2021 GMT';
const future = 'Jan  1 00:00:00 2100 GMT';

for (const clientAuth of ['RequireAndVerifyClientCert', 'VerifyClientCertIfGiven'] as const) {
	test(`${clientAuth}: a connection that outlives its certificate is no longer let in`, t => {
		t.deepEqual(judgeCertificate(connectionWith(future), {clientAuth}), {ok: true, name: 'alice.example'});
		t.deepEqual(judgeCertificate(connectionWith(past), {clientAuth}), {
			ok: false,
			detail: 'The client certificate has expired.',
		});
	});
}

test('where any certificate will do, its end does not matter', t => {
	t.deepEqual(judgeCertificate(connectionWith(past), {clientAuth: 'RequireAnyClientCert'}), {ok: true});
});
