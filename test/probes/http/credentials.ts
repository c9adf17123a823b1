/** What proves who we are: where it goes, where it does not, and what is told of it. */

import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createServer} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import {http} from '../../../src/probes/http.ts';
import {withHeldDisk} from '../../helpers/held-disk.ts';
import {serveHttp2} from '../../helpers/http2-servers.ts';
import {measure} from '../../helpers/probing.ts';
import {caFile, httpAnswer, saying, serve, serveTls} from '../../helpers/servers.ts';

async function fileOf(t: ExecutionContext, content: string): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const file = join(folder, 'file');
	await writeFile(file, content);
	return file;
}

test('credentials are sent, and a rotated one by the next run', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const file = await fileOf(t, 'one');
	const options = {bearer_token_file: file, http_headers: {'X-Room': {values: ['a', 'b']}}};

	await measure(http, `http://127.0.0.1:${server.port}/`, options);
	await writeFile(file, 'second');
	await measure(http, `http://127.0.0.1:${server.port}/`, options);

	t.regex(server.heads[0] ?? '', /\r\nAuthorization: Bearer one\r\nX-Room: a\r\nX-Room: b\r\n/);
	t.regex(server.heads[1] ?? '', /\r\nAuthorization: Bearer second\r\n/);
});

test('credentials are sent over HTTP/2, every value of a header', async t => {
	const server = await serveHttp2(t, stream => stream.respond({':status': 200}, {endStream: true}));
	const file = await fileOf(t, 'one');

	const reading = await measure(http, `https://localhost:${server.port}/`, {
		bearer_token_file: file,
		http_headers: {'X-Room': {values: ['a', 'b']}, Referer: {values: ['c', 'd']}},
		tls_config: {ca_file: caFile},
	});

	t.true(reading.ok, reading.detail);
	t.like(server.requests[0], {authorization: 'Bearer one', 'x-room': 'a, b'});
});

test('a secret that cannot be read says nothing about the target, and nothing is dialled', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));

	const running = measure(http, `http://127.0.0.1:${server.port}/`, {bearer_token_file: '/nowhere/token'});

	await t.throwsAsync(running, {name: 'CannotLookError', message: /\/nowhere\/token cannot be read/});
	t.is(server.accepted, 0);
});

test('a disk of ours that does not answer within the deadline says nothing about the target', async t => {
	const runs = (await withHeldDisk('runs.ts')) as {name: string; reason: string; said: string}[];

	t.is(runs.length, 4);
	for (const {name, reason, said} of runs) {
		t.is(name, 'CannotLookError');
		t.is(reason, 'vantage');
		t.regex(said, /the disk of this machine does not answer/);
	}
});

test('a redirect within the origin takes the credentials along', async t => {
	const server = await serve(t, {
		onHead: (socket, head) =>
			void socket.end(head.startsWith('GET / ') ? httpAnswer('302 Found', '', ['Location: /b']) : httpAnswer('200 OK')),
	});
	const file = await fileOf(t, 'one');

	await measure(http, `http://127.0.0.1:${server.port}/`, {basic_auth: {username: 'a', password_file: file}});

	t.is(server.heads.length, 2);
	t.true(server.heads.every(head => head.match(/\r\nAuthorization: Basic /g)?.length === 1));
});

test('a redirect to another origin leaves them behind, for the rest of the way', async t => {
	const other = await serve(t, {
		onHead: (socket, head) =>
			void socket.end(
				httpAnswer('302 Found', '', [`Location: http://127.0.0.1:${/^GET \/(\d+)/.exec(head)?.[1] ?? ''}/home`]),
			),
	});
	const server = await serve(t, {
		onHead: (socket, head) =>
			void socket.end(
				head.startsWith('GET /home')
					? httpAnswer('200 OK')
					: httpAnswer('302 Found', '', [`Location: http://127.0.0.1:${other.port}/${server.port}`]),
			),
	});
	const file = await fileOf(t, 'one');

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {
		bearer_token_file: file,
		http_headers: {'X-Key': {values: ['k']}},
	});

	t.true(reading.ok, reading.detail);
	t.regex(server.heads[0] ?? '', /Authorization/);
	t.notRegex(other.heads[0] ?? 'Authorization', /Authorization|X-Key/);
	t.notRegex(server.heads[1] ?? 'Authorization', /Authorization|X-Key/);
});

