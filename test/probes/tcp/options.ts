import test from 'ava';
import {z} from 'zod';
import {tcp} from '../../../src/probes/tcp.ts';

test('the defaults ask for no more than a connection', t => {
	t.like(tcp.options(z).parse({}), {tls: false, query_response: [], preferred_ip_protocol: 'ip4'});
});

const refuses = test.macro((t, options: Record<string, unknown>, message: RegExp) => {
	const {error} = tcp.options(z).safeParse(options);

	t.regex(error?.message ?? '', message);
});

test('what is not there is named', refuses, {source_ip_address: '192.0.2.1'}, /source_ip_address/);
test('a pattern that is none', refuses, {query_response: [{expect: '(ok'}]}, /missing closing \)/);
test('a pattern with too many steps', refuses, {query_response: [{expect: 'a{900}'}]}, /too many steps/);
test(
	'expect and expect_bytes together',
	refuses,
	{query_response: [{expect: 'a', expect_bytes: 'a'}]},
	/either expect or expect_bytes/,
);
test(
	'labels without expect',
	refuses,
	{query_response: [{labels: [{name: 'a', value: 'b'}]}]},
	/labels need an expect/,
);
test('TLS twice', refuses, {tls: true, query_response: [{starttls: true}]}, /TLS to begin once/);

test('what is harmless listens, and says nothing', t => {
	const options = tcp.options(z).parse({
		tls: false,
		tls_config: {cert_file: '/a', key_file: '/b'},
		query_response: [{expect: '^220', send: 'AUTH hunter2'}, {expect: '^235'}, {starttls: true}],
	});

	const harmless = tcp.harmless?.(options);

	t.deepEqual(harmless?.query_response, [{expect: '^220', labels: [], starttls: false}]);
	t.notRegex(JSON.stringify(harmless), /hunter2|cert_file|key_file/);
});

const unjudged = (...steps: Record<string, unknown>[]) => tcp.unjudged?.(tcp.options(z).parse({query_response: steps}));

test('what comes behind the first word of ours stays unjudged, and a last word of ours has nothing behind it', t => {
	const ended = 'the conversation ended before the send of step';

	t.is(unjudged({expect: 'a'}, {send: 'b'}, {expect: 'c'}), `${ended} 2 of 3`);
	t.is(unjudged({send: 'b'}, {expect_bytes: 'c'}), `${ended} 1 of 2`);
	t.is(unjudged({expect: 'a', send: 'STARTTLS'}, {starttls: true}), `${ended} 1 of 2`);
	t.is(unjudged({send: 'STARTTLS', starttls: true}), `${ended} 1 of 1`);
	t.is(unjudged({expect: 'a'}, {send: 'b'}, {send: 'c'}), undefined);
	t.is(unjudged({expect: 'a'}, {starttls: true}, {expect: 'b'}), undefined);
	t.is(unjudged({send: ''}, {expect: 'b'}), undefined);
	t.is(unjudged(), undefined);
});
