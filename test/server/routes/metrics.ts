import {once} from 'node:events';
import http from 'node:http';
import {promisify} from 'node:util';
import {gunzip} from 'node:zlib';
import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';
import {withHeldDisk} from '../../helpers/held-disk.ts';
import {until} from '../../helpers/until.ts';

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

const long = Array.from({length: 2000}, (_, at) => `tailprobe_up{target="node-${at}"} ${Math.random()}\n`);

test('who takes gzip gets it packed, who refuses it does not', async t => {
	const daemon = fakeDaemon({
		async *renderMetrics() {
			yield* long;
		},
	});
	await withServer(daemon, async ({url, get}) => {
		const [response] = await once(http.get(`${url}/metrics`, {headers: {'Accept-Encoding': 'gzip'}}), 'response');
		const packed = Buffer.concat(await response.toArray());
		const plain = await get('/metrics', {'Accept-Encoding': 'gzip;q=0, identity'});

		t.is(response.headers['content-encoding'], 'gzip');
		t.is(response.headers.vary, 'Accept-Encoding');
		t.is((await promisify(gunzip)(packed)).toString(), long.join(''));
		t.true(packed.length < long.join('').length / 3);
		t.is(plain.headers['content-encoding'], undefined);
		t.is(plain.body, long.join(''));
		t.is((await get('/metrics')).headers['content-encoding'], undefined);
	});
});

test('a packed scrape waits for no disk', async t => {
	const found = await withHeldDisk('metrics.ts');

	t.deepEqual(
		found,
		Array.from({length: 10}, () => ['gzip', 5001]),
	);
});

test('a packed exposition that fails is told as a failure that is not packed, and one whose reader left is not rendered on', async t => {
	let ended = false;
	let fails = true;
	const daemon = fakeDaemon({
		async *renderMetrics() {
			try {
				if (fails) throw new Error('a collector has a bug');
				for (;;) {
					yield long.join('');
					await new Promise(setImmediate);
				}
			} finally {
				ended = true;
			}
		},
	});
	await withServer(daemon, async ({url, get}) => {
		const {status, headers, body} = await get('/metrics', {'Accept-Encoding': 'gzip'});
		fails = false;
		ended = false;
		const request = http.get(`${url}/metrics`, {headers: {'Accept-Encoding': 'gzip'}});
		const [response] = await once(request, 'response');
		await once(response, 'readable');
		const before = ended;
		response.destroy();
		await until(() => ended);

		t.is(status, 500);
		t.is(headers['content-encoding'], undefined);
		t.regex(body, /tailprobe failed while answering/);
		t.false(before);
	});
});

test('whoever asks for more renderings than they have places shares one with others who wait, and nobody is sent away', async t => {
	const gate = Promise.withResolvers<void>();
	let renderings = 0;
	const daemon = fakeDaemon({
		async *renderMetrics() {
			const own = ++renderings;
			await gate.promise;
			yield `tailprobe_up ${own}\n`;
			yield 'tailprobe_ready 1\n';
		},
	});
	await withServer(daemon, async ({get}) => {
		const served = Array.from({length: 50}, () => get('/metrics'));
		await until(() => renderings === 4);
		// Answered after all of them came.
		for (let at = 0; at < 3; at++) await get('/-/healthy');
		gate.resolve();

		const answers = await Promise.all(served);

		t.true(answers.every(({status, body}) => status === 200 && /^tailprobe_up \d+\ntailprobe_ready 1\n$/.test(body)));
		t.true(renderings < 10, `${renderings} renderings for 50 who asked together`);
	});
});

test('a scrape from the address of somebody who asks without end succeeds each time', async t => {
	const daemon = fakeDaemon({
		async *renderMetrics() {
			for (let at = 0; at < 50; at++) {
				yield 'x'.repeat(10_000);
				await new Promise(setImmediate);
			}
		},
	});
	await withServer(daemon, async ({get}) => {
		let over = false;
		const flood = Array.from({length: 20}, async () => {
			while (!over) await get('/metrics');
		});

		for (let at = 0; at < 10; at++) {
			const {status, body} = await get('/metrics');
			t.is(status, 200);
			t.is(body.length, 500_000);
		}
		over = true;
		await Promise.all(flood);
	});
});

test('a scrape goes on when those who wait with it leave, before and after their turn, however often', async t => {
	let gate = Promise.withResolvers<void>();
	let [renderings, ended] = [0, 0];
	const daemon = fakeDaemon({
		async *renderMetrics() {
			renderings++;
			try {
				await gate.promise;
				for (let at = 0; at < 100; at++) yield 'x'.repeat(65_536);
			} finally {
				ended++;
			}
		},
	});
	await withServer(daemon, async ({url, get}) => {
		for (let round = 0; round < 3; round++) {
			gate = Promise.withResolvers();
			const before = renderings;
			const leaving = Array.from({length: 12}, () => http.get(`${url}/metrics`, {agent: false}).on('error', () => {}));
			await until(() => renderings === before + 4);
			const staying = get('/metrics');
			for (let at = 0; at < 3; at++) await get('/-/healthy');

			for (const request of leaving.slice(0, 8)) request.destroy();
			for (let at = 0; at < 3; at++) await get('/-/healthy');
			for (const request of leaving.slice(8))
				request.on('response', response => response.on('error', () => {}).destroy());
			gate.resolve();

			t.is((await staying).body.length, 100 * 65_536);
			await until(() => ended === renderings);
		}
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
