/** The proof that a caller brings: a client certificate where that is asked for, and then a bearer token or a password. */

import type {Request} from 'express';
import type {WebConfig} from '../../config/web-config.ts';
import type {Refusal} from '../front-door.ts';
import {placeOf, recognise} from './caller.ts';
import {judgeCertificate} from './client-certificate.ts';
import type {Door} from './door.ts';

/** Why the caller is not let in; undefined when it is, and then it is recognised. */
export async function signIn(request: Request, door: Door, web: WebConfig): Promise<Refusal | undefined> {
	const certificate = judgeCertificate(request.socket, web.tls ?? {clientAuth: 'NoClientCert'});
	if (!certificate.ok) return {kind: 'certificate', status: 403, detail: certificate.detail};
	if (certificate.name !== undefined) recognise(request, certificate.name, 'certificate');
	const tokens = door.bearerTokens();
	if (web.users.size === 0 && tokens.length === 0) return undefined;

	const credentials = readCredentials(request.headers.authorization);
	const challenge = {
		'WWW-Authenticate': [
			...(web.users.size > 0 ? ['Basic realm="tailprobe", charset="UTF-8"'] : []),
			...(tokens.length > 0 ? ['Bearer realm="tailprobe"'] : []),
		],
	};
	const ways = [
		...(web.users.size > 0 ? ['a user name and password'] : []),
		...(tokens.length > 0 ? ['a bearer token'] : []),
	];
	const wrong: Refusal = {
		kind: 'wrong_credentials',
		status: 401,
		detail: `These credentials open nothing here; ${ways.join(' or ')} would.`,
		headers: challenge,
	};
	if (!credentials)
		return {...wrong, kind: 'unauthenticated', detail: `tailprobe asks who you are: come with ${ways.join(' or ')}.`};
	if ('token' in credentials) {
		const name = door.tokens.nameOf(credentials.token, tokens);
		if (name === undefined) return wrong;
		recognise(request, name, 'token');
		return undefined;
	}
	if (web.users.size === 0) return wrong;
	const {user, password} = credentials;
	const place = placeOf(request.socket.remoteAddress ?? '');
	const verdict = await door.passwords.check(user, password, web.users, place);
	if (verdict.kind === 'wrong') return wrong;
	if (verdict.kind === 'right') {
		recognise(request, user, 'password');
		return undefined;
	}
	const retry = {'Retry-After': String(verdict.retryAfterSeconds)};
	return verdict.kind === 'too_many_attempts'
		? {
				kind: 'too_many_attempts',
				status: 429,
				detail: `Too many wrong passwords came from your address. Try again in ${verdict.retryAfterSeconds} s.`,
				headers: retry,
			}
		: {
				kind: 'overloaded',
				status: 503,
				detail: 'Too many passwords are being checked just now. Try again in a moment.',
				headers: retry,
			};
}

type Credentials = {token: string} | {user: string; password: string};

/** What an Authorization header says; undefined where there is none that we understand. */
function readCredentials(header: string | undefined): Credentials | undefined {
	const match = /^(Basic|Bearer) +([\w.~+/=-]+) *$/i.exec(header ?? '');
	if (!match) return undefined;
	const [, scheme = '', value = ''] = match;
	if (scheme.toLowerCase() === 'bearer') return {token: value};
	const text = Buffer.from(value, 'base64').toString('utf8');
	const colon = text.indexOf(':');
	return colon < 0 ? undefined : {user: text.slice(0, colon), password: text.slice(colon + 1)};
}
