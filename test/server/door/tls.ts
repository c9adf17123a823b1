import type {X509Certificate} from 'node:crypto';
import https from 'node:https';
import {connect} from 'node:net';
import {join} from 'node:path';
import tls from 'node:tls';
import test from 'ava';
import {subjectAltNames} from '../../../src/server/door/client-certificate.ts';
import {createDoor, insistOnDoor} from '../../../src/server/door/door.ts';
import {systemClock} from '../../../src/util/clock.ts';
import {UserError} from '../../../src/util/errors.ts';
import {fakeDaemon} from '../../helpers/fake-daemon.ts';
import {guard, hashOf, pem} from '../../helpers/guarded.ts';
import {until} from '../../helpers/until.ts';

const files = {'server.crt': pem('good.pem'), 'server.key': pem('server.key'), 'ca.crt': pem('ca.pem')};
const webOf = (more = '', rest = '') =>
	`tls_server_config: {cert_file: server.crt, key_file: server.key${more === '' ? '' : `, ${more}`}}\n${rest}`;
const users = `basic_auth_users: {alice: "${hashOf('right')}"}`;

test('with a certificate the listener speaks HTTPS, HTTP/1.1 only', async t => {
	const {ask, url, port} = await guard(t, {web: webOf('', users), files});

	t.regex(url, /^https:/);
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
	const socket = tls.connect({port, host: '127.0.0.1', ca: pem('ca.pem'), ALPNProtocols: ['h2', 'http/1.1']});
	await new Promise(resolve => socket.once('secureConnect', resolve));
	t.is(socket.alpnProtocol, 'http/1.1');
	socket.destroy();
});

test('plain HTTP to the port for HTTPS is told so, learns nothing else, and is cut', async t => {
	const {port, ask} = await guard(t, {web: webOf('', users), files});
	const say = (text: string) =>
		new Promise<string>(resolve => {
			let said = '';
			// Half open: only the server ends it.
			const socket = connect({port, host: '127.0.0.1', allowHalfOpen: true}, () => socket.write(text));
			socket.setEncoding('utf8').on('data', (data: string) => {
				said += data;
			});
			socket.on('error', () => {});
			socket.once('end', () => socket.end());
			socket.once('close', () => resolve(said));
		});

	const plain = await say('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');

	t.is(
		plain.replaceAll('\r\n', '\n'),
		'HTTP/1.1 400 Bad Request\nContent-Type: text/plain; charset=utf-8\nContent-Length: 55\nConnection: close\n\nThis port speaks HTTPS: ask it with https:// in front.\n',
	);
	t.regex(await say(`POST /metrics HTTP/1.1\r\nX: ${'x'.repeat(4000)}\r\n\r\n`), /^HTTP\/1\.1 400 /);
	t.is((await say('garbage that is neither\r\n\r\n')).startsWith('HTTP'), false);
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
});

test('many requests at once over one TLS connection get it cut, and others are answered', async t => {
	const {port, ask, refused} = await guard(t, {web: webOf('', users), files});
	const socket = tls
		.connect({port, host: '127.0.0.1', ca: pem('ca.pem')})
		.on('error', () => {})
		.resume();
	const closed = new Promise(resolve => socket.once('close', resolve));

	socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1000));
	await closed;

	t.is(refused.get('connections'), 1);
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
});

test('TLS alone asks nobody who they are: beyond loopback only the open paths answer', async t => {
	const {ask} = await guard(t, {web: webOf(), files});

	t.is((await ask('/metrics')).status, 200);
	t.is((await ask('/')).status, 403);
});

