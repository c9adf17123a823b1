import test from 'ava';
import {z} from 'zod';
import type {Reading} from '../../../src/engine/types.ts';
import {icmp} from '../../../src/probes/icmp.ts';
import type {ShellOutput} from '../../../src/probes/types.ts';
import {CannotLookError} from '../../../src/util/errors.ts';
import {testPlace} from '../../helpers/probing.ts';

const target = {name: 'target', address: '100.64.0.9', via: 'direct' as const, peer: ''};
const options = icmp.options(z).parse({count: 3});
const place = {...testPlace, address: '100.64.0.9', timeoutMs: 5000};

function parse(stdout: string, more: Partial<ShellOutput> = {}): Reading {
	const output = {status: 0, stdout: Buffer.from(stdout), stderr: '', timedOut: false, cut: false, ...more};
	if (!icmp.shell) throw new TypeError('the icmp probe has a shell pair');
	return icmp.shell.parse(output, target, options, place);
}

const iputils = `PING 100.64.0.9 (100.64.0.9) 56(84) bytes of data.
64 bytes from 100.64.0.9: icmp_seq=1 ttl=64 time=0.500 ms
64 bytes from 100.64.0.9: icmp_seq=1 ttl=64 time=0.900 ms (DUP!)
64 bytes from 100.64.0.9: icmp_seq=3 ttl=64 time=1.50 ms

--- 100.64.0.9 ping statistics ---
3 packets transmitted, 2 received, 33.3333% packet loss, time 402ms
`;

const busybox = `PING 100.64.0.9 (100.64.0.9): 56 data bytes
64 bytes from 100.64.0.9: seq=0 ttl=64 time=0.500 ms
64 bytes from 100.64.0.9: seq=2 ttl=64 time=1.500 ms

--- 100.64.0.9 ping statistics ---
3 packets transmitted, 2 packets received, 33% packet loss
round-trip min/avg/max = 0.500/1.000/1.500 ms
`;

for (const [title, text] of Object.entries({iputils, busybox})) {
	test(`ping of ${title} tells round trips and the one that was lost`, t => {
		const reading = parse(text);

		t.like(reading, {ok: true, values: {pings_sent: 3, pings_lost: 1, rtt_seconds: 0.001}, facts: {answered: 'true'}});
	});
}

test('silence is a timeout, also where ping was ended', t => {
	t.like(parse('PING\n\n3 packets transmitted, 0 received\n', {status: 1}), {
		ok: false,
		reason: 'timeout',
		values: {pings_lost: 3},
	});
	t.like(parse('', {status: 124, timedOut: true}), {ok: false, reason: 'timeout'});
});

test('a round trip that took longer than the whole is none', t => {
	t.like(parse(iputils, {mostSeconds: 0.4}), {ok: true});
	t.throws(() => parse(iputils.replace('1.50 ms', '100000 ms'), {mostSeconds: 0.4}), {
		instanceOf: CannotLookError,
		message: /cannot be/,
	});
});

test('a line is an answer only as ping writes it', t => {
	const line = '64 bytes from host.example (100.64.0.9): icmp_seq=1 ttl=64 time=0.500 ms';

	for (const [text, lost] of [
		[line, 2],
		[line.replace('time=0.500', 'time<1'), 2],
		[`${line} (DUP!)`, 3],
		[line.replace('0.500', '1.2.3'), 3],
		[line.replace('=1 ', `=${'1'.repeat(20)} `), 3],
		[line.padEnd(500), 3],
	] as const)
		t.is(parse(`${text}\n3 packets transmitted\n`).values.pings_lost, lost, text);
});

test('no route is unreachable', t => {
	t.like(parse('', {status: 2, stderr: 'ping: connect: Network is unreachable\n'}), {ok: false, reason: 'unreachable'});
});

test('what ping itself lacks is not the target', t => {
	t.throws(() => parse('', {status: 127}), {instanceOf: CannotLookError, message: /no ping/});
	t.throws(() => parse('', {status: 2, stderr: 'ping: socket: Operation not permitted\n'}), {
		instanceOf: CannotLookError,
		message: /may not send/,
	});
	t.throws(() => parse('', {status: 2, stderr: 'ping: usage error\n'}), {instanceOf: CannotLookError});
});
