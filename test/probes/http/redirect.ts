import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import type {Reading} from '../../../src/engine/types.ts';
import type {Exchange, Header} from '../../../src/net/http1.ts';
import {PhaseClock} from '../../../src/net/phase-clock.ts';
import {requestHop} from '../../../src/probes/http/hop.ts';
import type {HttpOptions} from '../../../src/probes/http/options.ts';
import {firstHop, type Hop, nextHop} from '../../../src/probes/http/redirect.ts';
import {http} from '../../../src/probes/http.ts';
import {TargetDownError} from '../../../src/util/errors.ts';
import {measure, testPlace} from '../../helpers/probing.ts';
import {httpAnswer, saying, serve} from '../../helpers/servers.ts';

const home = 'http://livekit:7880/a';

function answering(status: number, location?: string): Exchange {
	const headers: Header[] = location === undefined ? [] : [['location', location]];
	const timings = {sentAt: 0, firstByteAt: 0, endAt: 0};
	return {
		status,
		statusText: '',
		version: '1.1',
		headers,
		body: Buffer.alloc(0),
		bodyBytes: 0,
		truncated: false,
		reusable: false,
		timings,
	};
}

/** The hop after answers with these statuses and locations. */
function led(
	options: Partial<HttpOptions>,
	steps: readonly (readonly [status: number, location: string])[],
	address = '10.0.0.1',
): Hop {
	const all = {method: 'GET', headers: {}, tls_config: {insecure_skip_verify: false}, ...options} as HttpOptions;
	const target = {name: 'livekit', address: home, via: 'direct', peer: ''} as const;
	let hop = firstHop(new URL(home), target, all, testPlace);
	for (const [status, location] of steps) {
		const next = nextHop(hop, answering(status, location), address, all);
		if (!next) throw new Error(`${status} to ${location} was no redirect`);
		hop = next;
	}
	return hop;
}

const secrets = {
	Authorization: 'Bearer x',
	Cookie: 'a=b',
	'X-Api-Key': 'c',
	Accept: 'text/plain',
	Host: 'livekit.example',
};

function has(hop: Hop, name: string): boolean {
	return hop.request.headers.some(([known]) => known === name);
}

function hostOf(hop: Hop): string | undefined {
	return hop.request.headers.find(([name]) => name === 'Host')?.[1];
}

test('the same origin gets all headers again', t => {
	const hop = led({headers: secrets}, [[302, '/b']]);

	t.deepEqual(
		Object.keys(secrets).map(name => has(hop, name)),
		[true, true, true, true, true],
	);
	t.is(hostOf(hop), 'livekit.example');
	t.is(hop.tlsName, 'livekit.example');
});

const keepsSecrets = test.macro((t, location: string) => {
	const hop = led({headers: secrets}, [[302, location]]);

	t.deepEqual(
		['Authorization', 'Cookie', 'X-Api-Key', 'Accept'].map(name => has(hop, name)),
		[false, false, false, true],
	);
	t.is(hostOf(hop), new URL(location, home).host);
	t.is(hop.tlsName, undefined);
});

test('another host gets no secret', keepsSecrets, 'http://auth/b');
test('another port gets no secret', keepsSecrets, 'http://livekit:7881/b');
test('another scheme gets no secret', keepsSecrets, 'https://livekit:7880/b');

test('secrets do not come back with the way home', t => {
	const hop = led({headers: secrets}, [
		[302, 'http://auth/b'],
		[302, home],
		[302, '/c'],
	]);

	t.false(has(hop, 'Authorization'));
});

const asks = test.macro((t, status: number, method: HttpOptions['method'], wanted: string, withBody: boolean) => {
	const hop = led({method, body: 'x', headers: {'Content-Type': 'text/plain'}}, [[status, '/b']]);

	t.is(hop.request.method, wanted);
	t.is(hop.request.body !== undefined, withBody);
	t.is(has(hop, 'Content-Type'), withBody);
});

test('303 asks with GET', asks, 303, 'PUT', 'GET', false);
test('303 keeps HEAD', asks, 303, 'HEAD', 'HEAD', true);
test('301 after POST asks with GET', asks, 301, 'POST', 'GET', false);
test('302 after POST asks with GET', asks, 302, 'POST', 'GET', false);
test('302 after PUT repeats', asks, 302, 'PUT', 'PUT', true);
test('307 repeats', asks, 307, 'POST', 'POST', true);
test('308 repeats', asks, 308, 'DELETE', 'DELETE', true);

const isNone = test.macro((t, status: number, location?: string) => {
	const hop = led({}, []);

	t.is(nextHop(hop, answering(status, location), '10.0.0.1', {} as HttpOptions), undefined);
});

