import {X509Certificate} from 'node:crypto';
import test from 'ava';
import {makeCertificates} from '../../src/lab/certificates.ts';

const now = Date.UTC(2026, 5, 1);
const names = ['livekit', 'livekit.tail.test'] as const;
const {ca, sound, expired, untrusted} = makeCertificates(names, now);
const authority = new X509Certificate(ca);

test('the sound one is of the authority, for its names, and in time', t => {
	const certificate = new X509Certificate(sound.cert);

	t.true(authority.ca);
	t.false(certificate.ca);
	t.true(certificate.verify(authority.publicKey));
	for (const name of names) t.is(certificate.checkHost(name), name);
	t.is(certificate.checkHost('other'), undefined);
	t.true(Date.parse(certificate.validFrom) < now && Date.parse(certificate.validTo) > now + 86_400_000);
});

test('the expired one is of the same authority', t => {
	const certificate = new X509Certificate(expired.cert);

	t.true(certificate.verify(authority.publicKey));
	t.is(Date.parse(certificate.validTo), now - 3_600_000);
});

test('nobody known vouches for the untrusted one', t => {
	t.false(new X509Certificate(untrusted.cert).verify(authority.publicKey));
});
