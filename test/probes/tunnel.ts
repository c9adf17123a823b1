import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import type {UnknownReason} from '../../src/engine/types.ts';
import type {PingAnswer} from '../../src/net/localapi.ts';
import type {Ping, PingRound} from '../../src/net/ping-round.ts';
import {readRound, tunnel} from '../../src/probes/tunnel.ts';
import type {Place} from '../../src/probes/types.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {type LocalAnswer, type LocalApiServer, recorded, startLocalApi} from '../helpers/localapi-server.ts';
import {measure, testPlace} from '../helpers/probing.ts';

const tailnet = {...testPlace.tailnet, domain: 'tail.ozzu.world'};
const viaTailnet = {via: 'tailnet' as const};

function aim(local: LocalApiServer, address: string, options = {}, place: Partial<Place> = {}) {
	return measure(tunnel, address, options, {
		target: viaTailnet,
		place: {tailnet, tailscaled: local.socket, timeoutMs: 2000, ...place},
	});
}

const quick = {ping_interval: '10ms'};

test('a healthy tunnel is up, with its path, round trips, loss and overhead', async t => {
	const local = await startLocalApi(t);

	const reading = await aim(local, '100.64.0.1', quick);

	t.like(reading, {
		ok: true,
		values: {
			pings_sent: 3,
			pings_lost: 0,
			loss_ratio: 0,
			disco_seconds: 0.000313527,
			tsmp_seconds: 0.000980473,
			icmp_seconds: 0.000772412,
		},
		facts: {
			path: 'direct',
			endpoint: '10.77.0.3:41641',
			disco: 'answered',
			tsmp: 'answered',
			icmp: 'answered',
			overhead_within: 'true',
			address: '100.64.0.1',
			resolved_by: 'literal',
		},
	});
	t.is(reading.values.overhead_seconds?.toFixed(9), '0.000666946');
});

test('every value and fact that a metric is fed from is in a healthy reading', async t => {
	const local = await startLocalApi(t);

	const {values, facts} = await aim(local, '100.64.0.1', quick);

	for (const {name, from} of tunnel.metrics) {
		if ('value' in from) t.true(from.value in values, name);
		if ('values' in from) for (const value of Object.values(from.values)) t.true(value in values, name);
		if ('fact' in from) t.true(from.states.includes(facts[from.fact] ?? ''), name);
		if ('sumOf' in from) t.true(from.sumOf in values, name);
		if ('changesOf' in from) t.true(from.changesOf in facts, name);
		if ('countOf' in from) t.true(from.states.includes(facts[from.countOf] ?? ''), name);
	}
});

test('loss is counted over all runs, and with the least detail nothing that these counters tell is told twice', t => {
	const sums = tunnel.metrics.filter(({from}) => 'sumOf' in from);
	const leftOut = tunnel.metrics.filter(metric => metric.leftOut === 'least').map(({name}) => name);

	t.deepEqual(
		sums.map(({name, type}) => [name, type]),
		[
			['tailprobe_tunnel_pings_total', 'counter'],
			['tailprobe_tunnel_pings_lost_total', 'counter'],
		],
	);
	t.false(sums.some(({name}) => leftOut.includes(name)));
	t.true(leftOut.includes('tailprobe_tunnel_loss_ratio'));
});

test('over a relay the region is told, and there is no overhead to tell', async t => {
	const local = await startLocalApi(t, {
		ping: type => recorded(type === 'disco' ? 'ping-disco-derp' : 'ping-tsmp'),
	});

	const {ok, facts, values} = await aim(local, '100.64.0.3', quick);

	t.true(ok);
	t.like(facts, {path: 'derp', derp_region: 'lab'});
	t.false('overhead_seconds' in values);
	t.false('overhead_within' in facts);
});

test('a node by its name is found in the list of peers', async t => {
	const local = await startLocalApi(t);

	const {facts, values} = await aim(local, 'livekit', quick);

	t.like(facts, {address: '100.64.0.2', resolved_by: 'peers'});
	t.true((values.resolve_seconds ?? 0) > 0);
	t.true(local.calls.includes('POST /localapi/v0/ping?ip=100.64.0.2&type=TSMP'));
});

