import test from 'ava';
import {stringify} from 'yaml';
import {formOf, parseModules} from '../../src/config/blackbox-modules.ts';
import {theirProbers} from '../../src/config/blackbox-options.ts';
import {findProbe} from '../../src/probes/registry.ts';

const parse = (text: string, settings = {}) => parseModules(text, 'blackbox.yml', settings);

function module(text: string, name = 'm'): Record<string, unknown> | undefined {
	const {modules, mistakes} = parse(text);
	if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
	return modules.get(name);
}

function optionsOf(text: string, prober: string): Record<string, unknown> {
	return (module(text)?.[prober] ?? {}) as Record<string, unknown>;
}

test('a module becomes ours, with the defaults that are others there', t => {
	const text =
		'modules:\n  m:\n    prober: http\n    timeout: 5s\n    http: {valid_status_codes: [200, 404], method: POST, body: x}\n';

	t.like(module(text), {
		prober: 'http',
		timeout: '5s',
		http: {
			valid_status_codes: [200, 404],
			method: 'POST',
			body: 'x',
			preferred_ip_protocol: 'ip6',
			ip_protocol_fallback: true,
			follow_redirects: true,
		},
	});
});

test('what is written wins over what is default there', t => {
	const text = 'modules: {m: {prober: tcp, tcp: {preferred_ip_protocol: ip4, ip_protocol_fallback: false}}}';

	t.like(module(text)?.tcp, {preferred_ip_protocol: 'ip4', ip_protocol_fallback: false});
});

test('a module without options of its prober is one with all defaults', t => {
	t.like(module('modules: {m: {prober: icmp}}')?.icmp, {count: 1, preferred_ip_protocol: 'ip6'});
	t.like(module('modules: {m: {prober: icmp, icmp: }}')?.icmp, {count: 1});
});

test('every prober prefers IPv6, as theirs', t => {
	for (const prober of ['http', 'tcp', 'icmp', 'dns'])
		t.like(
			optionsOf(`modules: {m: {prober: ${prober}${prober === 'dns' ? ', dns: {query_name: a}' : ''}}}`, prober),
			{preferred_ip_protocol: 'ip6', ip_protocol_fallback: true},
			prober,
		);
});

test('lists of mappings keep their order', t => {
	const text = `
modules:
  m:
    prober: http
    http:
      fail_if_header_not_matches:
        - {header: Vary, regexp: Origin, allow_missing: true}
        - header: Server
          regexp: '^nginx'
`;

	t.deepEqual(optionsOf(text, 'http').fail_if_header_not_matches, [
		{header: 'Vary', regexp: 'Origin', allow_missing: true},
		{header: 'Server', regexp: '^nginx'},
	]);
});

test('the old name of follow_redirects is taken, turned round', t => {
	const text = 'modules: {m: {prober: http, http: {no_follow_redirects: true}}}';

	t.like(module(text)?.http, {follow_redirects: false});
});

test('no limit of the body is our limit, and one that is written stays', t => {
	const limitOf = (written: string) =>
		optionsOf(`modules: {m: {prober: http, http: {body_size_limit: ${written}}}}`, 'http').body_size_limit;

	t.is(limitOf('0'), undefined);
	t.is(limitOf('10MB'), '10MB');
});

test('anchors and merged mappings are read as Go reads them', t => {
	const text = `
modules:
  base: &base
    prober: http
    timeout: 5s
    http: &http {method: GET, valid_status_codes: [200]}
  m:
    <<: *base
    http: {<<: *http, method: HEAD}
`;

	t.like(module(text), {timeout: '5s', http: {method: 'HEAD', valid_status_codes: [200]}});
});

test('only the modules that are wanted are read, and those that are not there are told', t => {
	const text = 'modules: {a: {prober: icmp}, b: {prober: grpc}}';

	const {modules, mistakes, missing} = parse(text, {only: ['a', 'c']});

	t.deepEqual([...modules.keys()], ['a']);
	t.deepEqual(mistakes, []);
	t.deepEqual(missing, ['c']);
});

