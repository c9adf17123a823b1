import test from 'ava';
import {mistakesIn} from '../helpers/configs.ts';

function withHttp(block: string): string[] {
	return mistakesIn(`modules: {m: {prober: http, http: ${block}}}`);
}

test('an unknown key leads to the one that was meant, or to where it belongs', t => {
	const here = 'there is no key named';

	t.deepEqual(withHttp('{compresion: gzip}'), [
		`modules.m.http.compresion: ${here} "compresion" here, did you mean compression?`,
	]);
	t.deepEqual(mistakesIn('modules: {m: {prober: tls, tls: {ca_file: x}}}'), [
		`modules.m.tls.ca_file: ${here} "ca_file" here, did you mean tls_config.ca_file?`,
	]);
	t.deepEqual(withHttp('{timeout: 5s}'), [
		`modules.m.http.timeout: ${here} "timeout" here, it belongs one level up, beside http`,
	]);
	t.deepEqual(mistakesIn('modules: {m: {prober: http, valid_status_codes: [200]}}'), [
		`modules.m.valid_status_codes: ${here} "valid_status_codes" here, did you mean http.valid_status_codes (or that of another block)?`,
	]);
	t.deepEqual(mistakesIn('vantages: [{name: a, type: local, tailscaled: {sockt: /x}}]'), [
		`vantages[0].tailscaled.sockt: ${here} "sockt" here, did you mean socket?`,
	]);
	t.deepEqual(mistakesIn('toString: {}'), [`toString: ${here} "toString" here`]);
});

test('a list, a number, a mapping that is expected is said in words, with an example that fits', t => {
	t.deepEqual(withHttp('{valid_status_codes: "200"}'), [
		'modules.m.http.valid_status_codes: expected a list such as [200]',
	]);
	t.deepEqual(withHttp('{fail_if_ssl: "yes"}'), ['modules.m.http.fail_if_ssl: expected true or false, got a text']);
	t.deepEqual(mistakesIn('vantages: [{name: a, type: local, tailscaled: true}]'), [
		'vantages[0].tailscaled: expected false or a mapping such as {key: value}',
	]);
	t.deepEqual(mistakesIn('headscale: {}'), ['headscale.url: this is missing: expected a text']);
	t.deepEqual(mistakesIn('limits: {max_series: 5}'), ['limits.max_series: expected at least 100']);
	t.deepEqual(mistakesIn('tailnet: {prefixes: []}'), ['tailnet.prefixes: expected at least 1 entry']);
	t.deepEqual(mistakesIn('log: {level: loud}'), ['log.level: expected one of "debug", "info", "warn", "error"']);
	t.regex(
		mistakesIn('web: {bearer_tokens: [{name: x}]}').join(),
		/^web\.bearer_tokens\[0\]: expected \{name, file: PATH\} or/,
	);
});

test('the example of a duration is one that would be taken', t => {
	t.deepEqual(mistakesIn('modules: {m: {prober: tls, tls: {min_remaining: 14 days}}}'), [
		'modules.m.tls.min_remaining: expected a duration between 1s and 36500d, such as 14d',
	]);
	t.deepEqual(mistakesIn('modules: {m: {prober: http, timeout: 1h}}'), [
		'modules.m.timeout: expected a duration between 10ms and 5m',
	]);
});

test('the only entry of a list is wrong: that is one mistake, not an empty list besides', t => {
	const check = 'checks: [{name: c, prober: tcp, via: direct, targets: ["x.example:1"], from: [cluster]}]';

	t.deepEqual(mistakesIn(`vantages: [{name: cluster, type: lokal}]\n${check}`), [
		'vantages[0].type: expected type: local or type: remote',
	]);
	t.is(mistakesIn(`vantages: [{type: local}]`).length, 1);
	t.is(mistakesIn(`vantages: [cluster]`).length, 1);
	t.is(mistakesIn('tailnet: {prefixes: [x]}').length, 1);
	t.is(mistakesIn('tailnet: {prefixes: [x, 10.0.0.0/8, y, 192.0.2.0/24]}').length, 2);
	t.is(mistakesIn('checks: [{name: c, prober: tcp, via: direct, targets: [5]}]').length, 1);
});

test('a type has its article', t => {
	t.regex(mistakesIn('modules: {m: {prober: tcp, http: {}}}').join(), /so an http block/);
});

test('a key that is part of another, or the one that is missing, leads to it', t => {
	t.regex(mistakesIn('kubernetes: {kubeconfig: /x}').join(), /"kubeconfig" here, did you mean kubeconfig_file\?$/);
	t.regex(mistakesIn('vast: {key: {file: x}}').join('\n'), /^vast\.key: .* here, did you mean api_key\?$/m);
	t.regex(
		mistakesIn('pools: [{name: a, match: {vast: {}}, minimum: 1}]').join('\n'),
		/\.minimum: .* here, did you mean min\?$/m,
	);
	// What cannot be the value of the missing one is not meant.
	t.regex(mistakesIn('vast: {foo: 5}').join('\n'), /^vast\.foo: there is no key named "foo" here$/m);
});

test('the example of a list is what was given, where that is a name', t => {
	const check = (from: string) =>
		`checks: [{name: c, prober: tcp, via: direct, targets: ["x.example:1"], from: ${from}}]`;

	t.deepEqual(mistakesIn(check('gpu')), ['checks[0].from: expected a list such as [gpu]']);
	t.deepEqual(mistakesIn(check('"a b, c"')), ['checks[0].from: expected a list such as [A, B]']);
});

test("an agent's configuration is told as one", t => {
	const found = mistakesIn('secret: {file: s}\nallow: [{via: tailnet}]\n');

	t.is(
		found[0],
		"this looks like an agent's configuration: it is for `tailprobe agent --config FILE`, and `tailprobe agent --config FILE --check` judges it",
	);
	t.notRegex(mistakesIn('secret: {file: s}\nchecks: []\n').join('\n'), /looks like/);
	t.notRegex(mistakesIn('nothing: 1\n').join('\n'), /looks like/);
});

test('a secret in the place of the name of an environment variable is a mistake, and is not shown', t => {
	t.deepEqual(withHttp('{authorization: {credentials: {env: "c2VjcmV0+=="}}}'), [
		'modules.m.http.authorization.credentials.env: expected the name of an environment variable: letters, digits and _',
	]);
	t.regex(mistakesIn('web: {bearer_tokens: [{name: x, env: "c2VjcmV0+=="}]}').join(), /\.env: expected the name of an/);
});