test('a node that answers nothing is down by timeout, and the sentence says which rungs were tried', async t => {
	const local = await startLocalApi(t, {ping: () => 'silent'});

	const reading = await aim(local, '100.64.0.1', quick, {timeoutMs: 600});

	t.like(reading, {ok: false, reason: 'timeout', values: {loss_ratio: 1}, facts: {disco: 'silent', tsmp: 'silent'}});
	t.regex(reading.detail ?? '', /^None of 3 TSMP pings to 100\.64\.0\.1 was answered, and no disco ping either/);
	t.false('path' in reading.facts);
});

test('disco without TSMP points at WireGuard', async t => {
	const local = await startLocalApi(t, {
		ping: type => (type === 'disco' ? recorded('ping-disco-direct') : 'silent'),
	});

	const reading = await aim(local, '100.64.0.1', quick, {timeoutMs: 600});

	t.like(reading, {ok: false, reason: 'timeout', facts: {path: 'direct', disco: 'answered', tsmp: 'silent'}});
	t.regex(reading.detail ?? '', /though disco was, directly: the way there holds, WireGuard does not/);
});

for (const [file, hint] of [
	['ping-no-peer', /"no matching peer"\): the node left the tailnet/],
	['ping-expired', /"peer's node key has expired"\): the node must sign in again/],
] as const) {
	test(`what tailscaled refuses to ping is unreachable: ${file}`, async t => {
		const local = await startLocalApi(t, {ping: () => recorded(file)});

		const reading = await aim(local, '100.64.0.2');

		t.like(reading, {ok: false, reason: 'unreachable', facts: {address: '100.64.0.2'}});
		t.regex(reading.detail ?? '', hint);
		t.is(local.calls.filter(call => call.includes('/ping')).length, 1);
	});
}

async function cannotLook(
	t: ExecutionContext,
	run: Promise<unknown>,
	reason: UnknownReason,
	message: RegExp,
): Promise<void> {
	const error = await t.throwsAsync(run, {instanceOf: CannotLookError, message});
	t.is(error.reason, reason);
}

test('there is no tunnel to oneself', async t => {
	const local = await startLocalApi(t, {ping: () => recorded('ping-self')});

	await cannotLook(t, aim(local, '100.64.0.5'), 'unsupported', /is the prober itself/);
});

test('without a tailscaled there is nobody to ask', async t => {
	const run = measure(tunnel, '100.64.0.1', {}, {target: viaTailnet});

	await cannotLook(t, run, 'unsupported', /Vantage here has no tailscaled to ask/);
});

test('when LocalAPI fails we could not look', async t => {
	const missing = measure(tunnel, '100.64.0.1', {}, {target: viaTailnet, place: {tailscaled: '/nonexistent/sock'}});
	const local = await startLocalApi(t, {ping: () => ({status: 403, body: 'denied'})});

	await cannotLook(t, missing, 'vantage', /does not exist: start tailscaled/);
	await cannotLook(t, aim(local, '100.64.0.1'), 'vantage', /refuses us/);
});

test('silence of a tailscaled that is signed out is not the silence of the node', async t => {
	const status = {...recorded('status'), BackendState: 'NeedsLogin'};
	const local = await startLocalApi(t, {status, ping: () => 'silent'});

	await cannotLook(t, aim(local, '100.64.0.1', quick, {timeoutMs: 600}), 'vantage', /its state is NeedsLogin/);
});

test('silence of a frozen tailscaled is not the silence of the node', async t => {
	const local = await startLocalApi(t, {status: 'silent', ping: () => 'silent'});

	await cannotLook(t, aim(local, '100.64.0.1', quick, {timeoutMs: 600}), 'vantage', /answered nothing at all/);
});

test('an address outside the tailnet is never pinged', async t => {
	const local = await startLocalApi(t);

	const error = await t.throwsAsync(aim(local, '10.0.0.1'), {instanceOf: TargetDownError});

	t.is(error.reason, 'wrong_network');
	t.deepEqual(local.calls, []);
});

test('the loss of a thousand pings comes out as it is', async t => {
	// A fifth of the TSMP pings is lost, and of the disco pings as well: another one of each ten, or rounds in step would lose all of theirs.
	const ping = (type: string, _address: string, nth: number): LocalAnswer =>
		(nth + Math.floor(nth / 10)) % 5 === 0 ? 'silent' : recorded(type === 'disco' ? 'ping-disco-direct' : 'ping-tsmp');
	const local = await startLocalApi(t, {ping});

	const rounds = await Promise.all(
		Array.from({length: 10}, () => aim(local, '100.64.0.1', {count: 100}, {timeoutMs: 8000})),
	);

	const sum = (name: string) => rounds.reduce((total, {values}) => total + (values[name] ?? 0), 0);
	t.is(sum('pings_sent'), 1000);
	t.is(sum('pings_lost'), 200);
	t.deepEqual(
		rounds.filter(({ok}) => !ok).map(({detail}) => detail),
		[],
	);
});

