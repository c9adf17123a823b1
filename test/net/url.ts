import test from 'ava';
import {endpointOf, parseHostPort, parseRedirect, parseTargetUrl, shownUrl} from '../../src/net/url.ts';

const reads = test.macro((t, text: string, href: string) => {
	const parsed = parseTargetUrl(text);

	t.deepEqual(parsed.ok ? parsed.url.href : parsed, href);
});

const refuses = test.macro((t, text: string, detail: RegExp) => {
	const parsed = parseTargetUrl(text);

	t.regex(parsed.ok ? `understood as ${parsed.url.href}` : parsed.detail, detail);
});

test('a URL is read as it stands', reads, 'https://livekit:7880/rtc?x=1', 'https://livekit:7880/rtc?x=1');
test('without a scheme it is http', reads, 'example.com:80/path', 'http://example.com/path');
test('a bare name is http', reads, 'june-orchestrator', 'http://june-orchestrator/');
test('capitals in scheme and host are the same', reads, 'HTTP://LiveKit:7880', 'http://livekit:7880/');
test('an IPv4 address is read', reads, '100.64.0.3:8080/healthz', 'http://100.64.0.3:8080/healthz');
test('an IPv6 address is read', reads, 'http://[fd7a:115c:a1e0::1]:8080/', 'http://[fd7a:115c:a1e0::1]:8080/');
test(
	'a name may end in a dot',
	reads,
	'http://auth.june.svc.cluster.local.:8080/',
	'http://auth.june.svc.cluster.local.:8080/',
);
test('a name may have dashes, underscores and digits', reads, 'http://june-gpu_1.a1/', 'http://june-gpu_1.a1/');

test('nothing is refused', refuses, '', /is empty/);
test('another scheme is refused', refuses, 'ftp://example.com/', /scheme other than http and https/);
test('a file is refused', refuses, 'file:///etc/passwd', /scheme other than http and https/);
test('a scheme without slashes is no host and port', refuses, 'javascript:alert(1)', /port that is no number/);
test('no host is refused', refuses, 'http:///path', /has no host/);
test(
	'a user is refused and not shown',
	refuses,
	'http://root:secret@livekit/',
	/^"the URL" contains a user name or password/,
);
test('an empty user is refused', refuses, 'http://@livekit/', /user name/);
test('a hexadecimal address is refused', refuses, 'http://0x7f.1/', /unusual way: write 127\.0\.0\.1/);
test('a decimal address is refused', refuses, 'http://2130706433/', /unusual way: write 127\.0\.0\.1/);
test('an octal address is refused', refuses, 'http://0177.0.0.1/', /unusual way: write 127\.0\.0\.1/);
test('a short address is refused', refuses, 'http://127.1/', /unusual way: write 127\.0\.0\.1/);
test('an address with a dot at its end is refused', refuses, 'http://127.0.0.1./', /unusual way: write 127\.0\.0\.1/);
test('an address out of range is refused', refuses, 'http://256.1.1.1/', /neither a name nor a proper address/);
test('two dots at the end are refused', refuses, 'http://livekit../', /neither a name/);
test('an empty label is refused', refuses, 'http://a..b/', /neither a name/);
test('a host of dots is refused', refuses, 'http://./', /neither a name/);
test('wide digits are refused', refuses, 'http://１２７.0.0.1/', /neither a name/);
test('escaped letters in a host are refused', refuses, 'http://%6cocalhost/', /neither a name/);
test('a soft hyphen in a host is refused', refuses, 'http://local\u00adhost/', /neither a name/);
test('a long IPv6 address is refused', refuses, 'http://[0:0:0:0:0:0:0:1]/', /unusual way: write \[::1\]/);
test('an IPv4 address inside an IPv6 one is refused', refuses, 'http://[::ffff:127.0.0.1]/', /unusual way/);
test('a zone is refused', refuses, 'http://[fe80::1%25eth0]/', /neither a name nor a proper address/);
test('brackets around a name are refused', refuses, 'http://[livekit]/', /no IPv6 address/);
test('text behind brackets is refused', refuses, 'http://[::1]x:80/', /no IPv6 address|neither/);
test('port 0 is refused', refuses, 'http://livekit:0/', /no number from 1 to 65535/);
test('port 65536 is refused', refuses, 'http://livekit:65536/', /no number from 1 to 65535/);
test('a port with zeros before it is refused', refuses, 'http://livekit:080/', /no number from 1 to 65535/);
test('an empty port is refused', refuses, 'http://livekit:/', /no number from 1 to 65535/);
test('a tab, which the parser of the web drops, is refused', refuses, 'http://live\tkit/', /control character/);
test('a line end is refused', refuses, 'http://livekit/\r\nX: y', /control character/);
test('a blank before is refused', refuses, ' http://livekit/', /blank/);
test('a backslash, which the parser of the web turns, is refused', refuses, 'http:\\\\livekit\\', /backslash/);
test('a backslash in the host is refused', refuses, 'http://a\\@b/', /backslash|user name/);
test('a very long URL is refused', refuses, `http://livekit/${'x'.repeat(2048)}`, /longer than 2048/);
test('a query is not shown', refuses, 'http://livekit:0/?token=secret', /^"http:\/\/livekit:0\/" has a port/);

