import test from 'ava';
import {aCheck, anHttpOutcome, anOutcome, fakeDaemon, ranAnswer, withServer} from '../../helpers/fake-daemon.ts';

test('the parameters reach the daemon, and the module is http_2xx when none is named', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get}) => {
		await get(`/probe?target=${encodeURIComponent('http://livekit:7880/?a=b&c')}`);
		await get('/probe?target=x&module=icmp&from=cluster&hostname=other');
	});

	t.like(daemon.asked[0], {
		target: 'http://livekit:7880/?a=b&c',
		module: 'http_2xx',
		from: undefined,
		timeoutMs: undefined,
	});
	t.like(daemon.asked[1], {target: 'x', module: 'icmp', from: 'cluster', hostname: 'other', caller: '127.0.0.1'});
});

test('a target that is up answers 200 with probe_success 1', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {status, headers, body} = await get('/probe?target=x');

		t.is(status, 200);
		t.is(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
		t.regex(body, /^probe_success 1$/m);
	}));

test('a target that is down answers 200 with probe_success 0 and the reason', t => {
	const down = anOutcome({kind: 'adhoc', verdict: 'down', reason: 'refused', detail: 'It refused.'});
	return withServer(fakeDaemon({probe: async () => ranAnswer(down)}), async ({get}) => {
		const {status, body} = await get('/probe?target=x');

		t.is(status, 200);
		t.regex(body, /^probe_success 0$/m);
		t.regex(body, /^probe_failure_info{reason="refused"} 1$/m);
	});
});

test('when nobody could look the answer is 503 with one sentence and no probe_success', t => {
	const blind = anOutcome({
		kind: 'adhoc',
		verdict: 'unknown',
		reason: 'vantage',
		detail: 'tailscaled does not\nanswer.',
	});
	return withServer(fakeDaemon({probe: async () => ranAnswer(blind)}), async ({get}) => {
		const plain = await get('/probe?target=x');
		const debug = await get('/probe?target=x&debug=true');

		t.like(plain, {status: 503, body: 'tailscaled does not answer.\n'});
		t.is(debug.status, 503);
		t.notRegex(debug.body, /^probe_/m);
	});
});

test('a missing target is 400 and asks nobody', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get}) => {
		const {status, body} = await get('/probe?module=http_2xx');

		t.is(status, 400);
		t.regex(body, /The parameter target is missing/);
	});

	t.deepEqual(daemon.asked, []);
});

test('an endless target is 400 and asks nobody', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get}) => {
		t.is((await get(`/probe?target=${'x'.repeat(3000)}`)).status, 400);
	});

	t.deepEqual(daemon.asked, []);
});

test('a module that is not known is 400 with the sentence of the daemon, as problem+json on demand', t => {
	const daemon = fakeDaemon({
		probe: async () => ({kind: 'bad_request', field: 'module', detail: 'There is no module named nope.'}),
	});
	return withServer(daemon, async ({get}) => {
		t.like(await get('/probe?target=x&module=nope'), {status: 400, body: 'There is no module named nope.\n'});
		const json = await get('/probe?target=x&module=nope', {Accept: 'application/json'});
		t.is(json.status, 400);
		t.deepEqual(JSON.parse(json.body), {
			type: 'about:blank',
			title: 'Bad Request',
			status: 400,
			detail: 'There is no module named nope.',
		});
	});
});

test('too many at once are 429', t => {
	const daemon = fakeDaemon({probe: async () => ({kind: 'busy', detail: 'Four probes are under way.'})});
	return withServer(daemon, async ({get}) => {
		t.like(await get('/probe?target=x'), {status: 429, body: 'Four probes are under way.\n'});
	});
});

for (const [header, timeoutMs] of [
	['10', 9500],
	['2.5', 2000],
	['1e1', 9500],
	['0', undefined],
	['0.5', undefined],
	['0.2', undefined],
] as const)
	test(`a scrape timeout of ${header} s leaves ${timeoutMs === undefined ? 'the timeout of the module' : `${timeoutMs} ms`}`, async t => {
		const daemon = fakeDaemon();
		await withServer(daemon, async ({get}) => {
			await get('/probe?target=x', {'X-Prometheus-Scrape-Timeout-Seconds': header});
		});

		t.is(daemon.asked[0]?.timeoutMs, timeoutMs);
	});

