import test, {type ExecutionContext} from 'ava';
import {findProbe} from '../../src/probes/registry.ts';
import {measure} from '../helpers/probing.ts';
import {type BareServer, caFile, closedPort, httpAnswer, saying, serve, serveTls} from '../helpers/servers.ts';
import {check, look, wordOf} from '../helpers/shell-rounds.ts';

interface Case {
	title: string;
	type: string;
	url: (port: number) => string;
	options?: Record<string, unknown>;
	/** By default enough for any machine. */
	timeoutMs?: number;
	server: (t: ExecutionContext) => Promise<BareServer | {port: number}>;
}

const never = {onHead() {}};
const plain = (t: ExecutionContext, answer: string) => serve(t, saying(answer));
const http = (port: number) => `http://127.0.0.1:${port}/healthz`;
const https = (port: number) => `https://localhost:${port}/`;
const hostPort = (port: number) => `localhost:${port}`;
const trusting = {tls_config: {ca_file: caFile}};

const cases: Case[] = [
	{title: 'a 200', type: 'http', url: http, server: t => plain(t, httpAnswer('200 OK', 'hello'))},
	{title: 'a 500', type: 'http', url: http, server: t => plain(t, httpAnswer('500 Oh no', 'sorry'))},
	{
		title: 'a 406 that is wanted',
		type: 'http',
		url: http,
		options: {valid_status_codes: [406]},
		server: t => plain(t, httpAnswer('406 Not Acceptable')),
	},
	{
		title: 'a body that matches',
		type: 'http',
		url: http,
		options: {fail_if_body_not_matches_regexp: ['^OK$']},
		server: t => plain(t, httpAnswer('200 OK', 'OK')),
	},
	{
		title: 'a body that does not',
		type: 'http',
		url: http,
		options: {fail_if_body_not_matches_regexp: ['^OK$']},
		server: t => plain(t, httpAnswer('200 OK', 'NO')),
	},
	{
		title: 'a header that must not be',
		type: 'http',
		url: http,
		options: {fail_if_header_matches: [{header: 'X-A', regexp: 'b'}]},
		server: t => plain(t, httpAnswer('200 OK', '', ['X-A: b'])),
	},
	{
		title: 'a body that is too long',
		type: 'http',
		url: http,
		options: {body_size_limit: 100},
		server: t => plain(t, httpAnswer('200 OK', 'x'.repeat(1000))),
	},
	{
		title: 'a wrong version',
		type: 'http',
		url: http,
		options: {valid_http_versions: ['HTTP/2.0']},
		server: t => plain(t, httpAnswer('200 OK')),
	},
	{
		title: 'no TLS where it is wanted',
		type: 'http',
		url: http,
		options: {fail_if_not_ssl: true},
		server: t => plain(t, httpAnswer('200 OK')),
	},
	{title: 'a closed port', type: 'http', url: http, server: async () => ({port: await closedPort()})},
	{title: 'silence', timeoutMs: 700, type: 'http', url: http, server: t => serve(t, never)},
	{
		title: 'half a body',
		type: 'http',
		url: http,
		server: t => plain(t, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
	},
	{title: 'no answer at all', type: 'http', url: http, server: t => serve(t, {onHead: socket => void socket.end()})},
	{title: 'a reset', type: 'http', url: http, server: t => serve(t, {onHead: socket => void socket.resetAndDestroy()})},
	{title: 'something else than HTTP', type: 'http', url: http, server: t => plain(t, 'SSH-2.0-OpenSSH\r\n')},
	{
		title: 'a good certificate',
		type: 'http',
		url: https,
		options: trusting,
		server: t => serveTls(t, 'good', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a certificate of nobody',
		type: 'http',
		url: https,
		server: t => serveTls(t, 'good', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a self-signed certificate',
		type: 'http',
		url: https,
		server: t => serveTls(t, 'self-signed', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'any certificate where none is judged',
		type: 'http',
		url: https,
		options: {tls_config: {insecure_skip_verify: true}},
		server: t => serveTls(t, 'self-signed', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a certificate that ended',
		type: 'http',
		url: https,
		options: trusting,
		server: t => serveTls(t, 'expired', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a certificate for another',
		type: 'http',
		url: https,
		options: trusting,
		server: t => serveTls(t, 'other-host', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a name of its own for TLS',
		type: 'http',
		url: port => `https://127.0.0.1:${port}/`,
		options: {tls_config: {ca_file: caFile, server_name: 'livekit'}},
		server: t => serveTls(t, 'good', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'TLS asked of a plain port',
		timeoutMs: 700,
		type: 'http',
		url: https,
		server: t => plain(t, httpAnswer('400 Bad Request')),
	},
	{title: 'a connection', type: 'tcp', url: hostPort, server: t => serve(t, never)},
	{title: 'no connection', type: 'tcp', url: hostPort, server: async () => ({port: await closedPort()})},
	{
		title: 'a handshake',
		type: 'tls',
		url: hostPort,
		options: trusting,
		server: t => serveTls(t, 'chain', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a handshake that ends too soon',
		type: 'tls',
		url: hostPort,
		options: {...trusting, min_remaining: '90y'},
		server: t => serveTls(t, 'good', saying(httpAnswer('200 OK'))),
	},
	{
		title: 'a handshake with an ended certificate',
		type: 'tls',
		url: hostPort,
		options: trusting,
		server: t => serveTls(t, 'expired', saying(httpAnswer('200 OK'))),
	},
	{title: 'no handshake', timeoutMs: 700, type: 'tls', url: hostPort, server: t => plain(t, 'hello\r\n\r\n')},
	{
		title: 'a refused upgrade',
		type: 'ws',
		url: port => `ws://127.0.0.1:${port}/rtc`,
		options: {valid_status_codes: [401]},
		server: t => plain(t, httpAnswer('401 Unauthorized')),
	},
	{
		title: 'a refused upgrade that was not wanted',
		type: 'ws',
		url: port => `ws://127.0.0.1:${port}/rtc`,
		server: t => plain(t, httpAnswer('403 Forbidden')),
	},
	{
		title: 'an upgrade without proof',
		type: 'ws',
		url: port => `ws://127.0.0.1:${port}/rtc`,
		server: t =>
			plain(
				t,
				'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
			),
	},
];

for (const {title, type, url, options = {}, timeoutMs = 5000, server} of cases) {
	test.serial(`a shell says of ${title} what this process says (${type})`, async t => {
		const {port} = await server(t);
		const address = url(port);
		const probe = findProbe(type);
		if (!probe) return t.fail();
		const here = await measure(probe, address, options, {place: {timeoutMs}, deadlineMs: timeoutMs});

		const found = await look([check(type, address, options, {timeoutMs})]);

		const there = found.get(`${type}/there/${address}`)?.result;
		t.is(wordOf(there), wordOf(here), there instanceof Error ? there.message : there?.detail);
		if (there === undefined || there instanceof Error) return t.fail();
		t.is(there.facts.answered, here.facts.answered);
		t.is(there.facts.tls_fault, here.facts.tls_fault);
		t.is(there.values.status_code, here.values.status_code);
		t.true(Object.values(there.phases ?? {}).every(seconds => seconds >= 0 && seconds < 5));
	});
}
