import test from 'ava';
import {parseWebConfig, type WebConfig} from '../../src/config/web-config.ts';

const hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';

function read(text: string): WebConfig {
	const loaded = parseWebConfig(text, '/etc/tailprobe/web.yml');
	if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
	return loaded.web;
}

test('the sample of exporter-toolkit is taken as it is', t => {
	const web = read(`
tls_server_config:
  cert_file: server.crt
  key_file: server.key
basic_auth_users:
  alice: ${hash}
  bob: $2y$10$hLqFl9jSjoAAy95Z/zw8Ye8wkdMBM8c5Bn1ptYqP/AXyV0.oy0S8m
rate_limit:
  interval: "1s"
  burst: 20
`);

	t.deepEqual([...web.users.keys()], ['alice', 'bob']);
	t.deepEqual(web.rate, {count: 20, perMs: 20_000});
	t.like(web.tls, {
		certificate: {file: '/etc/tailprobe/server.crt'},
		key: {file: '/etc/tailprobe/server.key'},
		clientAuth: 'NoClientCert',
		minVersion: 'TLSv1.2',
		maxVersion: 'TLSv1.3',
		preferOwnCiphers: true,
	});
});

test('every key of TLS arrives in the words of OpenSSL', t => {
	const {tls} = read(`
tls_server_config:
  cert: a certificate
  key: a key
  client_auth_type: RequireAndVerifyClientCert
  client_ca: an authority
  client_allowed_sans: [prometheus.example, 10.0.0.1]
  min_version: TLS12
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
`);

	t.deepEqual(tls, {
		certificate: {text: 'a certificate'},
		key: {text: 'a key'},
		clientAuth: 'RequireAndVerifyClientCert',
		clientCa: {text: 'an authority'},
		allowedSans: ['prometheus.example', '10.0.0.1'],
		minVersion: 'TLSv1.2',
		maxVersion: 'TLSv1.2',
		ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
		curves: 'X25519:P-256',
		preferOwnCiphers: false,
	});
});

test('the headers are those that are written', t => {
	const {headers} = read(`
http_server_config:
  http2: false
  headers:
    X-Frame-Options: sameorigin
    Strict-Transport-Security: max-age=31536000
`);

	t.deepEqual(headers, {'X-Frame-Options': 'sameorigin', 'Strict-Transport-Security': 'max-age=31536000'});
});

for (const text of [
	'',
	'# nothing',
	'{}',
	'basic_auth_users: {}',
	'rate_limit: {interval: 0}',
	'rate_limit: {interval: 0s, burst: 5}',
])
	test(`this asks for nothing: ${JSON.stringify(text)}`, t => {
		const web = read(text);

		t.is(web.users.size, 0);
		t.is(web.tls, undefined);
		t.is(web.rate, undefined);
	});

const tls = 'cert_file: c, key_file: k';

for (const [text, mistake] of [
	['tls_server_confg: {}', 'web.yml:1:1: tls_server_confg: there is no key named "tls_server_confg" here'],
	['tls_server_config: {}', 'web.yml:1:1: tls_server_config: expected cert_file (or cert)'],
	[`tls_server_config: {cert_file: c}`, 'tls_server_config: expected key_file (or key)'],
	[`tls_server_config: {${tls}, cert: x}`, 'expected either cert or cert_file, not both'],
	[`tls_server_config: {${tls}, client_auth_type: Sometimes}`, 'expected one of NoClientCert, RequestClientCert'],
	[`tls_server_config: {${tls}, client_auth_type: RequireAndVerifyClientCert}`, 'needs client_ca_file'],
	[`tls_server_config: {${tls}, client_auth_type: VerifyClientCertIfGiven}`, 'needs client_ca_file'],
	[`tls_server_config: {${tls}, client_ca_file: a}`, 'expected RequireAndVerifyClientCert'],
	[
		`tls_server_config: {${tls}, client_ca_file: a, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]}`,
		'client_allowed_sans: expected client_auth_type RequireAndVerifyClientCert',
	],
	[
		`tls_server_config: {${tls}, client_ca_file: a, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: []}`,
		'expected at least one name',
	],
	[`tls_server_config: {${tls}, min_version: TLS10}`, 'expected TLS12 or TLS13; older versions are broken'],
	[`tls_server_config: {${tls}, min_version: TLS13, max_version: TLS12}`, 'not below min_version'],
	[`tls_server_config: {${tls}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}`, 'expected one of TLS_AES_128_GCM_SHA256'],
	[`tls_server_config: {${tls}, curve_preferences: [secp256k1]}`, 'expected one of CurveP256'],
	['http_server_config: {http2: true}', 'tailprobe serves HTTP/1.1 only: leave http2 out, or set it to false'],
	['http_server_config: {headers: {Server: x}}', 'there is no key named "Server" here'],
	['http_server_config: {headers: {X-Frame-Options: never}}', 'expected deny or sameorigin'],
	['http_server_config: {headers: {X-Content-Type-Options: ""}}', 'expected nosniff'],
	['http_server_config: {headers: {Content-Security-Policy: "a\\r\\nSet-Cookie: b"}}', 'expected printable ASCII'],
	['basic_auth_users:', 'basic_auth_users: '],
	['basic_auth_users: {alice: hunter2}', 'basic_auth_users.alice: expected a bcrypt hash'],
	[`basic_auth_users: {alice: "${hash.replace('$10$', '$15$')}"}`, 'expected a bcrypt cost of 4 to 13'],
	[`basic_auth_users: {alice: "${hash.replace('$10$', '$03$')}"}`, 'expected a bcrypt cost of 4 to 13'],
	[`basic_auth_users: {"a:b": "${hash}"}`, 'a user name has no colon'],
	['rate_limit: {interval: 1s}', 'rate_limit.burst: expected at least 1'],
	['rate_limit: {interval: often, burst: 1}', 'expected a duration such as 1s'],
	['rate_limit: {interval: 1s, burst: 2.5}', 'rate_limit.burst: '],
	['a: [', 'web.yml:1:5: this is no YAML'],
	[`basic_auth_users: {alice: "${hash}", alice: "${hash}"}`, 'this is no YAML: Map keys must be unique'],
] as const)
	test(`this is a mistake: ${text}`, t => {
		const loaded = parseWebConfig(text, 'web.yml');

		t.false(loaded.ok);
		if (!loaded.ok)
			t.true(
				loaded.mistakes.some(told => told.includes(mistake)),
				loaded.mistakes.join('\n'),
			);
	});

test('no mistake repeats a password, a hash or a key', t => {
	for (const text of [
		'basic_auth_users: {alice: hunter2secret}',
		'basic_auth_users: {alice: [hunter2secret]}',
		'basic_auth_users: hunter2secret',
		'tls_server_config: {key: [hunter2secret], cert: hunter2secret}',
		'basic_auth_users: {alice: "hunter2secret" "hunter2secret"}',
		'basic_auth_users:\n  alice: x\n hunter2secret\n',
		'basic_auth_users:\n  alice: *hunter2secret\n',
		'- a\nhunter2secret: "x\n',
		'key: |\n hunter2secret\nhunter2secret',
		'{"alice": !hunter2secret x}',
	]) {
		const loaded = parseWebConfig(text, 'web.yml');

		t.false(loaded.ok, text);
		t.notRegex(JSON.stringify(loaded), /hunter2secret/, text);
	}
});