test('200 is no redirect', isNone, 200, '/b');
test('304 is no redirect', isNone, 304, '/b');
test('302 without a place to go is an answer like any other', isNone, 302);

test('after a public address only public ones will do', t => {
	t.true(led({}, [[302, '/b']], '198.35.26.96').rule.publicOnly);
	t.is(led({}, [[302, '/b']], '100.64.0.3').rule.publicOnly, undefined);
});

test('what was led by the public internet stays out of private networks, also behind a hop that answered from one', t => {
	const options = {method: 'GET', headers: {}, tls_config: {insecure_skip_verify: false}} as unknown as HttpOptions;
	const first = led({}, [[302, '/b']], '198.35.26.96');

	const second = nextHop(first, answering(302, 'http://elsewhere.example/'), '10.0.0.1', options);
	const third = second && nextHop(second, answering(302, '/c'), '10.0.0.1', options);

	t.deepEqual([second?.rule.publicOnly, third?.rule.publicOnly], [true, true]);
});

test('ten redirects are followed, the eleventh is not', t => {
	const ten = Array.from({length: 10}, () => [302, '/b'] as const);

	t.is(led({}, ten).redirects, 10);
	const error = t.throws(() => led({}, [...ten, [302, '/b']]), {instanceOf: TargetDownError, message: /at most 10/});
	t.is(error?.reason, 'status');
});

const isRefused = test.macro((t, location: string) => {
	const error = t.throws(() => led({}, [[302, location]]), {
		instanceOf: TargetDownError,
		message: /where we do not follow/,
	});

	t.is(error?.reason, 'protocol');
});

test('a redirect to a file is refused', isRefused, 'file:///etc/passwd');
test('a redirect with a password is refused', isRefused, 'http://a:b@auth/');
test('a redirect to a number is refused', isRefused, 'http://2130706433/');

async function follow(t: ExecutionContext, location: string, circumstances = {}): Promise<Reading> {
	const server = await serve(t, saying(httpAnswer('302 Found', '', [`Location: ${location}`])));
	return measure(http, `http://127.0.0.1:${server.port}/`, {}, circumstances);
}

test('a redirect is followed to its end', async t => {
	const last = await serve(t, saying(httpAnswer('200 OK', 'here')));

	const reading = await follow(t, `http://localhost:${last.port}/there?token=x`);

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {status_code: 200, redirects: 1, body_bytes: 4});
	t.like(reading.facts, {final_url: `http://localhost:${last.port}/there?…`, resolved_by: 'hosts'});
});

test('a redirect to a name of loopback is forbidden', async t => {
	const last = await serve(t, saying(httpAnswer('200 OK')));
	const place = {...testPlace, allowLoopback: false};
	const options = http.options(z).parse({});
	// A first hop on loopback would be forbidden itself, so its answer is made up.
	const target = {name: 'livekit', address: home, via: 'direct', peer: ''} as const;
	const first = firstHop(new URL(home), target, options, place);
	const hop = nextHop(first, answering(302, `http://localhost:${last.port}/`), '10.0.0.1', options);
	const findings = {clock: new PhaseClock(), values: {}, facts: {}};

	const running = requestHop(hop ?? first, options, place, findings, new AbortController().signal);

	const error = await t.throwsAsync(running, {
		instanceOf: TargetDownError,
		message: /127\.0\.0\.1 is a loopback address/,
	});
	t.is(error?.reason, 'forbidden');
	t.is(last.accepted, 0);
});

test('a redirect out of what may be probed ad hoc is forbidden', async t => {
	const last = await serve(t, saying(httpAnswer('200 OK')), '127.0.0.2');

	const reading = await follow(t, `http://127.0.0.2:${last.port}/`, {target: {only: ['127.0.0.1/32']}});

	t.like(reading, {ok: false, reason: 'forbidden', values: {redirects: 1}});
	t.is(last.accepted, 0);
});

test('a redirect out of the tailnet is of the wrong network', async t => {
	const last = await serve(t, saying(httpAnswer('200 OK')), '127.0.0.2');
	const tailnet = {...testPlace.tailnet, prefixes: ['127.0.0.1/32']};

	const reading = await follow(t, `http://127.0.0.2:${last.port}/`, {target: {via: 'tailnet'}, place: {tailnet}});

	t.like(reading, {ok: false, reason: 'wrong_network'});
	t.is(last.accepted, 0);
});

test('a redirect is an answer where following is off', async t => {
	const server = await serve(t, saying(httpAnswer('302 Found', '', ['Location: /b'])));

	const reading = await measure(http, `http://127.0.0.1:${server.port}/`, {follow_redirects: false});

	t.like(reading, {ok: false, reason: 'status', values: {redirects: 0, status_code: 302}});
	t.is(server.accepted, 1);
});
