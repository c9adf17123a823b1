import test from 'ava';
import type {DaemonView} from '../../../src/server/types.ts';
import {
	aCheck,
	aCheckView,
	anHttpOutcome,
	anOutcome,
	fakeDaemon,
	ranAnswer,
	someTime,
	withServer,
} from '../../helpers/fake-daemon.ts';

interface Told {
	status: number;
	type: string;
	json: Record<string, unknown>;
}

async function post(daemon: DaemonView, body: unknown, type = 'application/json'): Promise<Told> {
	let told: Told | undefined;
	await withServer(daemon, async ({url}) => {
		const answer = await fetch(`${url}/api/v1/probe`, {
			method: 'POST',
			headers: {'Content-Type': type},
			body: typeof body === 'string' ? body : JSON.stringify(body),
		});
		told = {
			status: answer.status,
			type: answer.headers.get('content-type') ?? '',
			json: (await answer.json()) as Record<string, unknown>,
		};
	});
	return told as Told;
}

test('the fields reach the daemon, with http_2xx where no module is named', async t => {
	const daemon = fakeDaemon();

	await post(daemon, {target: 'http://livekit:7880/?a=b'});
	await post(daemon, {target: 'x:1', module: 'tcp_connect', from: 'cluster', timeout: '1.5s', hostname: 'other'});

	t.like(daemon.asked[0], {
		target: 'http://livekit:7880/?a=b',
		module: 'http_2xx',
		from: undefined,
		timeoutMs: undefined,
		caller: '127.0.0.1',
	});
	t.like(daemon.asked[1], {
		target: 'x:1',
		module: 'tcp_connect',
		from: 'cluster',
		hostname: 'other',
		timeoutMs: 1500,
	});
});

test('a run is told in full', async t => {
	const {status, json} = await post(fakeDaemon(), {target: 'http://june-orchestrator:8080/healthz'});

	t.is(status, 200);
	t.like(json, {
		verdict: 'up',
		phases: {connect: 0.0021},
		values: {status_code: 200},
		facts: {address: '100.64.0.3'},
		vantage: 'cluster',
		module: {name: 'http_2xx', prober: 'http'},
		timeoutSeconds: 5,
		target: {name: 'june-orchestrator', peer: 'june-orchestrator', configured: true},
	});
});

test('a configured target comes with the record of its checks, from the same vantage', async t => {
	const down = aCheckView({verdict: 'down', downSince: someTime});
	const elsewhere = aCheckView({check: aCheck({key: 'o/gpu/x', vantage: 'gpu'})});
	const other = aCheckView({check: aCheck({key: 'tcp/cluster/x', type: 'tcp'})});

	const {json} = await post(fakeDaemon({checks: () => [elsewhere, down, other]}), {target: 'x'});

	const checks = json.checks as {key: string; downSince: string; lastHour: unknown[]}[];
	t.deepEqual(
		checks.map(({key}) => key),
		[aCheck().key],
	);
	t.is(checks[0]?.downSince, '2023-11-14T22:13:20.000Z');
	t.is(checks[0]?.lastHour.length, 60);
});

test('a target that nobody configured has no record', async t => {
	const check = aCheck({
		target: {name: 'adhoc', address: 'x', via: 'tailnet', peer: '', only: ['100.64.0.0/10']},
	});

	const {json} = await post(fakeDaemon({probe: async () => ranAnswer(anHttpOutcome(), check)}), {target: 'x'});

	t.like(json, {target: {configured: false}, checks: []});
	t.false('path' in json);
});

test('the path is that of the run, or else of the last tunnel check to the same peer', async t => {
	const tunnel = anOutcome({reading: {ok: true, values: {}, facts: {path: 'derp'}}});

	t.is((await post(fakeDaemon({probe: async () => ranAnswer(tunnel)}), {target: 'x'})).json.path, 'derp');
	t.is((await post(fakeDaemon(), {target: 'x'})).json.path, 'direct');
});

