/** Packed answers. */

import {brotliCompressSync, gzipSync} from 'node:zlib';
import test from 'ava';
import {http} from '../../../src/probes/http.ts';
import {serveHttp2} from '../../helpers/http2-servers.ts';
import {measure} from '../../helpers/probing.ts';
import {caFile, httpAnswer, saying, serve} from '../../helpers/servers.ts';

function packed(body: Buffer, coding: string | undefined, status = '200 OK'): Buffer {
	const header = coding === undefined ? '' : `Content-Encoding: ${coding}\r\n`;
	return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${header}Content-Length: ${body.length}\r\n\r\n`), body]);
}

const gzipped = gzipSync('{"status":"ready"}'.repeat(100));

test('a packed answer is asked for, unpacked and judged; what came and what was in it are told', async t => {
	const server = await serve(t, saying(packed(gzipped, 'gzip')));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {
		compression: 'gzip',
		fail_if_body_not_matches_regexp: ['"ready"'],
	});

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {
		content_length: gzipped.length,
		body_bytes: gzipped.length,
		uncompressed_body_bytes: 1800,
	});
	t.regex(server.heads[0] ?? '', /\r\nAccept-Encoding: gzip\r\n/);
});

test('a configured Accept-Encoding stands', async t => {
	const server = await serve(t, saying(packed(gzipped, 'gzip')));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {
		compression: 'gzip',
		headers: {'Accept-Encoding': 'br;q=1.0, gzip;q=0.9'},
	});

	t.true(reading.ok, reading.detail);
	t.regex(server.heads[0] ?? '', /\r\nAccept-Encoding: br;q=1\.0, gzip;q=0\.9\r\n/);
});

test('it works over HTTP/2 too', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200, 'content-encoding': 'br'});
		stream.end(brotliCompressSync('hello'));
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, {
		compression: 'br',
		tls_config: {ca_file: caFile},
		fail_if_body_not_matches_regexp: ['^hello$'],
	});

	t.true(reading.ok, reading.detail);
	t.is(reading.values.uncompressed_body_bytes, 5);
});

test('an answer that is packed although nobody asked is counted as it came', async t => {
	const server = await serve(t, saying(packed(gzipped, 'gzip')));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`);

	t.true(reading.ok, reading.detail);
	t.is(reading.values.body_bytes, gzipped.length);
	t.false('uncompressed_body_bytes' in reading.values);
});

test('an answer without a body needs no packing', async t => {
	const server = await serve(t, saying('HTTP/1.1 204 No Content\r\n\r\n'));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {compression: 'gzip'});

	t.true(reading.ok, reading.detail);
});

const isDown = test.macro(
	async (t, answer: Buffer | string, options: Record<string, unknown>, reason: string, detail: RegExp) => {
		const server = await serve(t, saying(answer));

		const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {compression: 'gzip', ...options});

		t.like(reading, {ok: false, reason: reason as 'content'});
		t.regex(reading.detail ?? '', detail);
		t.true(Object.keys(reading.phases ?? {}).includes('transfer'));
	},
);

test(
	'an answer that is not packed is not what was wanted',
	isDown,
	httpAnswer('200 OK', 'plain'),
	{},
	'content',
	/answered 200 OK after [\d.]+ ms, not packed; wanted gzip \(compression\)$/,
);
test(
	'another packing is not what was wanted',
	isDown,
	packed(gzipped, 'br'),
	{},
	'content',
	/packed with "br"; wanted gzip/,
);
test('a wrong status is told first', isDown, httpAnswer('500 No', 'plain'), {}, 'status', /500 No.*wanted 2xx/);
test(
	'a damaged body breaks the protocol',
	isDown,
	packed(gzipped.subarray(0, 20), 'gzip'),
	{},
	'protocol',
	/answered 200 OK after [\d.]+ ms: the answer says that it is packed with gzip, but: unexpected end of file/,
);
test(
	'a body packed twice is not unpacked',
	isDown,
	packed(gzipSync(gzipped), 'gzip, gzip'),
	{},
	'protocol',
	/packed more than once/,
);
test(
	'a bomb is a body over the limit',
	isDown,
	packed(gzipSync(Buffer.alloc(50_000_000)), 'gzip'),
	{},
	'content',
	/body of more than 1048576 bytes \(body_size_limit\)/,
);
test(
	'a body that is too large before it is unpacked is read no further',
	isDown,
	packed(Buffer.alloc(3_000_000, 'x'), 'gzip'),
	{},
	'content',
	/body of more than 1048576 bytes/,
);
