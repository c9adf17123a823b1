import test from 'ava';
import {z} from 'zod';
import {http} from '../../../src/probes/http.ts';

const schema = http.options(z);

test('without anything the defaults are blackbox_exporter’s, but for ip4 and a limit on the body', t => {
	t.deepEqual(schema.parse({}), {
		valid_status_codes: [],
		valid_http_versions: [],
		method: 'GET',
		headers: {},
		enable_http2: true,
		fail_if_ssl: false,
		fail_if_not_ssl: false,
		fail_if_body_matches_regexp: [],
		fail_if_body_not_matches_regexp: [],
		fail_if_header_matches: [],
		fail_if_header_not_matches: [],
		follow_redirects: true,
		preferred_ip_protocol: 'ip4',
		ip_protocol_fallback: true,
		body_size_limit: 1_048_576,
		tls_config: {insecure_skip_verify: false},
	});
});

test('a module of blackbox_exporter is understood', t => {
	const options = schema.parse({
		valid_http_versions: ['HTTP/1.1', 'HTTP/2.0'],
		valid_status_codes: [200, 401],
		method: 'POST',
		headers: {Host: 'vhost.example.com', 'Accept-Language': 'en-US'},
		body: '{}',
		follow_redirects: false,
		fail_if_not_ssl: true,
		fail_if_body_matches_regexp: ['Could not connect to database'],
		fail_if_header_matches: [{header: 'Set-Cookie', allow_missing: true, regexp: '.*'}],
		tls_config: {insecure_skip_verify: true, server_name: 'a.example', ca_file: '/etc/ca.pem'},
		preferred_ip_protocol: 'ip6',
		ip_protocol_fallback: false,
		body_size_limit: '512KB',
	});

	t.is(options.body_size_limit, 524_288);
	t.deepEqual(options.fail_if_header_matches, [{header: 'Set-Cookie', allow_missing: true, regexp: '.*'}]);
});

test('the schema can be published', t => {
	const json = z.toJSONSchema(schema, {io: 'input'});

	t.true(JSON.stringify(json).includes('fail_if_body_matches_regexp'));
});

const refuses = test.macro((t, options: Record<string, unknown>, path: string, message: RegExp) => {
	const {error} = schema.safeParse(options);

	t.deepEqual(
		error?.issues.map(issue => issue.path.join('.')),
		[path],
	);
	t.regex(error?.issues[0]?.message ?? '', message);
});

test('an option that is not there is named', refuses, {oauth2: {}}, '', /oauth2/);
test('CONNECT is no method of a probe', refuses, {method: 'CONNECT'}, 'method', /./);
test('TRACE is no method of a probe', refuses, {method: 'TRACE'}, 'method', /./);
test('a body and a file of it', refuses, {body: 'a', body_file: 'b'}, 'body_file', /not both/);
test('a packing that nobody knows', refuses, {compression: 'lzma'}, 'compression', /identity, gzip, br, deflate, zstd/);
for (const [compression, accept] of [
	['gzip', 'br, identity'],
	['br', 'gzip;q=1, br;q=0'],
	['gzip', '*;q=0'],
	['identity', 'gzip, *;q=0'],
] as const)
	test(
		`Accept-Encoding ${accept} contradicts ${compression}`,
		refuses,
		{compression, headers: {'accept-encoding': accept}},
		'headers.accept-encoding',
		/does not accept/,
	);
test(
	'a password as it stands is refused',
	refuses,
	{basic_auth: {username: 'a', password: 'x'}},
	'basic_auth.password',
	/password_file/,
);
test(
	'Authorization twice is refused',
	refuses,
	{headers: {authorization: 'Bearer x'}, bearer_token_file: 'y'},
	'bearer_token_file',
	/among headers already/,
);
test(
	'a bad pattern is told with its place',
	refuses,
	{fail_if_body_matches_regexp: ['ok', 'a(']},
	'fail_if_body_matches_regexp.1',
	/missing closing/,
);
test(
	'a bad pattern for a header is told with its place',
	refuses,
	{fail_if_header_matches: [{header: 'A', regexp: '[z-a]'}]},
	'fail_if_header_matches.0.regexp',
	/at character 2/,
);
test(
	'a pattern that would hold the thread up is refused',
	refuses,
	{fail_if_body_not_matches_regexp: ['([ab]{0,100}a){5}[xz]']},
	'fail_if_body_not_matches_regexp',
	/too many steps.*body_size_limit/,
);
test('the same header twice is refused', refuses, {headers: {Host: 'a', host: 'b'}}, 'headers.host', /twice/);
test(
	'a header that frames the message is refused',
	refuses,
	{headers: {'content-length': '1'}},
	'headers.content-length',
	/set by tailprobe/,
);
test('a header with a line end is refused', refuses, {headers: {A: 'b\r\nc: d'}}, 'headers.A', /cannot be sent/);
test('a Host with a path is refused', refuses, {headers: {Host: 'a/b'}}, 'headers.Host', /expected a host/);
test(
	'HTTP/2 alone cannot be had where it is not offered',
	refuses,
	{valid_http_versions: ['HTTP/2.0'], enable_http2: false},
	'enable_http2',
	/the only version/,
);
test('no limit on the body is refused', refuses, {body_size_limit: 0}, 'body_size_limit', /from 1B to 64MiB/);
test(
	'a limit on the body that is no size is refused',
	refuses,
	{body_size_limit: 'much'},
	'body_size_limit',
	/from 1B to 64MiB/,
);
test('an interim status cannot be wanted', refuses, {valid_status_codes: [101]}, 'valid_status_codes.0', /200/);

test('a large pattern is fine for small bodies', t => {
	const options = {fail_if_body_not_matches_regexp: ['([ab]{0,100}a){5}[xz]'], body_size_limit: '64KB'};

	t.true(schema.safeParse(options).success);
});

test('Accept-Encoding that lets the server choose is fine', t => {
	for (const [compression, accept] of [
		['gzip', 'br;q=1.0, gzip;q=0.9'],
		['br', '*'],
		['identity', 'gzip'],
	])
		t.true(schema.safeParse({compression, headers: {'Accept-Encoding': accept}}).success);
});