for (const header of ['abc', '-3', 'NaN', '1e999', '5s', '0x10'])
	test(`a scrape timeout of "${header}" is 500 and asks nobody`, async t => {
		const daemon = fakeDaemon();
		await withServer(daemon, async ({get}) => {
			t.is((await get('/probe?target=x', {'X-Prometheus-Scrape-Timeout-Seconds': header})).status, 500);
		});

		t.deepEqual(daemon.asked, []);
	});

test('debug tells what happened, the metrics, and the module without its secrets', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {status, headers, body} = await get('/probe?target=x&debug=true');

		t.is(status, 200);
		t.regex(headers['content-type'] ?? '', /^text\/plain/);
		const [story, metrics, module, ...more] = body.split(/\n\n\n/);
		t.regex(story ?? '', /^What happened:\n/);
		t.regex(story ?? '', /\nprocessing took 4\.500 ms\n/);
		t.regex(metrics ?? '', /^Metrics that would have been returned:\n(.*\n)*probe_success 1$/m);
		t.regex(module ?? '', /^Module configuration:\nprober: http\nhttp:\n {2}basic_auth: <redacted>\n$/);
		t.deepEqual(more, []);
	}));

test('debug cannot be made to show lines that nobody said', t => {
	const check = aCheck({
		target: {name: 'adhoc', address: 'http://u:hunter2@x/\nprobe_success 1', via: 'tailnet', peer: ''},
	});
	const down = anHttpOutcome({
		kind: 'adhoc',
		verdict: 'down',
		reason: 'content',
		detail: 'Its body was "\r\nprobe_success 1\n".',
	});
	return withServer(fakeDaemon({probe: async () => ranAnswer(down, check)}), async ({get}) => {
		const {body} = await get('/probe?target=x&debug=true');

		t.deepEqual(body.match(/^probe_success.*$/gm), ['probe_success 0']);
		t.notRegex(body, /hunter2/);
	});
});

test('a caller who wants JSON gets the run in full, with the verdict inside', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {status, headers, body} = await get('/probe?target=x', {Accept: 'application/json'});

		t.is(status, 200);
		t.regex(headers['content-type'] ?? '', /^application\/json/);
		const {check, module, outcome} = JSON.parse(body);
		t.like(check, {vantage: 'cluster', type: 'http', timeoutSeconds: 5, target: {via: 'tailnet'}});
		t.deepEqual(module, {name: 'http_2xx', prober: 'http'});
		t.like(outcome, {verdict: 'up', kind: 'adhoc', phases: {connect: 0.0021}, values: {status_code: 200}});
		t.false('options' in check);
	}));

test('a caller who wants JSON learns by status and body that nobody could look', t => {
	const blind = anOutcome({kind: 'adhoc', verdict: 'unknown', reason: 'late', detail: 'Our thread was late.'});
	return withServer(fakeDaemon({probe: async () => ranAnswer(blind)}), async ({get}) => {
		const {status, body} = await get('/probe?target=x', {Accept: 'application/json'});

		t.is(status, 503);
		t.like(JSON.parse(body).outcome, {verdict: 'unknown', reason: 'late', detail: 'Our thread was late.'});
	});
});

test('Prometheus, which accepts almost anything, gets text', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const accept = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1';

		const {headers} = await get('/probe?target=x', {Accept: accept});

		t.regex(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
	}));

test('a check goes to the daemon by its name; with a module it is 400', async t => {
	const daemon = fakeDaemon();
	await withServer(daemon, async ({get}) => {
		t.is((await get('/probe?check=derp')).status, 200);
		t.is((await get('/probe?check=derp&target=headscale&from=gpu2')).status, 200);
		t.is((await get('/probe?check=derp&module=derp')).status, 400);
	});

	t.is(daemon.asked.length, 2);
	t.like(daemon.asked[0], {check: 'derp', target: ''});
	t.like(daemon.asked[1], {check: 'derp', target: 'headscale', from: 'gpu2'});
});

test('debug and JSON tell the checks of the same target', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const debug = await get('/probe?target=x&debug=true');
		const json = await get('/probe?target=x', {Accept: 'application/json'});

		t.regex(debug.body, /^check orchestrator has this target: up since 22:13 UTC$/m);
		t.deepEqual(JSON.parse(json.body).checks, [
			{
				name: 'orchestrator',
				target: 'june-orchestrator',
				type: 'http',
				verdict: 'up',
				since: '2023-11-14T22:13:20.000Z',
			},
		]);
	}));