test('every mistake is told at once, each with its place and what to do', t => {
	const text = `modules:
  proxied:
    prober: http
    http:
      proxy_url: http://proxy.example:3128
      method: FETCH
  remote:
    prober: grpc
  typo:
    prober: http
    http:
      valid_status_code: [200]
  two:
    prober: icmp
    tcp: {tls: true}
    icmp: {payload_size: big}
  odd name: {prober: icmp}
  nothing: 5
  strange: {prober: ftp}
  fine: {prober: icmp}
global: {}
`;

	const {mistakes, modules, broken} = parse(text);

	t.deepEqual([...modules.keys()], ['fine']);
	t.deepEqual(broken, ['proxied', 'remote', 'typo', 'two', 'odd name', 'nothing', 'strange']);
	const wanted = [
		/^blackbox\.yml:5:7: modules\.proxied\.http\.proxy_url: this is not supported: .*take it out/,
		/^blackbox\.yml:6:7: modules\.proxied\.http\.method: /,
		/^blackbox\.yml:8:5: modules\.remote\.prober: there is no grpc probe: .*`only`/,
		/^blackbox\.yml:12:7: modules\.typo\.http\.valid_status_code: blackbox_exporter 0\.28 has no such option/,
		/^blackbox\.yml:15:5: modules\.two\.tcp: the prober is icmp, so a tcp block has no effect: take it out$/,
		/^blackbox\.yml:16:12: modules\.two\.icmp\.payload_size: /,
		/^blackbox\.yml:17:3: modules\.odd name: expected a name/,
		/^blackbox\.yml:18:3: modules\.nothing: expected a module/,
		/^blackbox\.yml:19:13: modules\.strange\.prober: there is no prober "ftp"; expected one of http, tcp/,
		/^blackbox\.yml:21:1: global: a file of modules has no other key than modules$/,
	];
	t.is(mistakes.length, wanted.length, mistakes.join('\n'));
	for (const [at, pattern] of wanted.entries()) t.regex(mistakes[at] ?? '', pattern);
});

for (const [what, text, wanted] of [
	['no YAML', 'modules: [', /^blackbox\.yml:1:\d+: this is no YAML/],
	['no modules', 'checks: []', /checks: a file of modules has no other key/],
	['a list', '- 1', /expected a file of blackbox_exporter/],
	['modules in a list', 'modules: [a]', /expected a file of blackbox_exporter/],
	['an unknown tag', 'modules: {m: {prober: http, http: {body: !secret x}}}', /this is no YAML: Unresolved tag/],
	['a bomb of aliases', `a: &a [x]\nb: &b [${'*a,'.repeat(200)}]\nmodules: [${'*b,'.repeat(200)}]`, /aliases/],
] as const)
	test(`a file that is ${what} is told as such`, t => {
		const {mistakes} = parse(text);

		t.regex(mistakes[0] ?? '', wanted);
	});

test('bytes are taken as a text where they are one', t => {
	const sending = (base64: string) =>
		`modules: {m: {prober: tcp, tcp: {query_response: [{send: !!binary ${base64}}]}}}`;

	t.deepEqual(optionsOf(sending('UElORw=='), 'tcp').query_response, [{send: 'PING'}]);
	t.regex(parse(sending('AAAACATSFi8=')).mistakes[0] ?? '', /query_response\[0\]\.send/);
});

test('an inline secret is no part of a module, and no message repeats it', t => {
	const text = 'modules: {m: {prober: http, http: {basic_auth: {username: u, password: hunter2}}}}';

	const {mistakes} = parse(text);

	t.true(
		mistakes.some(mistake => /basic_auth\.password: .*password_file/.test(mistake)),
		mistakes.join('\n'),
	);
	t.notRegex(mistakes.join('\n'), /hunter2/);
});

/** A value of each option as a user would write it. */
const samples: Record<string, Record<string, unknown>> = {
	http: {
		preferred_ip_protocol: 'ip4',
		ip_protocol_fallback: false,
		valid_status_codes: [204],
		valid_http_versions: ['HTTP/1.1'],
		method: 'POST',
		headers: {'Accept-Language': 'de'},
		http_headers: {'X-Tenant': {values: ['june']}},
		body_size_limit: '2MB',
		compression: 'gzip',
		follow_redirects: false,
		no_follow_redirects: false,
		fail_if_ssl: true,
		fail_if_not_ssl: true,
		fail_if_body_json_matches_cel: 'body.ok == false',
		fail_if_body_json_not_matches_cel: 'body.ok',
		fail_if_body_matches_regexp: ['maintenance'],
		fail_if_body_not_matches_regexp: ['ready'],
		'fail_if_header_matches.header': 'Set-Cookie',
		'fail_if_header_matches.regexp': '.*',
		'fail_if_header_matches.allow_missing': true,
		'fail_if_header_not_matches.header': 'Vary',
		'fail_if_header_not_matches.regexp': 'Origin',
		'fail_if_header_not_matches.allow_missing': true,
		'basic_auth.username': 'june',
		'basic_auth.username_file': '/run/user',
		'basic_auth.password': 'no',
		'basic_auth.password_file': '/run/password',
		'authorization.type': 'Bearer',
		'authorization.credentials': 'no',
		'authorization.credentials_file': '/run/token',
		bearer_token: 'no',
		bearer_token_file: '/run/token',
		oauth2: {client_id: 'x', token_url: 'https://x.example/token'},
		proxy_url: 'http://proxy.example:3128',
		no_proxy: 'localhost',
		proxy_from_environment: true,
		proxy_connect_header: {'X-Proxy': ['1']},
		skip_resolve_phase_with_proxy: true,
		enable_http2: true,
		enable_http3: true,
		body: '{}',
		body_file: '/run/body',
	},
	tcp: {
		preferred_ip_protocol: 'ip4',
		ip_protocol_fallback: false,
		source_ip_address: '10.0.0.1',
		'query_response.expect': '^220',
		'query_response.expect_bytes': 'S',
		'query_response.send': 'QUIT',
		'query_response.starttls': true,
		'query_response.labels': [{name: 'banner', value: '$1'}],
		tls: true,
	},
	icmp: {
		preferred_ip_protocol: 'ip4',
		ip_protocol_fallback: false,
		source_ip_address: '10.0.0.1',
		dont_fragment: true,
		payload_size: 1200,
		ttl: 3,
	},
	dns: {
		preferred_ip_protocol: 'ip4',
		ip_protocol_fallback: false,
		source_ip_address: '10.0.0.1',
		transport_protocol: 'tcp',
		dns_over_tls: true,
		query_name: 'june.example.com',
		query_type: 'A',
		query_class: 'IN',
		recursion_desired: true,
		valid_rcodes: ['NOERROR', 'NXDOMAIN'],
		...Object.fromEntries(
			['answer', 'authority', 'additional'].flatMap(section =>
				['matches', 'all_match', 'not_matches', 'none_matches'].map(how => [
					`validate_${section}_rrs.fail_if_${how}_regexp`,
					['10[.]'],
				]),
			),
		),
	},
};
const tls = {
	'tls_config.insecure_skip_verify': true,
	'tls_config.ca_file': '/ca.pem',
	'tls_config.cert_file': '/cert.pem',
	'tls_config.key_file': '/key.pem',
	'tls_config.server_name': 'x.example',
	'tls_config.min_version': 'TLS12',
	'tls_config.max_version': 'TLS13',
	'tls_config.ca': 'PEM',
	'tls_config.cert': 'PEM',
	'tls_config.key': 'PEM',
};

