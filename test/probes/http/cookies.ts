import test from 'ava';
import {CookieJar} from '../../../src/probes/http/cookies.ts';
import {http} from '../../../src/probes/http.ts';
import {measure} from '../../helpers/probing.ts';
import {httpAnswer, saying, serve} from '../../helpers/servers.ts';

/** The header Cookie that goes to `to` after answers with these Set-Cookie headers. */
function sent(to: string, set: readonly (readonly [from: string, cookie: string])[], configured?: string) {
	const jar = new CookieJar();
	for (const [from, cookie] of set) jar.take(new URL(from), [['set-cookie', cookie]]);
	const headers = jar.addTo(
		[['Host', 'x'], ...(configured === undefined ? [] : ([['cookie', configured]] as const))],
		new URL(to),
	);
	return headers.find(([name]) => name.toLowerCase() === 'cookie')?.[1];
}

const here = 'http://a.test/x/y';

test('what a host sets goes back to it, the longest path first', t => {
	t.is(
		sent('http://a.test/x/z', [
			[here, 'n=1; Path=/'],
			[here, 'm=2; HttpOnly'],
			[here, 'q="a b"; path=/'],
		]),
		'm=2; n=1; q="a b"',
	);
	t.is(sent('http://a.test/', []), undefined);
});

test('a cookie that is set again is another, and one that ends is gone', t => {
	t.is(
		sent(here, [
			[here, 'n=1'],
			[here, 'n=2'],
		]),
		'n=2',
	);
	t.is(
		sent(here, [
			[here, 'n=1'],
			[here, 'n=; Max-Age=0'],
		]),
		undefined,
	);
	t.is(
		sent(here, [
			[here, 'n=1'],
			[here, 'n=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
		]),
		undefined,
	);
	t.is(sent(here, [[here, 'n=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT']]), 'n=1');
	t.is(
		sent(here, [
			[here, 'n=1'],
			[here, 'n=2; Path=/'],
		]),
		'n=1; n=2',
	);
});

test('no other host gets it, whatever Domain says', t => {
	for (const domain of ['', '; Domain=test', '; Domain=a.test', '; Domain=.a.test']) {
		const set = [[here, `n=1${domain}`]] as const;

		t.is(sent(here, set), 'n=1', domain);
		for (const other of ['http://b.test/x/', 'http://b.a.test/x/', 'http://test/x/', 'http://xa.test/x/'])
			t.is(sent(other, set), undefined, `${domain} ${other}`);
	}
	t.is(sent(here, [[here, 'n=1; Domain=b.test']]), undefined);
	t.is(sent(here, [[here, 'n=1; Domain=b.a.test']]), undefined);
});

test('a path is one of whole parts', t => {
	const set = [[here, 'n=1; Path=/x']] as const;

	for (const path of ['/x', '/x/', '/x/y']) t.is(sent(`http://a.test${path}`, set), 'n=1', path);
	for (const path of ['/', '/xy', '/X/y']) t.is(sent(`http://a.test${path}`, set), undefined, path);
	t.is(sent('http://a.test/xy', [['http://a.test/x', 'n=1']]), 'n=1');
	t.is(sent('http://a.test/', [[here, 'n=1; Path=nowhere']]), undefined);
});

test('a secure cookie goes over TLS only', t => {
	const set = [['https://a.test/', 'n=1; Secure']] as const;

	t.is(sent('https://a.test/', set), 'n=1');
	t.is(sent('http://a.test/', set), undefined);
});

test('what could do harm in a header is passed over', t => {
	for (const cookie of ['n', '=1', 'n\r\nX: y=1', 'n=a\r\nX: y', 'n=\u00ff', 'a b=1', `n=${'x'.repeat(4096)}`])
		t.is(sent(here, [[here, cookie]]), undefined, cookie.slice(0, 20));
});

test('their number is bounded', t => {
	const set = Array.from({length: 1000}, (_, nth) => [here, `n${nth}=1`] as const);

	t.is(sent(here, set)?.split('; ').length, 20);
});

test('those of the configuration stay, but for one of the same name', t => {
	t.is(sent(here, [[here, 'n=2']], 'a=1; n=1'), 'a=1; n=2');
	t.is(sent(here, [], 'a=1; n=1'), 'a=1; n=1');
});

test('a page that sets a cookie and sends back to itself is up', async t => {
	const server = await serve(t, {
		onHead(socket, head) {
			const knows = head.includes('\r\nCookie: session=abc\r\n');
			const set = ['Location: /', 'Set-Cookie: session=abc; Path=/; HttpOnly'];
			socket.end(knows ? httpAnswer('200 OK') : httpAnswer('302 Found', '', set));
		},
	});
	const address = `http://127.0.0.1:${server.port}/`;

	const reading = await measure(http, address);
	const again = await measure(http, address);

	t.true(reading.ok, reading.detail);
	t.is(reading.values.redirects, 1);
	// Nothing is left for the next run.
	t.is(again.values.redirects, 1);
});

test('another host gets neither the cookie nor that of the configuration', async t => {
	const other = await serve(t, saying(httpAnswer('200 OK')), '127.0.0.2');
	const leads = httpAnswer('302 Found', '', [`Location: http://127.0.0.2:${other.port}/`, 'Set-Cookie: n=1; Path=/']);
	const server = await serve(t, saying(leads));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {headers: {Cookie: 'configured=1'}});

	t.true(reading.ok, reading.detail);
	t.is(other.heads.length, 1);
	t.notRegex(other.heads[0] ?? '', /cookie/i);
});
