import {crc32} from 'node:zlib';
import test from 'ava';
import {z} from 'zod';
import {stun} from '../../src/probes/stun.ts';
import {recorded, startLocalApi} from '../helpers/localapi-server.ts';
import {isDown, measure, type Wanted} from '../helpers/probing.ts';
import {closedPort} from '../helpers/servers.ts';
import {
	attribute,
	properly,
	type StunAnswers,
	serveStun,
	success,
	withFingerprint,
	xorMapped,
} from '../helpers/stun-server.ts';

test('a server that answers is up, and tells from where it sees us come', async t => {
	const server = await serveStun(t);

	const reading = await measure(stun, `127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
	t.regex(reading.facts.mapped_address ?? '', /^127\.0\.0\.1:\d+$/);
	t.like(reading.facts, {address: '127.0.0.1', phase: 'processing'});
	t.like(reading.values, {requests_sent: 1, requests_lost: 0, retransmissions: 0, loss_ratio: 0});
	t.true((reading.values.rtt_seconds ?? 0) > 0);
	t.deepEqual(Object.keys(reading.phases ?? {}), ['resolve', 'processing']);
	t.is(server.proper, 1);
});

test('several requests have ids of their own, and jitter', async t => {
	const server = await serveStun(t);

	const reading = await measure(stun, `127.0.0.1:${server.port}`, {count: 5});

	t.like(reading.values, {requests_sent: 5, requests_lost: 0});
	t.is(typeof reading.values.jitter_seconds, 'number');
	t.is(new Set(server.requests.map(request => request.toString('hex', 8, 20))).size, 5);
});

test('a lost request is repeated, and counted', async t => {
	const server = await serveStun(t, (request, from, nth) => (nth === 1 ? [] : properly(request, from)));

	const reading = await measure(stun, `127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {requests_sent: 2, requests_lost: 1, retransmissions: 1, loss_ratio: 0.5});
	t.true((reading.values.rtt_seconds ?? 1) < 0.4);
});