test('endpoints have their scheme’s port and no brackets', t => {
	const endpoints = ['http://a/', 'https://a/', 'https://[::1]:8443/'].map(text => endpointOf(new URL(text)));

	t.deepEqual(endpoints, [
		{host: 'a', port: 80},
		{host: 'a', port: 443},
		{host: '::1', port: 8443},
	]);
});

test('a URL for a person has neither query nor user nor fragment and is bounded', t => {
	t.is(shownUrl(new URL('http://u:p@livekit:7880/a?token=x#y')), 'http://livekit:7880/a?…');
	t.true(shownUrl(new URL(`http://livekit/${'a'.repeat(1000)}`)).length < 200);
});

const redirects = test.macro((t, location: string, wanted: string | RegExp) => {
	const parsed = parseRedirect(location, new URL('https://livekit:7880/a/b?c=d'));

	if (typeof wanted === 'string') t.is(parsed.ok ? parsed.url.href : parsed.detail, wanted);
	else t.regex(parsed.ok ? `understood as ${parsed.url.href}` : parsed.detail, wanted);
});

test('a relative path leads on', redirects, '../x', 'https://livekit:7880/x');
test('an absolute path leads on', redirects, '/x?y=z', 'https://livekit:7880/x?y=z');
test('a query leads on', redirects, '?e', 'https://livekit:7880/a/b?e');
test('a URL leads on', redirects, 'http://auth/x', 'http://auth/x');
test('a URL without scheme keeps the scheme', redirects, '//auth:81/x', 'https://auth:81/x');
test('a redirect to a user is refused', redirects, 'http://a:b@auth/', /user name/);
test('a redirect to an odd address is refused', redirects, 'http://0x7f.1/', /unusual way/);
test('a redirect to an odd address without scheme is refused', redirects, '//2130706433/', /unusual way/);
test('a redirect to another scheme is refused', redirects, 'file:///etc/passwd', /scheme other/);
test('a redirect to data is refused', redirects, 'data:text/plain,x', /scheme other/);
test('a redirect by backslashes is refused', redirects, '/\\auth/', /backslash/);
test('a redirect with a tab in its scheme is refused', redirects, 'ht\ttp://auth/', /control character/);
test('a redirect with one slash is refused', redirects, 'http:/auth/', /scheme other/);

const endpoint = test.macro((t, text: string, wanted: {host: string; port: number} | RegExp) => {
	const parsed = parseHostPort(text);

	if (wanted instanceof RegExp) t.regex(parsed.ok ? `understood as ${parsed.host}` : parsed.detail, wanted);
	else t.deepEqual(parsed, {ok: true, ...wanted});
});

test('host and port', endpoint, 'LiveKit:7880', {host: 'livekit', port: 7880});
test('an IPv6 literal in brackets', endpoint, '[fd7a:115c:a1e0::1]:22', {host: 'fd7a:115c:a1e0::1', port: 22});
test('an address and port', endpoint, '100.64.0.1:22', {host: '100.64.0.1', port: 22});
test('no port', endpoint, 'livekit', /not of the form host:port/);
test('an IPv6 literal without brackets', endpoint, '::1:22', /not of the form host:port/);
test('a hexadecimal address with port', endpoint, '0x7f.1:22', /write 127\.0\.0\.1/);
test('port 0 of a host', endpoint, 'livekit:0', /no number from 1/);
test('a URL is no host and port', endpoint, 'http://livekit:80', /not of the form/);
test('a path behind the port', endpoint, 'livekit:80/x', /no number from 1/);
test('a user before the host', endpoint, 'a@b:80', /neither a name/);
