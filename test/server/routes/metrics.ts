import {once} from 'node:events';
import http from 'node:http';
import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';

test('the exposition goes out as text 0.0.4, chunk after chunk', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {status, headers, body} = await get('/metrics', {
			Accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5',
		});

		t.is(status, 200);
		t.is(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
		t.is(body, '# HELP tailprobe_up Up.\n# TYPE tailprobe_up gauge\ntailprobe_up 1\n');
	}));

test('the exposition is rendered no faster than the caller reads, and not on when the caller left', async t => {
	let rendered = 0;
	let ended = false;
	const daemon = fakeDaemon({
		async *renderMetrics() {
			try {
				for (; rendered < 10_000; rendered++) yield 'x'.repeat(65_536);
			} finally {
				ended = true;
			}
		},
	});
	await withServer(daemon, async ({url}) => {
		const request = http.get(`${url}/metrics`);
		const [response] = await once(request, 'response');
		await once(response, 'readable');
		response.pause();
		let before = -1;
		while (before !== rendered) {
			before = rendered;
			await new Promise(resolve => setTimeout(resolve, 50));
		}

		t.true(rendered < 1000, `${rendered} chunks were rendered for a caller that reads nothing`);
		t.false(ended);
		response.destroy();
		while (!ended) await new Promise(setImmediate);
		t.true(rendered < 1000);
	});
});

test('an exposition that breaks off does not look whole', t => {
	const daemon = fakeDaemon({
		async *renderMetrics() {
			yield 'tailprobe_up 1\n';
			throw new Error('a collector has a bug');
		},
	});
	return withServer(daemon, async ({get, log}) => {
		await t.throwsAsync(get('/metrics'));

		t.like(log[0], {event: 'an answer of /metrics broke off', fields: {error: 'a collector has a bug'}});
	});
});

test('an exposition that fails before its first chunk is a 500', t => {
	const daemon = fakeDaemon({
		// biome-ignore lint/correctness/useYield: it fails before it can
		async *renderMetrics() {
			throw new Error('a collector has a bug');
		},
	});
	return withServer(daemon, async ({get}) => {
		t.is((await get('/metrics')).status, 500);
	});
});

test('more readers at once than anybody needs are sent away', async t => {
	const gate = Promise.withResolvers<void>();
	let readers = 0;
	const daemon = fakeDaemon({
		async *renderMetrics() {
			readers++;
			await gate.promise;
			yield 'tailprobe_up 1\n';
		},
	});
	await withServer(daemon, async ({get}) => {
		const served = Array.from({length: 8}, () => get('/metrics'));
		while (readers < 8) await new Promise(setImmediate);

		t.is((await get('/metrics')).status, 503);
		gate.resolve();

		t.deepEqual(
			(await Promise.all(served)).map(({status}) => status),
			Array(8).fill(200),
		);
		t.is((await get('/metrics')).status, 200);
	});
});

test('readers that take nothing keep nobody else out, and lose their places to those who come', async t => {
	const daemon = fakeDaemon({
		async *renderMetrics() {
			for (let at = 0; at < 400; at++) yield 'x'.repeat(65_536);
		},
	});
	await withServer(daemon, async ({url, get}) => {
		const stalled = await Promise.all(
			Array.from({length: 8}, async () => {
				const request = http.get(`${url}/metrics`, {agent: false});
				const [response] = await once(request, 'response');
				response.on('error', () => {}).pause();
				return response as http.IncomingMessage;
			}),
		);

		// The eight have their places until nothing more of the answer goes out.
		const begunAt = performance.now();
		let answer = await get('/metrics');
		// Far less than the time after which they would be cut anyway.
		while (answer.status === 503 && performance.now() - begunAt < 8000) answer = await get('/metrics');

		t.is(answer.status, 200);
		t.is(answer.body.length, 400 * 65_536);
		for (const response of stalled) response.destroy();
	});
});
