/** The http probe over HTTP/2, against a real server. */

import test from 'ava';
import {http} from '../../../src/probes/http.ts';
import {version} from '../../../src/util/version.ts';
import {
	endHeaders,
	endStream,
	frame,
	headerBlock,
	serveFrames,
	serveHttp2,
	types,
} from '../../helpers/http2-servers.ts';
import {isDown, measure} from '../../helpers/probing.ts';
import {allClosed, caFile, httpAnswer, saying, serveTls} from '../../helpers/servers.ts';

const tls = {tls_config: {ca_file: caFile}};

test('HTTP/2 is spoken where the server takes it, with all phases, values and facts', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200, 'content-length': 5, 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT'});
		stream.end('hello');
	});

	const reading = await measure(http, `https://localhost:${server.port}/healthz?full=1`, tls);

	t.true(reading.ok, reading.detail);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'connect', 'tls', 'processing', 'transfer']);
	t.like(reading.values, {
		status_code: 200,
		content_length: 5,
		body_bytes: 5,
		ssl: 1,
		last_modified_seconds: 1_704_067_200,
	});
	t.like(reading.facts, {http_version: '2.0', tls_alpn: 'h2', address: '127.0.0.1', phase: 'transfer'});
	await allClosed({...server, heads: [], names: []});
});

test('of an answer whose body is cut short the status and the headers are told', async t => {
	const server = await serveHttp2(t, stream => {
		stream.on('error', () => {});
		stream.respond({':status': 203, 'content-length': 100});
		stream.write('hello', () => server.hangUp());
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	t.is(reading.reason, 'reset', reading.detail);
	t.like(reading.values, {status_code: 203, content_length: 100, ssl: 1});
	t.is(reading.facts.http_version, '2.0');
});

test('the request carries the host as authority, its headers in small letters, and nothing of the connection', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200});
		stream.end();
	});

	await measure(http, `https://127.0.0.1:${server.port}/a?b`, {
		...tls,
		method: 'POST',
		body: 'ping',
		headers: {Host: 'livekit', 'X-Room': 'a'},
	});

	t.deepEqual(Object.fromEntries(Object.entries(server.requests[0] ?? {})), {
		':method': 'POST',
		':scheme': 'https',
		':authority': 'livekit',
		':path': '/a?b',
		'user-agent': `tailprobe/${version}`,
		accept: '*/*',
		'accept-encoding': 'identity',
		'x-room': 'a',
		'content-length': '4',
	});
});

test('the phases are those of the server', async t => {
	const server = await serveHttp2(t, stream => {
		setTimeout(() => {
			stream.respond({':status': 200});
			stream.write('a');
			setTimeout(() => stream.end('b'), 200);
		}, 100);
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	const {processing = 0, transfer = 0} = reading.phases ?? {};
	t.true(processing > 0.09 && processing < 0.5, `processing ${processing}`);
	t.true(transfer > 0.1 && transfer < 0.8, `transfer ${transfer}`);
	t.is(reading.values.body_bytes, 2);
});

test('a large body comes whole', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200});
		stream.end(Buffer.alloc(1_000_000, 'x'));
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, {
		...tls,
		fail_if_body_not_matches_regexp: ['^x{5}'],
	});

	t.true(reading.ok, reading.detail);
	t.is(reading.values.body_bytes, 1_000_000);
});

test('HEAD has no body', async t => {
	const server = await serveHttp2(t, stream => {
		stream.respond({':status': 200, 'content-length': 99}, {endStream: true});
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, {...tls, method: 'HEAD'});

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {content_length: 99, body_bytes: 0});
});

test('304 tells the length of what it does not send', async t => {
	const server = await serveFrames(t, socket => {
		const head = headerBlock(304, [['content-length', '99']]);
		socket.write(frame(types.headers, endHeaders | endStream, 1, head));
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, {...tls, valid_status_codes: [304]});

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {status_code: 304, content_length: 99, body_bytes: 0});
});

test('204 with a length breaks the rules', async t => {
	const server = await serveFrames(t, socket => {
		const head = headerBlock(204, [['content-length', '99']]);
		socket.write(frame(types.headers, endHeaders | endStream, 1, head));
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	isDown(t, reading, {reason: 'protocol', phase: 'processing', detail: /PROTOCOL_ERROR/});
});

test('interim answers are passed over', async t => {
	const server = await serveHttp2(t, stream => {
		stream.additionalHeaders({':status': 103, link: '</a>'});
		stream.respond({':status': 200});
		stream.end('x');
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	t.true(reading.ok, reading.detail);
});

test('a redirect within HTTP/2 is followed over a connection of its own', async t => {
	const server = await serveHttp2(t, (stream, headers) => {
		if (headers[':path'] === '/') stream.respond({':status': 302, location: '/b'}, {endStream: true});
		else stream.respond({':status': 200}, {endStream: true});
	});

	const reading = await measure(http, `https://localhost:${server.port}/`, tls);

	t.true(reading.ok, reading.detail);
	t.is(reading.values.redirects, 1);
	t.is(server.accepted, 2);
});

test('HTTP/1.1 is spoken where HTTP/2 is switched off, or the server does not take it', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')), ['h2', 'http/1.1']);
	const old = await serveTls(t, 'good', saying(httpAnswer('200 OK')), ['http/1.1']);

	const off = await measure(http, `https://localhost:${server.port}/`, {...tls, enable_http2: false});
	const not = await measure(http, `https://localhost:${old.port}/`, tls);

	t.like(off.facts, {http_version: '1.1', tls_alpn: 'http/1.1'});
	t.like(not.facts, {http_version: '1.1', tls_alpn: 'http/1.1'});
	t.true(off.ok && not.ok);
});

test('HTTP/2 can be demanded', async t => {
	const old = await serveTls(t, 'good', saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${old.port}/`, {...tls, valid_http_versions: ['HTTP/2.0']});

	t.like(reading, {ok: false, reason: 'status'});
	t.regex(reading.detail ?? '', /in HTTP\/1\.1; wanted HTTP\/2\.0/);
});
