import {spawnSync} from 'node:child_process';
import test from 'ava';
import type {Check, Reading} from '../../src/engine/types.ts';
import {icmp, readTimes} from '../../src/probes/icmp.ts';
import type {Place} from '../../src/probes/types.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {aCheck} from '../helpers/checks.ts';
import {recorded, startLocalApi} from '../helpers/localapi-server.ts';

const options = {
	count: 2,
	ping_interval: 20,
	payload_size: 56,
	dont_fragment: false,
	preferred_ip_protocol: 'ip4',
	ip_protocol_fallback: true,
};
const place: Place = {
	vantage: 'cluster',
	timeoutMs: 3000,
	tailnet: {prefixes: ['100.64.0.0/10'], dnsServer: '127.0.0.1', overheadObjectiveSeconds: 0.01},
	allowLoopback: true,
};
const to = {address: '127.0.0.1', family: 4, by: 'literal', seconds: 0} as const;
/** On a machine without fping these are shown as skipped. */
const withFping = spawnSync('fping', ['--version']).status === 0 ? test : test.skip;

function aim(key: string, address: string, over: Partial<Check> = {}): Check {
	return aCheck({key, type: 'icmp', options, target: {name: key, address, via: 'direct', peer: ''}, ...over});
}

function measure(checks: Check[], there: Place = place): Promise<Map<string, Reading | Error>> {
	if (!icmp.round) throw new Error('icmp measures in rounds');
	return icmp.round.measure(checks, there, AbortSignal.timeout(10_000));
}

test('one lost reply is counted, and the target stays up', t => {
	const reading = readTimes(aim('a', '127.0.0.1'), to, [0.01, undefined, 0.012, 0.011]);

	t.like(reading, {ok: true, values: {pings_sent: 4, pings_lost: 1, loss_ratio: 0.25, rtt_seconds: 0.011}});
	t.is(reading.values.jitter_seconds?.toFixed(4), '0.0015');
});

test('pings and lost pings are counted over all runs', t => {
	const reading = readTimes(aim('a', '127.0.0.1'), to, [0.01, undefined]);
	const sums = icmp.metrics.flatMap(({name, from}) => ('sumOf' in from ? [[name, reading.values[from.sumOf]]] : []));

	t.deepEqual(sums, [
		['tailprobe_icmp_pings_total', 2],
		['tailprobe_icmp_pings_lost_total', 1],
	]);
});

test('a target that answers no ping is down by timeout, without invented times', t => {
	const reading = readTimes(aim('a', '127.0.0.1'), to, [undefined, undefined]);

	t.like(reading, {
		ok: false,
		reason: 'timeout',
		detail: 'None of 2 pings to 127.0.0.1 was answered; wanted at least one.',
	});
	t.false('rtt_seconds' in reading.values);
});

test('more loss than allowed is down by loss', t => {
	const check = aim('a', '127.0.0.1', {options: {...options, max_loss: 0.1}});

	t.like(readTimes(check, to, [0.01, undefined]), {ok: false, reason: 'loss'});
});

test('checks whose pings differ do not share a round', t => {
	t.not(icmp.round?.group({...options, count: 3} as never), icmp.round?.group(options as never));
	t.is(icmp.round?.group({...options, max_loss: 0.5} as never), icmp.round?.group(options as never));
});

withFping('in one round every target gets its own answer, the same address for two targets too', async t => {
	const found = await measure([
		aim('a', '127.0.0.1'),
		aim('b', '127.0.0.1'),
		aim('c', '127.0.0.2'),
		aim('d', '169.254.169.254'),
	]);

	for (const key of ['a', 'b', 'c']) t.like(found.get(key), {ok: true, values: {pings_sent: 2, pings_lost: 0}});
	t.like(found.get('d'), {reason: 'forbidden'});
	t.true(found.get('d') instanceof TargetDownError);
});

test('loopback is never pinged for a configuration', async t => {
	const found = await measure([aim('a', '127.0.0.1')], {...place, allowLoopback: false});

	t.like(found.get('a'), {reason: 'forbidden'});
});

test('without a tunnel device the tailnet cannot be pinged, and the sentence says what can', async t => {
	const {socket} = await startLocalApi(t, {status: {...recorded('status'), TUN: false}});
	const target = {name: 'a', address: '100.64.0.1', via: 'tailnet' as const, peer: ''};

	const found = await measure([aim('a', '', {target})], {...place, tailscaled: socket});

	const error = found.get('a');
	t.true(error instanceof CannotLookError);
	t.like(error, {reason: 'unsupported'});
});

test('more targets than are resolved at a time all get their answer', async t => {
	const checks = Array.from({length: 200}, (_, at) => aim(`${at}`, `169.254.1.${at}`));

	const found = await measure(checks);

	t.is(found.size, 200);
	t.true([...found.values()].every(one => one instanceof TargetDownError));
});