for (const verdict of ['down', 'unknown'] as const)
	test(`a run that was ${verdict} is 200 all the same, with the reason`, async t => {
		const reason = verdict === 'down' ? 'refused' : 'vantage';
		const outcome = anOutcome({verdict, reason, detail: 'It is so.'});

		const {status, json} = await post(fakeDaemon({probe: async () => ranAnswer(outcome)}), {target: 'x'});

		t.is(status, 200);
		t.like(json, {verdict, reason, detail: 'It is so.'});
	});

test('what a target says in its query is not told, for it may be a token', async t => {
	const check = aCheck({
		target: {name: 'x', address: 'http://x/a?token=hunter2', via: 'tailnet', peer: ''},
	});

	const {json} = await post(fakeDaemon({probe: async () => ranAnswer(anHttpOutcome(), check)}), {target: 'x'});

	t.is((json.target as {address: string}).address, 'http://x/a?…');
	t.notRegex(JSON.stringify(json), /hunter2/);
});

for (const [what, body, field] of [
	['no target', {}, 'target'],
	['an empty target', {target: ''}, 'target'],
	['an endless target', {target: 'x'.repeat(3000)}, 'target'],
	['a target that is a number', {target: 5}, 'target'],
	['a field of a made-up name', {target: 'x', via: 'direct'}, 'via'],
	['a timeout that is no duration', {target: 'x', timeout: 'soon'}, 'timeout'],
	['a timeout that is too long', {target: 'x', timeout: '1h'}, 'timeout'],
	['a timeout that is a number', {target: 'x', timeout: 5}, 'timeout'],
	['an array', [], ''],
	['null', null, ''],
] as const)
	test(`${what} is 422, names the field, and asks nobody`, async t => {
		const daemon = fakeDaemon();

		const {status, type, json} = await post(daemon, body);

		t.is(status, 422);
		t.regex(type, /^application\/problem\+json/);
		t.is((json.errors as {field: string}[])[0]?.field, field);
		t.deepEqual(daemon.asked, []);
	});

for (const body of ['', '{', 'target=x', '{"target": "x"'])
	test(`a body that is no JSON is 400: ${JSON.stringify(body)}`, async t => {
		const {status, type} = await post(fakeDaemon(), body);

		t.is(status, 400);
		t.regex(type, /^application\/problem\+json/);
	});

test('a body of another type is 415, and one that is too large is 413', async t => {
	t.is((await post(fakeDaemon(), {target: 'x'}, 'text/plain')).status, 415);
	t.is((await post(fakeDaemon(), {target: 'x', module: 'x'.repeat(20_000)})).status, 413);
});

for (const [field, status] of [
	['module', 404],
	['from', 404],
	['target', 422],
	['hostname', 422],
] as const)
	test(`what the daemon refuses of ${field} is ${status} with its sentence`, async t => {
		const daemon = fakeDaemon({probe: async () => ({kind: 'bad_request', field, detail: 'There is none.'})});

		const told = await post(daemon, {target: 'x'});

		t.is(told.status, status);
		t.like(told.json, {detail: 'There is none.', errors: [{field, detail: 'There is none.'}]});
	});

test('too many at once are 429', async t => {
	const daemon = fakeDaemon({probe: async () => ({kind: 'busy', detail: 'Four probes are under way.'})});

	t.like(await post(daemon, {target: 'x'}), {status: 429, json: {detail: 'Four probes are under way.'}});
});

test('a check is named instead of a module, and needs no target', async t => {
	const daemon = fakeDaemon();

	const {status} = await post(daemon, {check: 'derp'});
	const both = await post(daemon, {check: 'derp', module: 'derp'});
	const neither = await post(daemon, {});
	const unknown = await post(
		fakeDaemon({probe: async () => ({kind: 'bad_request', field: 'check', detail: 'There is no check named x.'})}),
		{check: 'x'},
	);

	t.is(status, 200);
	t.like(daemon.asked[0], {check: 'derp', target: ''});
	t.is(both.status, 422);
	t.is(neither.status, 422);
	t.like(neither.json, {errors: [{field: 'target', detail: 'expected a target'}]});
	t.is(unknown.status, 404);
});