/** What an option cannot be without. */
const companions: Record<string, object> = {
	'tls_config.cert_file': {tls_config: {key_file: '/key.pem'}},
	'tls_config.key_file': {tls_config: {cert_file: '/cert.pem'}},
	'fail_if_header_matches.header': {fail_if_header_matches: [{regexp: 'x'}]},
	'fail_if_header_matches.regexp': {fail_if_header_matches: [{header: 'X'}]},
	'fail_if_header_matches.allow_missing': {fail_if_header_matches: [{header: 'X', regexp: 'x'}]},
	'fail_if_header_not_matches.header': {fail_if_header_not_matches: [{regexp: 'x'}]},
	'fail_if_header_not_matches.regexp': {fail_if_header_not_matches: [{header: 'X'}]},
	'fail_if_header_not_matches.allow_missing': {fail_if_header_not_matches: [{header: 'X', regexp: 'x'}]},
	'basic_auth.username': {basic_auth: {password_file: '/run/password'}},
	'basic_auth.username_file': {basic_auth: {password_file: '/run/password'}},
	'basic_auth.password_file': {basic_auth: {username: 'june'}},
	'authorization.type': {authorization: {credentials_file: '/run/token'}},
	dns_over_tls: {transport_protocol: 'tcp'},
	'query_response.labels': {query_response: [{expect: 'x'}]},
};

function withOption(prober: string, key: string, value: unknown): Record<string, unknown> {
	const block = structuredClone((companions[key] ?? {}) as Record<string, unknown>);
	if (prober === 'dns' && key !== 'query_name') Object.assign(block, {query_name: 'x.example'});
	if (prober === 'dns' && key.startsWith('tls_config'))
		Object.assign(block, {transport_protocol: 'tcp', dns_over_tls: true});
	if (prober === 'tcp' && key.startsWith('tls_config')) Object.assign(block, {tls: true});
	const [head = '', tail] = key.split('.');
	const isList = /^(?:fail_if_header|query_response)/.test(head);
	if (tail === undefined) block[head] = value;
	else if (isList) block[head] = [{...((block[head] as object[] | undefined)?.[0] ?? {}), [tail]: value}];
	else block[head] = {...(block[head] as object | undefined), [tail]: value};
	return block;
}

for (const [prober, {options}] of Object.entries(theirProbers)) {
	const written: Record<string, unknown> = {...samples[prober], ...(prober === 'icmp' ? {} : tls)};

	test(`every option of the prober ${prober} has a sample here`, t => {
		t.deepEqual(Object.keys(written).toSorted(), [...new Set(options.map(({key}) => key))].toSorted());
	});

	for (const option of options)
		test(`${prober}: ${option.key} is taken, or named with what to do`, t => {
			if (!findProbe(prober)) return t.regex(parse(`modules: {m: {prober: ${prober}}}`).mistakes[0] ?? '', /no prober/);
			const value = written[option.key];
			const text = stringify({modules: {m: {prober, [prober]: withOption(prober, option.key, value)}}});

			const {mistakes} = parse(text);

			const unsupported = mistakes.filter(mistake => mistake.includes(`.${option.key.split('.')[0]}`));
			if (formOf(option, prober) || option.idle?.includes(value)) t.deepEqual(unsupported, [], text);
			else {
				t.regex(unsupported.join('\n'), /this is not supported: /);
				t.truthy(option.instead, 'nothing says what to do');
			}
		});
}
