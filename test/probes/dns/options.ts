import test from 'ava';
import {z} from 'zod';
import {dnsOptions} from '../../../src/probes/dns/options.ts';

const refuses = test.macro((t, options: object, detail: RegExp) => {
	const {error} = dnsOptions(z).safeParse(options);

	t.regex(error?.message ?? 'taken', detail);
});

test('a module of blackbox_exporter is taken as it is', t => {
	const module = {
		query_name: 'www.prometheus.io',
		query_type: 'A',
		query_class: 'IN',
		recursion_desired: true,
		transport_protocol: 'tcp',
		dns_over_tls: true,
		tls_config: {server_name: 'dns.example'},
		preferred_ip_protocol: 'ip4',
		ip_protocol_fallback: false,
		valid_rcodes: ['NOERROR', 'NXDOMAIN'],
		validate_answer_rrs: {fail_if_matches_regexp: ['.*127.0.0.1']},
		validate_authority_rrs: {fail_if_not_matches_regexp: ['ns']},
		validate_additional_rrs: {fail_if_all_match_regexp: ['x'], fail_if_none_matches_regexp: ['y']},
	};

	t.true(dnsOptions(z).safeParse(module).success);
});

test('by default only NOERROR is up, and ip4 comes first', t => {
	t.like(dnsOptions(z).parse({}), {
		valid_rcodes: ['NOERROR'],
		preferred_ip_protocol: 'ip4',
		transport_protocol: 'udp',
		recursion_desired: true,
		query_class: 'IN',
		query_type: undefined,
	});
});

test('TLS over UDP', refuses, {dns_over_tls: true}, /transport_protocol: tcp/);
test('a type that is none', refuses, {query_type: 'APPLE'}, /record type such as A/);
test('a code that is none', refuses, {valid_rcodes: ['OK']}, /response code such as NXDOMAIN/);
test('a name that is none', refuses, {query_name: 'a..b'}, /two dots in a row/);
test('a pattern that is none', refuses, {validate_answer_rrs: {fail_if_matches_regexp: ['(']}}, /no RE2 expression/);
test(
	'patterns that would take too long',
	refuses,
	{validate_answer_rrs: {fail_if_matches_regexp: ['a{500}b{500}c{500}']}},
	/too many steps/,
);
test('an address that is none', refuses, {expect_addresses: ['livekit']}, /expected an address such as 100/);
test('addresses in mail records', refuses, {expect_addresses: 'peers', query_type: 'MX'}, /hold no addresses/);
test('an option that is not there', refuses, {source_ip_address: '192.0.2.1'}, /source_ip_address/);
