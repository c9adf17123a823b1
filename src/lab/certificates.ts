/** Certificates of the lab: an authority, and what the service behind TLS may present. Made up anew for each lab; nothing is kept. */

import {createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign} from 'node:crypto';

export interface Presented {
	key: string;
	cert: string;
}

export interface LabCertificates {
	/** PEM of the authority that whoever asks should trust. */
	ca: string;
	sound: Presented;
	/** Of the same authority, and over since an hour before `now`. */
	expired: Presented;
	/** Of an authority that nobody knows. */
	untrusted: Presented;
}

const dayMs = 86_400_000;

/** For a server with these names; `now`: milliseconds since 1970. */
export function makeCertificates(names: readonly [string, ...string[]], now: number): LabCertificates {
	const authority = makeKey();
	const stranger = makeKey();
	const server = makeKey();
	const valid = {from: now - 30 * dayMs, until: now + 60 * dayMs};
	const present = (issuer: KeyObject, issuerName: string, times: typeof valid): Presented => ({
		key: server.export({type: 'pkcs8', format: 'pem'}).toString(),
		cert: issue({subject: names[0], key: server, names, issuer, issuerName, ...times}),
	});
	return {
		ca: issue({subject: 'lab authority', key: authority, issuer: authority, issuerName: 'lab authority', ...valid}),
		sound: present(authority, 'lab authority', valid),
		expired: present(authority, 'lab authority', {from: now - 90 * dayMs, until: now - 3_600_000}),
		untrusted: present(stranger, 'authority of a stranger', valid),
	};
}

function makeKey(): KeyObject {
	return generateKeyPairSync('ec', {namedCurve: 'P-256'}).privateKey;
}

interface Wanted {
	subject: string;
	key: KeyObject;
	/** Absent: it is an authority. */
	names?: readonly string[];
	issuer: KeyObject;
	issuerName: string;
	from: number;
	until: number;
}

/** An X.509 certificate as PEM. Node.js reads them and makes none. */
function issue({subject, key, names, issuer, issuerName, from, until}: Wanted): string {
	const extension = names
		? // subjectAltName
			sequence(objectId('551d11'), octets(sequence(...names.map(name => tagged(0x82, Buffer.from(name))))))
		: // basicConstraints: critical, an authority
			sequence(
				objectId('551d13'),
				tagged(0x01, Buffer.from([255])),
				octets(sequence(tagged(0x01, Buffer.from([255])))),
			);
	const content = sequence(
		tagged(0xa0, tagged(0x02, Buffer.from([2]))),
		tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
		ecdsaWithSha256,
		commonName(issuerName),
		sequence(time(from), time(until)),
		commonName(subject),
		createPublicKey(key).export({type: 'spki', format: 'der'}),
		tagged(0xa3, sequence(extension)),
	);
	const signature = sign('sha256', content, issuer);
	const certificate = sequence(content, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
	const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

// DER: a tag, a length, a content.

function tagged(tag: number, content: Buffer): Buffer {
	const {length} = content;
	const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 255];
	return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts));
const octets = (content: Buffer) => tagged(0x04, content);
const objectId = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'));
const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));
const commonName = (name: string) =>
	sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(name)))));
/** GeneralizedTime, to the second. */
const time = (ms: number) =>
	tagged(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
