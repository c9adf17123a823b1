import test from 'ava';
import {faultOfDnsTarget, parseDnsTarget} from '../../../src/probes/dns/target.ts';

const reads = test.macro((t, text: string, wanted: object) => {
	t.deepEqual(parseDnsTarget(text), {ok: true, ...wanted});
	t.is(faultOfDnsTarget(text), undefined);
});

test('a server', reads, 'ns.example', {host: 'ns.example'});
test('a server with a port', reads, '192.0.2.1:5353', {host: '192.0.2.1', port: 5353});
test('a bare IPv6 address', reads, '2001:db8::1', {host: '2001:db8::1'});
test('an IPv6 address with a port', reads, '[2001:db8::1]:5353', {host: '2001:db8::1', port: 5353});
test('a URI', reads, 'dns://100.100.100.100/livekit', {host: '100.100.100.100', uri: {name: 'livekit'}});
test('a URI with all there is', reads, 'DNS://[2001:db8::1]:5353/_sip._tcp.x.test?CLASS=in;TYPE=srv', {
	host: '2001:db8::1',
	port: 5353,
	uri: {name: '_sip._tcp.x.test', type: 'SRV', class: 'IN'},
});
test('a URI without a name', reads, 'dns://ns.example', {host: 'ns.example', uri: {}});
test('the root', reads, 'dns://ns.example/.?type=NS', {host: 'ns.example', uri: {name: '.', type: 'NS'}});

const refuses = test.macro((t, text: string, detail: RegExp) => {
	t.regex(faultOfDnsTarget(text) ?? 'nothing', detail);
});

test('no server', refuses, 'dns:///livekit', /form dns:\/\/SERVER/);
test('the short form of RFC 4501', refuses, 'dns:livekit', /form dns:\/\/SERVER/);
test('a web address', refuses, 'https://dns.example/dns-query', /"https/);
test('an address in an unusual form', refuses, 'dns://0x7f.1/a', /unusual|neither/);
test('a port that is none', refuses, 'ns.example:99999', /port/);
test('a name that is none', refuses, 'dns://ns.example/a..b', /two dots in a row/);
test('a type that is none', refuses, 'dns://ns.example/a?type=APPLE', /"type=APPLE" behind its question mark/);
test('a type twice', refuses, 'dns://ns.example/a?type=A&type=MX', /"type=MX"/);
test('something else', refuses, 'dns://ns.example/a?token=x', /expected type=AAAA/);
test('a path with two parts', refuses, 'dns://ns.example/a/b', /form/);
