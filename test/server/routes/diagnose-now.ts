import test from 'ava';
import {diagnose} from '../../../src/diagnosis/diagnose.ts';
import type {DaemonView, DiagnoseAnswer, DiagnoseRequest} from '../../../src/server/types.ts';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';
import {aLink, aTunnel, aWorld, isDown, isUp, someTime} from '../../helpers/scenes.ts';
import {until} from '../../helpers/until.ts';

const link = aLink();
const world = aWorld([isDown(link, 'refused'), isUp(aTunnel())], {
	fresh: {atMs: someTime, durationMs: 1250, outcomes: new Map(), unasked: []},
});
const diagnosed: DiagnoseAnswer = {
	kind: 'diagnosed',
	diagnosis: diagnose(world, {kind: 'check', check: link}),
	unasked: ['headscale did not answer in time.'],
};

function answering(answer: DiagnoseAnswer): {daemon: DaemonView; asked: DiagnoseRequest[]} {
	const asked: DiagnoseRequest[] = [];
	const daemon = fakeDaemon({
		async diagnose(request) {
			asked.push(request);
			return answer;
		},
	});
	return {daemon, asked};
}

async function post(daemon: DaemonView, body: unknown, type = 'application/json') {
	const told = {status: 0, type: '', json: {} as Record<string, unknown>};
	await withServer(daemon, async ({url}) => {
		const answer = await fetch(`${url}/api/v1/diagnose`, {
			method: 'POST',
			headers: {'Content-Type': type},
			body: typeof body === 'string' ? body : JSON.stringify(body),
		});
		told.status = answer.status;
		told.type = answer.headers.get('content-type') ?? '';
		told.json = (await answer.json()) as Record<string, unknown>;
	});
	return told;
}

test('the subject, the vantage and who asks reach the daemon', async t => {
	const {daemon, asked} = answering(diagnosed);

	await post(daemon, {subject: 'tts june-gpu-1', from: 'cluster'});
	await post(daemon, {subject: 'june-gpu-1'});

	t.like(asked[0], {subject: 'tts june-gpu-1', from: 'cluster', caller: '127.0.0.1', callerKey: 'address 127.0.0.1'});
	t.false('from' in (asked[1] ?? {}));
});

test('a diagnosis is told in full, with what could not be asked', async t => {
	const {status, json} = await post(answering(diagnosed).daemon, {subject: 'tts june-gpu-1'});

	t.is(status, 200);
	t.like(json, {
		subject: {kind: 'check', name: 'tts/cluster/june-gpu-1', peer: 'june-gpu-1'},
		verdict: 'down',
		cause: {id: 'service-refused', runbook: 'docs/diagnosis.md#service-refused'},
		asked: {durationSeconds: 1.25},
		unasked: ['headscale did not answer in time.'],
	});
});

test('what nothing goes by is not found, and the sentence says what there is', async t => {
	const detail = 'Nothing here goes by the name moon. Did you mean noon?';

	const {status, type, json} = await post(answering({kind: 'bad_request', field: 'subject', detail}).daemon, {
		subject: 'moon',
	});

	t.is(status, 404);
	t.regex(type, /^application\/problem\+json/);
	t.like(json, {status: 404, detail, errors: [{field: 'subject', detail}]});
});

test('too many at once are told to wait', async t => {
	const {status, json} = await post(answering({kind: 'busy', detail: 'Try again.'}).daemon, {subject: 'x'});

	t.is(status, 429);
	t.like(json, {detail: 'Try again.'});
});

test('a body that is not what the path takes is refused, and nothing is asked', async t => {
	const {daemon, asked} = answering(diagnosed);

	t.is((await post(daemon, '{"subject"')).status, 400);
	t.is((await post(daemon, {subject: 'x'}, 'text/plain')).status, 415);
	t.is((await post(daemon, {subject: 'x'.repeat(20_000)})).status, 413);
	for (const body of [{}, {subject: ''}, {subject: 7}, {subject: 'x'.repeat(2049)}, {subject: 'x', target: 'y'}, []])
		t.is((await post(daemon, body)).status, 422, JSON.stringify(body).slice(0, 60));

	t.is(asked.length, 0);
});

test('a page of another site starts nothing', async t => {
	const {daemon, asked} = answering(diagnosed);
	await withServer(daemon, async ({url}) => {
		const answer = await fetch(`${url}/api/v1/diagnose`, {
			method: 'POST',
			headers: {'Content-Type': 'application/json', Origin: 'https://evil.example'},
			body: '{"subject": "x"}',
		});

		t.is(answer.status, 403);
	});
	t.is(asked.length, 0);
});

test('the daemon learns that the caller left', async t => {
	let signal: AbortSignal | undefined;
	const leaving = new AbortController();
	const daemon = fakeDaemon({
		async diagnose(request) {
			signal = request.signal;
			await new Promise(resolve => request.signal?.addEventListener('abort', resolve));
			return diagnosed;
		},
	});
	await withServer(daemon, async ({url}) => {
		const asked = fetch(`${url}/api/v1/diagnose`, {
			method: 'POST',
			headers: {'Content-Type': 'application/json'},
			body: '{"subject": "x"}',
			signal: leaving.signal,
		});
		await until(() => signal !== undefined);
		leaving.abort();
		await t.throwsAsync(asked);
		await until(() => signal?.aborted === true);
	});
	t.pass();
});
