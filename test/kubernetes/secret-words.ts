import test from 'ava';
import {explainFault, refusedBy} from '../../src/kubernetes/errors.ts';
import {withoutCommand} from '../../src/kubernetes/exec-status.ts';
import {rememberCredentials, withoutSecrets} from '../../src/kubernetes/secret-words.ts';

const token = 'opaque-token/with+signs==';
const webToken = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl-_';

test('what proves us is taken out of what is quoted, however it is said again', t => {
	rememberCredentials({Authorization: `Bearer ${token}`});
	rememberCredentials({authorization: 'Basic dXNlcjpwYXNzd29yZA=='});

	for (const said of [
		`you sent Bearer ${token}`,
		`header Authorization="${token}"`,
		`GET /x?token=${encodeURIComponent(token)}`,
		'Basic dXNlcjpwYXNzd29yZA==',
		`who is ${webToken}?`,
		`Bearer ${webToken.slice(0, 20)}`,
		'authorization: bearer   short',
		`${'x '.repeat(20_000)}${token}`,
	]) {
		const told = withoutSecrets(said);
		t.notRegex(told, /opaque|%2Bsigns|dXNlcjp|eyJ|short/, said.slice(0, 100));
		t.regex(told, /<redacted>/);
	}
});

test('ordinary words of an API server stay', t => {
	rememberCredentials({Authorization: 'Bearer x', accept: 'application/json'});

	for (const said of [
		'nodes is forbidden: User "system:serviceaccount:x:y" cannot list resource "nodes"',
		'invalid bearer token, service account token has expired',
		'application/json and an x',
		'',
	])
		t.is(withoutSecrets(said), said);
});

test('no part of a token is left where a long text is cut', t => {
	rememberCredentials({Authorization: `Bearer ${token}`});

	for (const before of [0, 1, 10, 20]) t.notRegex(withoutSecrets(`${'x'.repeat(65_526 - before)} ${token}`), /opaq/);
	t.is(withoutSecrets('x'.repeat(1_000_000)), '');
});

test('a token that was rotated is still not told, and of very many the last ones count', t => {
	rememberCredentials({Authorization: `Bearer ${token}`});
	rememberCredentials({Authorization: 'Bearer the-next-one'});
	t.is(withoutSecrets(`${token} the-next-one`), '<redacted> <redacted>');

	for (let count = 0; count < 100; count++) rememberCredentials({Authorization: `Bearer number-${count}-of-many`});
	t.is(withoutSecrets('number-99-of-many'), '<redacted>');
	t.is(withoutSecrets('number-1-of-many'), 'number-1-of-many');
});

test('every sentence that quotes comes without it, also where it is cut in the token', t => {
	rememberCredentials({Authorization: `Bearer ${token}`});
	const said = `${'x'.repeat(230)} ${token}`;

	for (const told of [
		refusedBy(403, 'It', said).message,
		explainFault(new Error(said), 'It').message,
		withoutCommand(said, []),
		withoutCommand(`?${'x'.repeat(9990)} ${token}`, []),
	])
		t.notRegex(told, /opaq/);
});