test('from https to http nothing is sent along', async t => {
	const last = await serve(t, saying(httpAnswer('200 OK')));
	const server = await serveTls(
		t,
		'good',
		saying(httpAnswer('302 Found', '', [`Location: http://localhost:${last.port}/`])),
	);
	const file = await fileOf(t, 'one');

	await measure(http, `https://localhost:${server.port}/`, {bearer_token_file: file, tls_config: {ca_file: caFile}});

	t.regex(server.heads[0] ?? '', /Authorization/);
	t.notRegex(last.heads[0] ?? 'Authorization', /Authorization/);
});

test('the certificate that we show stays with its origin', async t => {
	const folder = new URL('../../fixtures/tls/', import.meta.url).pathname;
	const tls = {key: await readFile(`${folder}server.key`), cert: await readFile(`${folder}good.pem`)};
	const shown: boolean[] = [];
	const ports: number[] = [];
	for (const answer of [
		() => httpAnswer('200 OK'),
		() => httpAnswer('302 Found', '', [`Location: https://localhost:${ports[0]}/`]),
	]) {
		const server = createServer({...tls, requestCert: true, rejectUnauthorized: false}, socket => {
			shown.push(socket.getPeerX509Certificate() !== undefined);
			socket.on('error', () => {}).once('data', () => socket.end(answer()));
		});
		await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
		t.teardown(() => void server.close());
		ports.push((server.address() as AddressInfo).port);
	}

	const reading = await measure(http, `https://localhost:${ports[1]}/`, {
		tls_config: {ca_file: caFile, cert_file: `${folder}good.pem`, key_file: `${folder}server.key`},
	});

	t.true(reading.ok, reading.detail);
	t.deepEqual(shown, [true, false]);
});

test('the answer to a request with credentials is not told', async t => {
	const server = await serve(t, saying(httpAnswer('500 No', 'secret')));
	const file = await fileOf(t, 'one');

	for (const options of [
		{bearer_token_file: file},
		{http_headers: {'X-A': {files: [file]}}},
		{method: 'POST', body_file: file},
	]) {
		const reading = await measure(http, `http://127.0.0.1:${server.port}/`, options);

		t.is(reading.reason, 'status');
		t.is(reading.facts.body_start, undefined);
	}
});

test('a body from a file is sent, and read again when it changes', async t => {
	const server = await serve(t, saying(httpAnswer('200 OK')));
	const file = await fileOf(t, 'ping');
	const options = {method: 'POST', body_file: file};

	await measure(http, `http://127.0.0.1:${server.port}/`, options);
	await writeFile(file, 'pong\n');
	await measure(http, `http://127.0.0.1:${server.port}/`, options);

	t.regex(server.heads[0] ?? '', /Content-Length: 4\r\n\r\nping$/);
	t.regex(server.heads[1] ?? '', /Content-Length: 5\r\n\r\npong\n$/);
});

test('a body that is too large, or not there, is not sent', async t => {
	const file = await fileOf(t, 'x'.repeat(1_048_577));

	for (const [path, message] of [
		[file, /body_file.*larger than 1048576 bytes/],
		['/nowhere/body', /body_file.*there is no such file/],
	] as const)
		await t.throwsAsync(measure(http, 'http://127.0.0.1:1/', {method: 'POST', body_file: path}), {
			name: 'CannotLookError',
			message,
		});
});

test('an ad hoc target that nobody configured gets nothing that proves who we are', t => {
	const options = http.options(z).parse({
		method: 'POST',
		body_file: '/a',
		headers: {Accept: 'text/plain', 'X-Key': 'k'},
		basic_auth: {username: 'a', password_file: '/b'},
		http_headers: {'X-A': {files: ['/c']}},
		tls_config: {cert_file: '/d', key_file: '/e'},
	});

	const left = http.harmless?.(options);

	t.deepEqual(left?.headers, {Accept: 'text/plain'});
	t.notRegex(JSON.stringify(left), /"\/[a-e]"|basic_auth|http_headers/);
});

test('a request without its body is another one, a request without credentials the same', t => {
	const unjudged = (options: object) => http.unjudged?.(http.options(z).parse(options));

	t.is(unjudged({method: 'POST', body: 'a'}), 'no body was sent');
	t.is(unjudged({method: 'POST', body_file: '/a'}), 'no body was sent');
	t.is(unjudged({bearer_token_file: '/a', headers: {Cookie: 'b'}}), undefined);
	t.is(unjudged({method: 'POST', body: ''}), undefined);
});
