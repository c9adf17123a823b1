import test, {type ExecutionContext} from 'ava';
import type {Diagnosis} from '../../../src/diagnosis/types.ts';
import type {DaemonView, DiagnoseRequest} from '../../../src/server/types.ts';
import {
	aCheck,
	aCheckView,
	aNode,
	aNodeView,
	anHttpOutcome,
	anOutcome,
	type FakeDaemon,
	fakeDaemon,
	someTime,
	withServer,
} from '../../helpers/fake-daemon.ts';
import {aCause, asText, downView} from '../../helpers/status-page.ts';

const key = 'tts/cluster/gpu-1';
const path = `/checks/${encodeURIComponent(key)}`;
const failed = anOutcome({
	key,
	verdict: 'down',
	reason: 'refused',
	detail: 'Nothing listens at `gpu-1`',
	startedAt: someTime,
	reading: {
		ok: false,
		reason: 'refused',
		phases: {resolve: 0.001, connect: 0.002},
		values: {},
		facts: {phase: 'connect'},
	},
});

function aDaemon(part: Partial<DaemonView> = {}): FakeDaemon {
	const target = {
		name: 'gpu-1',
		address: 'http://u:secret@gpu-1:8000/?token=x',
		via: 'tailnet',
		peer: 'gpu-1',
	} as const;
	const check = aCheck({key, name: 'tts', target});
	const views = [downView('tts', 'gpu-1', someTime, {check, last: failed})];
	return fakeDaemon({
		checks: () => views,
		nodes: () => [aNodeView({node: aNode({name: 'gpu-1'})})],
		history: asked =>
			asked === key
				? {recent: [failed, anHttpOutcome()], failures: [failed, {...failed, startedAt: someTime - 5_000_000}]}
				: undefined,
		...part,
	});
}

function answering(asked: DiagnoseRequest[], part: Partial<Diagnosis> = {}): Partial<DaemonView> {
	return {
		async diagnose(request) {
			asked.push(request);
			const diagnosis: Diagnosis = {
				subject: {kind: 'node', node: 'gpu-1'},
				verdict: 'down',
				ladder: [
					{name: 'tunnel', state: 'holds', says: 'gpu-1 answers', evidence: [{says: 'It did', fresh: true}]},
					{name: 'connect', state: 'broken', says: 'refused', evidence: []},
				],
				cause: aCause(),
				also: [aCause({id: 'other', title: 'Something else', about: 'headscale'})],
				shared: {count: 3, keys: ['stt/cluster/gpu-1']},
				asked: {atMs: someTime, durationMs: 1500, looks: 4},
				...part,
			};
			return {kind: 'diagnosed', diagnosis, unasked: ['The relay was not asked']};
		},
	};
}

test('the page of a check tells verdict, cause, ladder, hour, runs with phases, older failures, and commands', t =>
	withServer(aDaemon(), async ({get}) => {
		const {status, headers, body} = await get(path);

		t.is(status, 200);
		t.is(headers['content-type'], 'text/html; charset=utf-8');
		const text = asText(body);
		t.regex(text, /down tts gpu-1 from cluster .* Down since .* last tried .* again within 15 s\./);
		t.regex(text, /Why From what is known; nothing was asked for this\./);
		t.regex(text, /Ladder what all else stands on comes first .* connection/);
		t.regex(text, /Recent runs 2 .* 22:13:20 UTC down .* refused Nothing listens at gpu-1 \. .* up .* status 200/);
		t.regex(text, /Failures, kept longer 1 .* 20:50:00 UTC down/);
		t.regex(text, /tailprobe diagnose tts\/cluster\/gpu-1/);
		t.regex(text, /tailprobe probe --check tts --from cluster gpu-1/);
		t.regex(body, /<rect class="ph-failed"/);
		t.regex(body, /href="\.\.\/nodes\/gpu-1"/);
		t.regex(body, /href="\.\.\/api\/v1\/checks\/tts%2Fcluster%2Fgpu-1\/history"/);
		t.regex(body, /<option selected>tts<\/option>/);
	}));

test('what an address holds that may be a secret is on no page', t =>
	withServer(aDaemon(), async ({get, url}) => {
		const answer = await fetch(`${url}/probe-now`, {method: 'POST', body: new URLSearchParams({target: 'http://x/'})});

		for (const body of [(await get('/')).body, (await get(path)).body, await answer.text()]) {
			t.notRegex(body, /secret|token=x/);
		}
	}));

test('the page of a node tells its ladder, its checks, and what headscale says', t =>
	withServer(aDaemon(), async ({get}) => {
		const {status, body} = await get('/nodes/gpu-1');

		t.is(status, 200);
		t.regex(
			asText(body),
			/down gpu-1 .* Ladder .* Checks of it 1 .* tts gpu-1 cluster down refused .* headscale online/,
		);
		t.regex(body, /href="\.\.\/checks\/tts%2Fcluster%2Fgpu-1"/);
	}));