test('more loss than allowed is down by loss', async t => {
	const local = await startLocalApi(t, {
		ping: (type, _address, nth) => (type === 'TSMP' && nth === 1 ? 'silent' : recorded('ping-disco-direct')),
	});

	const reading = await aim(local, '100.64.0.1', {...quick, max_loss: 0.3}, {timeoutMs: 600});

	t.like(reading, {ok: false, reason: 'loss', values: {pings_lost: 1}, facts: {path: 'direct'}});
	t.is(reading.detail, '1 of 3 TSMP pings to 100.64.0.1 were lost; at most 30 % may be.');
});

test('a run that is stopped ends with its reason', async t => {
	const local = await startLocalApi(t, {ping: () => 'silent'});
	const controller = new AbortController();
	const run = measure(
		tunnel,
		'100.64.0.1',
		{},
		{target: viaTailnet, place: {tailnet, tailscaled: local.socket}, signal: controller.signal},
	);

	const reason = new CannotLookError('canceled', 'ending');
	controller.abort(reason);

	t.is(await t.throwsAsync(run), reason);
});

const empty: PingAnswer = {seconds: undefined, error: '', endpoint: '', peerRelay: '', derpRegion: ''};
const answered = (seconds: number, over: Partial<PingAnswer> = {}): Ping => ({answer: {...empty, seconds, ...over}});
const directly = (seconds: number) => answered(seconds, {endpoint: '10.0.0.1:1'});

function read(round: Partial<PingRound>, objectiveSeconds = 0.01) {
	const whole = {disco: [], tsmp: [answered(0.02)], icmp: [], ...round};
	return readRound(whole, {}, 'node', objectiveSeconds);
}

test('the overhead compares the best of equally many pings, so that more of one kind do not flatter it', t => {
	const tsmp = [answered(0.03), answered(0.025), answered(0.021)];

	t.is(read({disco: [directly(0.02)], tsmp}).values.overhead_seconds?.toFixed(4), '0.0100');
	t.is(read({disco: [directly(0.02), directly(0.022)], tsmp}).values.overhead_seconds?.toFixed(4), '0.0050');
});

test('the overhead may be negative, and is held against the objective', t => {
	t.true((read({disco: [directly(0.021)]}).values.overhead_seconds ?? 0) < 0);
	t.is(read({disco: [directly(0.015)]}, 0.01).facts.overhead_within, 'true');
	t.is(read({disco: [directly(0.005)]}, 0.01).facts.overhead_within, 'false');
});

test('the best path of the round is the path: direct before peer relay before DERP', t => {
	const derp = answered(0.03, {derpRegion: 'lab'});
	const relay = answered(0.02, {peerRelay: '10.0.0.1:1:vni:7'});

	t.like(read({disco: [derp, relay, directly(0.01)]}), {facts: {path: 'direct'}, values: {disco_seconds: 0.01}});
	t.like(read({disco: [derp, relay]}), {facts: {path: 'peer_relay'}, values: {disco_seconds: 0.02}});
	t.like(read({disco: [derp, {}]}), {facts: {path: 'derp'}, values: {disco_seconds: 0.03}});
	t.false('path' in read({disco: [{}]}).facts);
});

test('a rung that failed with words tells them, bounded', t => {
	const round = {icmp: [{answer: {...empty, error: 'x'.repeat(200)}}]};

	t.is(read(round).facts.icmp, 'x'.repeat(100));
});

test('options are strict, and durations are said as people say them', t => {
	const schema = tunnel.options(z);

	t.deepEqual(schema.parse({}), {count: 3, pingIntervalMs: 200});
	t.deepEqual(schema.parse({count: 10, ping_interval: '1s', max_loss: 0.5}), {
		count: 10,
		pingIntervalMs: 1000,
		maxLoss: 0.5,
	});
	for (const wrong of [
		{count: 0},
		{count: 101},
		{count: 1.5},
		{ping_interval: 200},
		{ping_interval: '1ms'},
		{ping_interval: 'soon'},
		{max_loss: 20},
		{max_loss: -0.1},
		{timeout: '1s'},
	])
		t.false(schema.safeParse(wrong).success, JSON.stringify(wrong));
});