test('a repetition while the answer was under way is not loss', async t => {
	const pending: Buffer[] = [];
	const server = await serveStun(t, (request, from, nth) => {
		pending.push(...properly(request, from));
		// The answer to the first comes when the second is there, which is never answered.
		return nth === 2 ? pending.slice(0, 1) : [];
	});

	const reading = await measure(stun, `127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {requests_sent: 2, requests_lost: 0, retransmissions: 1, loss_ratio: 0});
	t.true((reading.values.rtt_seconds ?? 0) > 0.4);
});

test('the time is shared out evenly, and silence is told before the deadline cuts the run off', async t => {
	const server = await serveStun(t, () => []);

	const reading = await measure(
		stun,
		`127.0.0.1:${server.port}`,
		{count: 2},
		{place: {timeoutMs: 1200}, deadlineMs: 1170},
	);

	isDown(t, reading, {reason: 'timeout', phase: 'processing', detail: /nothing answered 4 requests/});
	t.like(reading.values, {requests_sent: 4, requests_lost: 4, loss_ratio: 1});
});

test('some answers are enough to be up', async t => {
	const server = await serveStun(t, (request, from, nth) => (nth === 2 ? [] : properly(request, from)));

	const reading = await measure(stun, `127.0.0.1:${server.port}`, {count: 2}, {place: {timeoutMs: 400}});

	t.true(reading.ok, reading.detail);
	t.like(reading.values, {requests_sent: 2, requests_lost: 1});
});

test('silence is a timeout that suspects blocked UDP', async t => {
	const server = await serveStun(t, () => []);

	const reading = await measure(stun, `127.0.0.1:${server.port}`, {}, {place: {timeoutMs: 200}});

	isDown(t, reading, {
		reason: 'timeout',
		phase: 'processing',
		detail: /^STUN 127\.0\.0\.1:\d+ failed after .* nothing answered the request: UDP is blocked on the way/,
	});
	t.like(reading.values, {requests_sent: 1, loss_ratio: 1});
	t.false('rtt_seconds' in reading.values);
});

test('nothing listens', async t => {
	const port = await closedPort();

	const reading = await measure(stun, `127.0.0.1:${port}`);

	isDown(t, reading, {reason: 'refused', phase: 'processing', detail: /nothing listens there/});
});

const passesOver = test.macro(async (t, spoil: (answer: Buffer) => Buffer) => {
	const server = await serveStun(t, (request, from) => {
		const [right] = properly(request, from) as [Buffer];
		return [spoil(Buffer.from(right)), right];
	});

	const reading = await measure(stun, `127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
});

test('a wrong cookie', passesOver, answer => answer.fill(9, 4, 5));
test('a wrong id', passesOver, answer => answer.fill(9, 8, 20));
test('a request in place of an answer', passesOver, answer => answer.fill(0, 0, 1));
test('too few bytes', passesOver, answer => answer.subarray(0, 19));
test('noise', passesOver, () => Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'));

test('nothing but noise is no STUN server', async t => {
	const server = await serveStun(t, () => [Buffer.from('hello'), Buffer.alloc(0)]);

	const reading = await measure(stun, `127.0.0.1:${server.port}`, {}, {place: {timeoutMs: 200}});

	isDown(t, reading, {
		reason: 'protocol',
		phase: 'processing',
		detail: /2 datagrams came back, and none of them answers the request/,
	});
});

const ends = test.macro(async (t, answers: StunAnswers, wanted: Omit<Wanted, 'phase'>) => {
	const server = await serveStun(t, answers);

	const reading = await measure(stun, `127.0.0.1:${server.port}`);

	isDown(t, reading, {...wanted, phase: 'processing'});
	t.false('mapped_address' in reading.facts);
});

test(
	'a length that is not that of the datagram',
	ends,
	request => [success(request, Buffer.alloc(8)).subarray(0, 24)],
	{
		reason: 'protocol',
		detail: /says it is 28 bytes long and has 24/,
	},
);
test(
	'an attribute that is longer than the answer',
	ends,
	request => [success(request, Buffer.from([0, 32, 0xff, 0xff]))],
	{
		reason: 'protocol',
		detail: /attribute that is longer than the answer/,
	},
);
test('a flood of attributes', ends, request => [success(request, Buffer.alloc(60_000))], {
	reason: 'protocol',
	detail: /more than 100 attributes/,
});
test('no address', ends, request => [success(request, attribute(0x8022, Buffer.from('x')))], {
	reason: 'protocol',
	detail: /does not say from which address/,
});
test(
	'an address of no family',
	ends,
	request => [success(request, attribute(0x0020, Buffer.from([0, 9, 1, 2, 3, 4, 5, 6])))],
	{
		reason: 'protocol',
		detail: /mapped address of no known form/,
	},
);
test('a cut address', ends, request => [success(request, attribute(0x0020, Buffer.from([0, 2, 1, 2, 3, 4, 5, 6])))], {
	reason: 'protocol',
	detail: /mapped address of no known form/,
});
test(
	'an address of nobody',
	ends,
	request => [success(request, attribute(0x0001, Buffer.from([0, 1, 1, 2, 0, 0, 0, 0])))],
	{
		reason: 'protocol',
		detail: /nobody can have/,
	},
);
test(
	'a wrong fingerprint',
	ends,
	(request, from) => [success(request, Buffer.concat([xorMapped(request, from), attribute(0x8028, Buffer.alloc(4))]))],
	{reason: 'protocol', detail: /wrong fingerprint/},
);
test(
	'an error',
	ends,
	request => [
		success(
			request,
			attribute(0x0009, Buffer.concat([Buffer.from([0, 0, 4, 1]), Buffer.from('Unauthorized')])),
			0x0111,
		),
	],
	{reason: 'status', detail: /the answer is the error 401 "Unauthorized"/},
);

test(
	'a right fingerprint that is not the last attribute',
	ends,
	(request, from) => {
		const behind = attribute(0x8022, Buffer.from('late'));
		const whole = success(request, Buffer.concat([xorMapped(request, from), Buffer.alloc(8), behind]));
		const at = whole.length - behind.length - 8;
		const value = Buffer.alloc(4);
		value.writeUInt32BE((crc32(whole.subarray(0, at)) ^ 0x5354554e) >>> 0);
		attribute(0x8028, value).copy(whole, at);
		return [whole];
	},
	{reason: 'protocol', detail: /wrong fingerprint/},
);

const isTaken = test.macro(async (t, answers: StunAnswers, mapped: RegExp) => {
	const server = await serveStun(t, answers);

	const reading = await measure(stun, `127.0.0.1:${server.port}`);

	t.true(reading.ok, reading.detail);
	t.regex(reading.facts.mapped_address ?? '', mapped);
});

test(
	'a right fingerprint behind software that has something to say',
	isTaken,
	(request, from) => [
		withFingerprint(
			success(request, Buffer.concat([attribute(0x8022, Buffer.from('coturn')), xorMapped(request, from)])),
		),
	],
	/^127\.0\.0\.1:/,
);
test(
	'an address in the clear, as old servers have it',
	isTaken,
	request => [success(request, attribute(0x0001, Buffer.from([0, 1, 0x30, 0x39, 192, 0, 2, 7])))],
	/^192\.0\.2\.7:12345$/,
);
test(
	'an IPv4 address inside an IPv6 one, as headscale has it',
	isTaken,
	request => [
		success(request, attribute(0x0020, masked(request, Buffer.from('00000000000000000000ffffc0000207', 'hex')))),
	],
	/^192\.0\.2\.7:12345$/,
);
test(
	'an IPv6 address',
	isTaken,
	request => [
		success(request, attribute(0x0020, masked(request, Buffer.from('20010db8000000000000000000000007', 'hex')))),
	],
	/^\[2001:db8::7\]:12345$/,
);

test('without a tunnel device datagrams cannot enter the tailnet', async t => {
	const local = await startLocalApi(t, {status: {...recorded('status'), TUN: false}});

	const running = measure(stun, '100.64.0.1', {}, {target: {via: 'tailnet'}, place: {tailscaled: local.socket}});

	await t.throwsAsync(running, {name: 'CannotLookError', message: /UDP cannot enter the tailnet/});
});

test('what goes directly needs no tunnel device', async t => {
	const local = await startLocalApi(t, {status: {...recorded('status'), TUN: false}});
	const server = await serveStun(t);

	const reading = await measure(stun, `127.0.0.1:${server.port}`, {}, {place: {tailscaled: local.socket}});

	t.true(reading.ok, reading.detail);
	t.deepEqual(local.calls, []);
});

test('a run that is stopped rejects with the reason', async t => {
	const stop = new AbortController();
	const server = await serveStun(t, () => {
		stop.abort(new Error('ending'));
		return [];
	});

	await t.throwsAsync(measure(stun, `127.0.0.1:${server.port}`, {}, {signal: stop.signal}), {message: 'ending'});
});

test('the port is 3478 unless one is written', t => {
	for (const address of ['stun.example', 'stun.example:3479', '192.0.2.1', '2001:db8::1', '[2001:db8::1]:3479'])
		t.is(stun.form?.faultOf(address), undefined, address);
	for (const address of ['', 'stun:stun.example', 'https://stun.example', 'stun.example:0', '0x7f.1'])
		t.regex(stun.form?.faultOf(address) ?? '', /^expected a target such as/, address);
	t.false(stun.options(z).safeParse({count: 0}).success);
});

function masked(request: Buffer, address: Buffer): Buffer {
	const port = Buffer.from([0x30, 0x39]);
	const bytes = [...port, ...address].map((byte, at) => byte ^ (request[at < 2 ? 4 + at : 2 + at] ?? 0));
	return Buffer.from([0, 2, ...bytes]);
}