test('a POST asks afresh, and the answer is the page with what was asked now, which does not ask for itself again', async t => {
	const asked: DiagnoseRequest[] = [];

	await withServer(aDaemon(answering(asked)), async ({url}) => {
		for (const page of [path, '/nodes/gpu-1']) {
			const answer = await fetch(`${url}${page}/diagnose`, {method: 'POST'});
			const body = await answer.text();

			t.is(answer.status, 200);
			const text = asText(body);
			t.regex(text, /Asked afresh at [-0-9]+ 22:13:20 UTC : 4 looks in 1\.50 s\./);
			t.regex(
				text,
				/The service does not listen .* 3 more checks are down or unknown for it .* 1 other fault seen on the way Something else/,
			);
			t.regex(text, /holds tunnel gpu-1 answers\. asked now .* broken connection refused\./);
			t.regex(text, /Could not be asked: The relay was not asked\./);
			t.notRegex(body, /data-refresh|http-equiv="refresh"/);
			t.regex(body, /href="\.\.\/\.\.\/page\.css/);
			t.regex(body, new RegExp(`href="\\.\\./\\.\\.${page}"`));
		}
	});

	t.deepEqual(
		asked.map(({subject, caller}) => [subject, caller]),
		[
			[key, '127.0.0.1'],
			['gpu-1', '127.0.0.1'],
		],
	);
});

test('asking is work: a GET does not, nor a page of another site', async t => {
	const asked: DiagnoseRequest[] = [];

	await withServer(aDaemon(answering(asked)), async ({get, url}) => {
		t.is((await get(`${path}/diagnose`)).status, 405);
		for (const foreign of [{Origin: 'http://evil.example'}, {Origin: 'null'}, {'Sec-Fetch-Site': 'cross-site'}])
			t.is((await get(`${path}/diagnose`, foreign, 'POST')).status, 403);
		const own = await get(`${path}/diagnose`, {Origin: url, 'Sec-Fetch-Site': 'same-origin'}, 'POST');
		t.is(own.status, 200);
		t.is(own.headers['referrer-policy'], 'same-origin');
	});

	t.is(asked.length, 1);
});

test('who asks for too much at once is told so, beside what is known', t =>
	withServer(
		aDaemon({diagnose: async () => ({kind: 'busy', detail: 'Two diagnoses run already; <try> again.'})}),
		async ({get}) => {
			const {status, body} = await get(`${path}/diagnose`, {}, 'POST');

			t.is(status, 429);
			t.regex(body, /role="alert" class="problem">Two diagnoses run already; &#60;try&#62; again\.</);
			t.regex(body, /From what is known/);
		},
	));

async function isMissing(t: ExecutionContext, daemon: DaemonView, asked: string, meant: RegExp, method = 'GET') {
	await withServer(daemon, async ({get}) => {
		const {status, headers, body} = await get(asked, {}, method);

		t.is(status, 404, asked);
		t.is(headers['content-type'], 'text/html; charset=utf-8');
		t.regex(body, meant);
		t.regex(body, /the status page/);
	});
}

test('a check or a node that is not there is a page that says what may have been meant', async t => {
	await isMissing(t, aDaemon(), '/checks/tts%2Fcluster%2Fgpu-2', /<a href="\.\.\/checks\/tts%2Fcluster%2Fgpu-1">/);
	await isMissing(t, aDaemon(), '/nodes/gpu1', /<a href="\.\.\/nodes\/gpu-1">/);
	await isMissing(t, aDaemon(), '/nodes/%3Cscript%3E', /&#60;script&#62;/);
	await isMissing(t, aDaemon(), `/checks/${'x'.repeat(8000)}`, /x{300}</);
	await isMissing(t, aDaemon(), '/checks/nothing/diagnose', /No such check/, 'POST');
});

test('a check that goes with a reload while it is looked at is told as gone', async t => {
	const daemon = aDaemon();
	const known = daemon.checks();
	let isGone = false;
	const going = aDaemon({
		checks: () => (isGone ? [] : known),
		async diagnose() {
			isGone = true;
			return {kind: 'bad_request', field: 'subject', detail: 'Nothing goes by that name.'};
		},
	});

	await isMissing(t, going, `${path}/diagnose`, /It may have gone with a change of the configuration/, 'POST');
});

test('a check that has not run yet has a page too', t => {
	const fresh = aCheckView({check: aCheck({key}), ran: false, verdict: 'unknown', last: undefined, strip: []});

	return withServer(fakeDaemon({checks: () => [fresh], history: () => ({recent: [], failures: []})}), async ({get}) => {
		const {status, body} = await get(path);

		t.is(status, 200);
		t.regex(asText(body), /It has not run yet; its first run begins within 15 s\./);
	});
});

test('names from outside become no markup and lead to no other path', t => {
	const evil = `"'><script>alert(1)</script>/../..?#`;
	const target = {name: evil, address: evil, via: 'tailnet', peer: evil} as const;
	const check = aCheck({key: evil, name: evil, vantage: evil, type: evil, target});
	const last = {
		...failed,
		detail: evil,
		reason: evil as 'tls',
		reading: {ok: false, values: {}, facts: {path: evil, body_start: evil}},
	};
	const daemon = fakeDaemon({
		checks: () => [aCheckView({check, verdict: 'down', downSince: someTime, last})],
		history: () => ({recent: [last], failures: [last]}),
		nodes: () => [aNodeView({node: aNode({name: evil, owner: evil, tags: [evil], addresses: [evil]})})],
	});

	return withServer(daemon, async ({get}) => {
		for (const asked of [
			`/checks/${encodeURIComponent(evil)}`,
			`/nodes/${encodeURIComponent(evil)}`,
			'/?filter=%22%3E%3Cscript%3E',
		]) {
			const {status, body} = await get(asked);

			t.is(status, 200, asked);
			t.is(body.match(/<script/g)?.length, 1, asked);
			t.notRegex(body, /href="[^"]*\/\.\.\/\.\.\?/, asked);
		}
	});
});

test('a page is packed for those who take that', t =>
	withServer(aDaemon(), async ({get, url}) => {
		const plain = await get('/');
		const packed = await fetch(`${url}/`, {headers: {'Accept-Encoding': 'gzip'}});

		t.is(plain.headers['content-encoding'], undefined);
		t.is(packed.headers.get('content-encoding'), 'gzip');
		t.regex(await packed.text(), /<\/html>\n$/);
	}));