test('older versions of TLS and suites that were not chosen are refused', async t => {
	const {port} = await guard(t, {
		web: webOf('max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]'),
		files,
	});
	const connect = (options: tls.ConnectionOptions) =>
		new Promise<string>(resolve => {
			const socket = tls.connect({port, host: '127.0.0.1', ca: pem('ca.pem'), ...options});
			socket.once('secureConnect', () => {
				resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
				socket.destroy();
			});
			socket.once('error', () => resolve('refused'));
		});

	t.is(await connect({}), 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384');
	t.is(await connect({minVersion: 'TLSv1.3'}), 'refused');
	t.is(await connect({maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0'}), 'refused');
	t.is(await connect({ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256'}), 'refused');
});

test('a certificate that was replaced is shown to the next connection, a broken one is not', async t => {
	const {ask, write, log, door} = await guard(t, {web: webOf('', users), files});
	t.is((await ask('/-/healthy')).subject, 'CN=good');

	write('server.crt', pem('chain.pem'));

	t.is((await ask('/-/healthy', {headers: {Host: 'localhost'}})).subject, 'CN=chain');
	write('server.crt', 'garbage');
	t.is((await ask('/-/healthy', {headers: {Host: 'localhost'}})).subject, 'CN=chain');
	t.regex(door.problems().join(), /goes on with older certificates/);
	write('server.crt', files['server.crt']);
	t.is((await ask('/-/healthy')).subject, 'CN=good');
	t.is(door.certificates.problem(), undefined);
	t.true(log.some(({event, level}) => event === 'the certificates were read again' && level === 'info'));
	t.notRegex(JSON.stringify(log), /BEGIN|PRIVATE/);
});

const verify = 'client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert';

for (const [type, more, answers] of [
	['NoClientCert', '', {none: 403, good: 403, 'self-signed': 403}],
	['RequestClientCert', '', {none: 403, good: 403, 'self-signed': 403}],
	['RequireAnyClientCert', '', {none: 403, good: 403, 'self-signed': 403}],
	['VerifyClientCertIfGiven', 'client_ca_file: ca.crt', {none: 403, good: 403, 'self-signed': 403}],
	[
		'RequireAndVerifyClientCert',
		'client_ca_file: ca.crt',
		{none: 403, good: 200, 'self-signed': 403, expired: 403, 'other-host': 200},
	],
	[
		'RequireAndVerifyClientCert',
		'client_ca_file: ca.crt, client_allowed_sans: [other.example, "127.0.0.9"]',
		{none: 403, good: 403, 'self-signed': 403, 'other-host': 200},
	],
	[
		'RequireAndVerifyClientCert',
		'client_ca_file: ca.crt, client_allowed_sans: ["127.0.0.1"]',
		{good: 200, 'self-signed': 403},
	],
] as const)
	test(`${type} ${more}: only a verified certificate opens the door by itself`, async t => {
		const {ask} = await guard(t, {web: webOf(`client_auth_type: ${type}${more === '' ? '' : `, ${more}`}`), files});

		for (const [name, status] of Object.entries(answers)) {
			const certificate = name === 'none' ? {} : {certificate: `${name}.pem`};
			t.is((await ask('/api/v1/status', certificate)).status, status, name);
			t.is((await ask('/-/healthy', certificate)).status, 200, name);
		}
	});

for (const [type, answers] of [
	['RequestClientCert', {none: 200, good: 200, 'self-signed': 200}],
	['RequireAnyClientCert', {none: 403, good: 200, 'self-signed': 200}],
	['VerifyClientCertIfGiven, client_ca_file: ca.crt', {none: 200, good: 200, 'self-signed': 403}],
	[
		'RequireAndVerifyClientCert, client_ca_file: ca.crt',
		{none: 403, good: 200, 'self-signed': 403, 'secp256k1-chain': 403},
	],
] as const)
	test(`${type}, and a password: both are asked for`, async t => {
		const {ask} = await guard(t, {web: webOf(`client_auth_type: ${type}`, users), files});

		for (const [name, status] of Object.entries(answers)) {
			const certificate = name === 'none' ? {} : {certificate: `${name}.pem`};
			t.is((await ask('/metrics', {...certificate, auth: 'alice:right'})).status, status, name);
			t.not((await ask('/metrics', {...certificate, auth: 'alice:wrong'})).status, 200, name);
		}
	});

test('who comes with a certificate has its name in the audit, and without one learns what is missing', async t => {
	const daemon = fakeDaemon();
	const {ask} = await guard(t, {web: webOf(verify), files, view: daemon});

	await ask('/probe?target=x', {certificate: 'other-host.pem'});
	const refused = await ask('/probe?target=x');

	t.is(daemon.asked[0]?.caller, 'other.example');
	t.is(refused.body, 'A client certificate is needed, and none came.\n');
});

test('a new authority for clients is in force at once, also for connections that are open', async t => {
	const {ask, write} = await guard(t, {web: webOf(verify), files});
	const agent = new https.Agent({
		keepAlive: true,
		maxSockets: 1,
		ca: pem('ca.pem'),
		cert: pem('good.pem'),
		key: pem('server.key'),
	});
	t.teardown(() => agent.destroy());
	t.is((await ask('/metrics', {agent})).status, 200);

	write('ca.crt', pem('self-signed.pem'));

	t.is((await ask('/metrics', {agent})).status, 403);
	t.is((await ask('/metrics', {certificate: 'good.pem'})).status, 403);
	t.is((await ask('/metrics', {certificate: 'self-signed.pem'})).status, 200);
});

for (const [what, text] of [
	['is gone', undefined],
	['holds no certificate', 'nothing'],
	['is damaged', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
] as const)
	test(`an authority for clients that ${what} lets nobody in`, async t => {
		const {ask, write} = await guard(t, {web: webOf(verify), files});
		t.is((await ask('/metrics', {certificate: 'good.pem'})).status, 200);

		if (text === undefined) write('web.yml', webOf(verify.replace('ca.crt', 'gone.crt')));
		else write('ca.crt', text);

		t.is((await ask('/metrics', {certificate: 'good.pem'})).status, 500);
		t.is((await ask('/-/healthy')).status, 200);
	});

for (const [change, text] of [
	['HTTPS', users],
	['the kind of client certificates', webOf('client_auth_type: RequestClientCert', users)],
] as const)
	test(`a change of ${change} needs a restart, and until then nobody is let in`, async t => {
		const {ask, write, log} = await guard(t, {web: webOf(verify, users), files});
		const asking = {auth: 'alice:right', certificate: 'good.pem'};
		t.is((await ask('/metrics', asking)).status, 200);

		write('web.yml', text);

		t.is((await ask('/metrics', asking)).status, 500);
		await until(() => log.some(({event}) => event === 'the web configuration cannot be used, nobody is let in'));
		t.regex(JSON.stringify(log), /restart tailprobe/);
	});

for (const [key, before, after] of [
	['client_allowed_sans', `${verify}, client_allowed_sans: [good.example]`, verify],
	['min_version', 'min_version: TLS13', ''],
	['cipher_suites', 'cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]', ''],
	['curve_preferences', 'curve_preferences: [CurveP256]', ''],
] as const)
	test(`without its ${key} the file lets nobody in, also when that came while we ran`, async t => {
		const {ask, write, door} = await guard(t, {web: webOf(key === 'client_allowed_sans' ? verify : '', users), files});
		const asking = {auth: 'alice:right', certificate: 'other-host.pem'};
		t.is((await ask('/metrics', asking)).status, 200);
		write('web.yml', webOf(before, users));
		t.is((await ask('/metrics', asking)).status, key === 'client_allowed_sans' ? 403 : 200);

		write('web.yml', webOf(after, users));

		t.is((await ask('/metrics', asking)).status, 500);
		t.is((await ask('/-/healthy')).status, 200);
		t.regex(door.problems().join(), new RegExp(`${key} is`));
		write('web.yml', webOf(before, users));
		t.not((await ask('/metrics', asking)).status, 500);
	});

test('a key that does not belong to the certificate is a mistake at the start, and is not shown', async t => {
	const {folder, write} = await guard(t, {files, web: webOf()});
	write('server.key', pem('server.key').replace(/[A-Za-z0-9]{8}/, 'hunter22'));
	const door = createDoor({webConfigPath: join(folder, 'web.yml'), clock: systemClock, log() {}});

	const error = t.throws(() => insistOnDoor(door), {
		instanceOf: UserError,
		message: /certificates of tls_server_config/,
	});

	t.notRegex(error.message, /hunter22/);
});

test('names of a certificate are taken only from a list that is plain', t => {
	const names = (subjectAltName: string | undefined) => subjectAltNames({subjectAltName} as X509Certificate);

	t.deepEqual(names('DNS:a.example, IP Address:10.0.0.1, email:a@b.example, URI:spiffe://x/y'), [
		'a.example',
		'10.0.0.1',
		'a@b.example',
		'spiffe://x/y',
	]);
	t.deepEqual(names('IP Address:0:0:0:0:0:0:0:1'), ['::1']);
	t.deepEqual(names('DNS:"evil.example, DNS:admin.example", DNS:b.example'), ['b.example']);
	t.deepEqual(names('DNS:a.example, DNS:"unended'), []);
	t.deepEqual(names('othername:<unsupported>, DNS:a.example'), ['a.example']);
	t.deepEqual(names(undefined), []);
});
