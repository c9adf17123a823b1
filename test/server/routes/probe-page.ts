import test from 'ava';
import type {DaemonView} from '../../../src/server/types.ts';
import {
	aCheck,
	aCheckView,
	anHttpOutcome,
	anOutcome,
	aVantage,
	fakeDaemon,
	ranAnswer,
	withServer,
} from '../../helpers/fake-daemon.ts';
import {asText} from '../../helpers/status-page.ts';

interface Told {
	status: number;
	body: string;
}

async function post(daemon: DaemonView, fields: Record<string, string>): Promise<Told> {
	let told: Told = {status: 0, body: ''};
	await withServer(daemon, async ({url}) => {
		const answer = await fetch(`${url}/probe-now`, {method: 'POST', body: new URLSearchParams(fields)});
		told = {status: answer.status, body: await answer.text()};
	});
	return told;
}

test('the fields of the form reach the daemon; of a check that is named the module is left aside', async t => {
	const daemon = fakeDaemon();

	await post(daemon, {target: ' http://livekit:7880/ ', module: '', check: '', from: 'cluster'});
	await post(daemon, {target: 'livekit', module: 'tcp_connect', check: 'audio', from: ''});

	t.like(daemon.asked[0], {
		target: 'http://livekit:7880/',
		module: 'http_2xx',
		check: undefined,
		from: 'cluster',
		caller: '127.0.0.1',
	});
	t.like(daemon.asked[1], {target: 'livekit', check: 'audio', from: undefined});
});

test('the answer has verdict, phases as bars, facts, the last hour of the checks of that target, and the form as it was', async t => {
	const daemon = fakeDaemon({vantages: () => [aVantage(), aVantage({name: 'gpu-1'})]});

	const {status, body} = await post(daemon, {
		target: 'livekit',
		module: 'http_2xx',
		check: 'orchestrator',
		from: 'gpu-1',
	});

	t.is(status, 200);
	t.regex(
		asText(body),
		/up http:\/\/june-orchestrator:8080\/healthz from cluster .* Phases resolve 1\.20 ms .* status 200 .* The last hour of the checks that watch it .* up orchestrator june-orchestrator from cluster/,
	);
	t.is(body.match(/<svg class="bar"/g)?.length, 5);
	t.regex(body, /name="target" value="livekit"/);
	t.regex(body, /<option selected>orchestrator<\/option>/);
	t.regex(body, /<option selected>gpu-1<\/option>/);
	t.notRegex(body, /data-refresh/);
});

test('a target that is down is a page with its reason, and what it says becomes no markup', async t => {
	const outcome = anOutcome({verdict: 'down', reason: 'refused', detail: '<b>no</b>', kind: 'adhoc'});
	const check = aCheck({target: {name: 'x', address: 'x', via: 'direct', peer: ''}});

	const {status, body} = await post(fakeDaemon({probe: async () => ranAnswer(outcome, check)}), {target: 'x'});

	t.is(status, 200);
	t.regex(body, /<code>refused<\/code> &#60;b&#62;no&#60;\/b&#62;\./);
	t.regex(body, /No check watches this target/);
	t.regex(body, /port 80 was assumed/);
});

test('the path is that of the tunnel to the same node where the run has none of its own', async t => {
	const tunnel = aCheckView({
		check: aCheck({key: 't', type: 'tunnel'}),
		last: anOutcome({reading: {ok: true, values: {}, facts: {path: 'direct'}}}),
	});

	const {body} = await post(fakeDaemon({checks: () => [tunnel], probe: async () => ranAnswer(anHttpOutcome())}), {
		target: 'x',
	});

	t.regex(asText(body), /path direct/);
});

test('what the daemon refuses is a page with its sentence and the form', async t => {
	const refusing = (kind: 'busy' | 'bad_request') =>
		fakeDaemon({probe: async () => ({kind, field: 'module', detail: 'There is no <module> x'}) as never});

	const bad = await post(refusing('bad_request'), {target: 'x', module: 'x'});
	const busy = await post(refusing('busy'), {target: 'x'});

	t.is(bad.status, 422);
	t.is(busy.status, 429);
	t.regex(bad.body, /role="alert" class="problem">There is no &#60;module&#62; x\.</);
	t.regex(bad.body, /<form action="probe-now"/);
});

test('without a target and a check, or with endless ones, nobody is asked', async t => {
	const daemon = fakeDaemon();

	t.is((await post(daemon, {})).status, 422);
	t.is((await post(daemon, {target: 'x'.repeat(3000)})).status, 422);
	t.is(daemon.asked.length, 0);
});

test('only a form of our own starts a run', async t => {
	const daemon = fakeDaemon();

	await withServer(daemon, async ({url, get}) => {
		const json = await fetch(`${url}/probe-now`, {
			method: 'POST',
			body: '{}',
			headers: {'Content-Type': 'application/json'},
		});
		const foreign = await fetch(`${url}/probe-now`, {
			method: 'POST',
			body: new URLSearchParams({target: 'x'}),
			headers: {Origin: 'http://evil.example'},
		});

		t.is(json.status, 415);
		t.is(foreign.status, 403);
		t.is((await get('/probe-now')).status, 405);
	});

	t.is(daemon.asked.length, 0);
});
