import test from 'ava';
import {
	aCheck,
	aCheckView,
	aNodeView,
	anHttpOutcome,
	anOutcome,
	aVantage,
	fakeDaemon,
	someTime,
	withServer,
} from '../../helpers/fake-daemon.ts';

const someTimeText = '2023-11-14T22:13:20.000Z';

test('status tells the whole in numbers', t => {
	const daemon = fakeDaemon({
		checks: () => [
			aCheckView(),
			aCheckView({verdict: 'down', confirmed: true}),
			aCheckView({verdict: 'down'}),
			aCheckView({verdict: 'unknown'}),
			aCheckView({verdict: 'unknown', ran: false}),
		],
		sources: () => [
			{name: 'headscale-nodes', ok: false, detail: 'It did not answer.', lastTriedAt: someTime, failingSince: someTime},
		],
		vantages: () => [aVantage({condition: 'sick', detail: 'tailscaled does not answer.'})],
		problems: () => ['Two targets have one name.'],
	});
	return withServer(daemon, async ({get}) => {
		const {body} = await get('/api/v1/status');

		t.deepEqual(JSON.parse(body), {
			version: '0.1.0',
			startedAt: someTimeText,
			ready: true,
			checks: {total: 5, up: 1, down: 2, unknown: 1, pending: 1, confirmedDown: 1},
			nodes: 1,
			vantages: [{name: 'cluster', condition: 'sick', detail: 'tailscaled does not answer.'}],
			sources: [
				{
					name: 'headscale-nodes',
					ok: false,
					detail: 'It did not answer.',
					lastTriedAt: someTimeText,
					failingSince: someTimeText,
				},
			],
			problems: ['Two targets have one name.'],
			platform: {tailscaled: []},
		});
	});
});

test('nodes come with what headscale says and what the tunnels see', t =>
	withServer(fakeDaemon({nodes: () => [aNodeView({disagreement: 'online_but_unreachable'})]}), async ({get}) => {
		const {nodes} = JSON.parse((await get('/api/v1/nodes')).body);

		t.deepEqual(nodes, [
			{
				id: '1',
				name: 'june-orchestrator',
				addresses: ['100.64.0.3'],
				owner: 'june',
				tags: [],
				online: true,
				ephemeral: false,
				lastSeen: someTimeText,
				tunnels: [{vantage: 'cluster', verdict: 'up', path: 'direct', rttSeconds: 0.0061}],
				disagreement: 'online_but_unreachable',
			},
		]);
	}));

test('vantages come with their condition and facts', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {vantages} = JSON.parse((await get('/api/v1/vantages')).body);

		t.like(vantages[0], {
			name: 'cluster',
			condition: 'sound',
			latenessSeconds: 0.0004,
			facts: {backendState: 'Running'},
		});
	}));

test('checks come with their last run, and without their options and passwords', t => {
	const secret = aCheck({
		options: {headers: {Authorization: 'hunter2'}},
		target: {name: 'x', address: 'https://user:hunter2@x:8443/a@b', via: 'direct', peer: ''},
	});
	const down = anOutcome({verdict: 'down', reason: 'refused', detail: 'It refused.'});
	const view = aCheckView({check: secret, verdict: 'down', downSince: someTime, last: down});
	return withServer(fakeDaemon({checks: () => [view]}), async ({get}) => {
		const {body} = await get('/api/v1/checks');

		const [check] = JSON.parse(body).checks;
		t.like(check, {verdict: 'down', downSince: someTimeText, target: {address: 'https://<redacted>@x:8443/a@b'}});
		t.like(check.last, {verdict: 'down', reason: 'refused', durationSeconds: 0.02});
		t.notRegex(body, /hunter2/);
	});
});

test('the history of a check is found by its percent-encoded key', t => {
	const failure = anOutcome({verdict: 'down', reason: 'timeout', detail: 'No answer.'});
	const daemon = fakeDaemon({history: () => ({recent: [anHttpOutcome()], failures: [failure]})});
	return withServer(daemon, async ({get}) => {
		const {status, body} = await get(`/api/v1/checks/${encodeURIComponent(aCheck().key)}/history`);

		t.is(status, 200);
		const {check, recent, failures, lastHour} = JSON.parse(body);
		t.is(check.key, aCheck().key);
		t.like(recent[0], {verdict: 'up', facts: {address: '100.64.0.3'}});
		t.like(failures[0], {verdict: 'down', reason: 'timeout'});
		t.is(lastHour.length, 60);
	});
});

test('a check that is not known is 404 as problem+json', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {status, headers, body} = await get('/api/v1/checks/a%2Fb%2Fc/history');

		t.is(status, 404);
		t.regex(headers['content-type'] ?? '', /^application\/problem\+json/);
		t.regex(JSON.parse(body).detail, /No check has this key/);
	}));

test('a time that is none breaks nothing', t => {
	const daemon = fakeDaemon({
		nodes: () => [aNodeView({node: {...aNodeView().node, lastSeenMs: Number.NaN, keyExpiryMs: 1e300}})],
	});
	return withServer(daemon, async ({get}) => {
		const {nodes} = JSON.parse((await get('/api/v1/nodes')).body);

		t.false('lastSeen' in nodes[0] || 'keyExpiry' in nodes[0]);
		t.is((await get('/')).status, 200);
	});
});

test('a browser gets JSON that can be read, a program gets it in one line', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {check} = aCheckView();
		for (const path of [
			'/api/v1/checks',
			`/api/v1/checks/${encodeURIComponent(check.key)}/history`,
			'/api/v1/status',
		]) {
			const read = await get(path, {Accept: 'text/html,application/xhtml+xml,*/*;q=0.8'});
			const parsed = await get(path, {Accept: '*/*'});

			t.regex(read.headers['content-type'] ?? '', /^application\/json/);
			t.regex(read.body, /^\{\n {2}"/);
			t.notRegex(parsed.body, /\n/);
			t.deepEqual(Object.keys(JSON.parse(read.body)), Object.keys(JSON.parse(parsed.body)));
		}
	}));

test('what is odd where tailprobe itself runs stands among the problems', t => {
	const daemon = fakeDaemon({
		problems: () => ['One target is left out.'],
		ownNotes: () => [{about: 'metrics', says: 'Nobody has read /metrics.', also: []}],
	});
	return withServer(daemon, async ({get}) => {
		const {body} = await get('/api/v1/status');

		t.deepEqual(JSON.parse(body).problems, ['One target is left out.', 'Nobody has read /metrics.']);
	});
});
