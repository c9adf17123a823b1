import test, {type ExecutionContext} from 'ava';
import {openKubernetes} from '../../src/kubernetes/client.ts';
import {parsePod} from '../../src/kubernetes/pods.ts';
import type {Pod} from '../../src/kubernetes/types.ts';
import {startWatch, type Watch} from '../../src/kubernetes/watch.ts';
import {aPod, type FakeKubernetes, fakeKubernetes, json, status} from '../helpers/kubernetes-api.ts';
import {until} from '../helpers/until.ts';

const path = '/api/v1/namespaces/june-services/pods';

/** A watch of an API server with these pods: each lasts one second, and a call half of one. */
async function start(t: ExecutionContext, names: readonly string[] = ['gpu-1'], arrange = (_: FakeKubernetes) => {}) {
	const api = await fakeKubernetes(t);
	const pods = names.map(name => aPod(name));
	api.objects.set(path, pods);
	arrange(api);
	const access = await openKubernetes({kubeconfigFile: api.kubeconfig, timeoutMs: 500});
	const watch = startWatch({
		access: async () => access,
		path,
		parse: parsePod,
		...{intervalMs: 1500, timeoutMs: 500, resyncMs: 3_600_000, retryMs: 50},
		onChange() {},
	});
	t.teardown(async () => {
		await watch.stop();
		await access.close();
	});
	return {api, watch};
}

const namesOf = (watch: Watch<Pod>) =>
	watch
		.state()
		.read.value?.items.map(({name}) => name)
		.toSorted();
const errorOf = (watch: Watch<Pod>) => watch.state().read.error;
const lists = ({requests}: FakeKubernetes) => requests.filter(({url}) => !url.searchParams.has('watch')).length;
const watchesOf = ({requests}: FakeKubernetes) => requests.filter(({url}) => url.searchParams.has('watch'));
const isSound = (watch: Watch<Pod>) => watch.state().read.succeededAt !== undefined && errorOf(watch) === undefined;

test('what is there is listed, and what changes is followed', async t => {
	const {api, watch} = await start(t);
	await until(() => isSound(watch) && api.watches() === 1);

	api.change(path, 'ADDED', aPod('gpu-2'));
	await until(() => namesOf(watch)?.length === 2);
	api.change(path, 'MODIFIED', aPod('gpu-2', {status: {phase: 'Failed'}}));
	await until(() => watch.state().read.value?.items.some(({phase}) => phase === 'Failed') === true);
	api.change(path, 'DELETED', aPod('gpu-1'));
	await until(() => namesOf(watch)?.length === 1);

	t.deepEqual(namesOf(watch), ['gpu-2']);
	t.is(lists(api), 1);
	t.is(watch.state().restarts, 0);
});

test('each watch is ended by the server and renewed from where it was, which proves that nobody stands still', async t => {
	const {api, watch} = await start(t);
	await until(() => api.watches() === 1);
	api.change(path, 'ADDED', aPod('gpu-2'));
	const before = watch.state().read.triedAt ?? 0;

	await until(() => watchesOf(api).length === 3);

	t.true((watch.state().read.triedAt ?? 0) > before);
	t.is(errorOf(watch), undefined);
	t.is(lists(api), 1);
	t.deepEqual(
		watchesOf(api).map(({url}) => [url.searchParams.get('resourceVersion'), url.searchParams.get('timeoutSeconds')]),
		[
			['100', '1'],
			['101', '1'],
			['101', '1'],
		],
	);
});

test('a long list comes page by page', async t => {
	const {api, watch} = await start(
		t,
		Array.from({length: 250}, (_, at) => `gpu-${at}`),
	);

	await until(() => isSound(watch));

	t.is(namesOf(watch)?.length, 250);
	t.is(lists(api), 3);
});

test('everything is listed anew at the times of the resync', async t => {
	const api = await fakeKubernetes(t);
	const access = await openKubernetes({kubeconfigFile: api.kubeconfig, timeoutMs: 500});
	const times = {intervalMs: 1500, timeoutMs: 500, resyncMs: 1, retryMs: 50};
	const watch = startWatch({access: async () => access, path, parse: parsePod, ...times, onChange() {}});
	t.teardown(() => watch.stop().then(() => access.close()));
	await until(() => api.watches() === 1);

	// Nobody told of it.
	api.objects.set(path, [aPod('gpu-9')]);

	await until(() => namesOf(watch)?.[0] === 'gpu-9');
	t.is(watch.state().restarts, 0);
});

test('an object that is none is counted and told, and the others stay', async t => {
	const {api, watch} = await start(t, ['gpu-1', 'gpu-2']);
	await until(() => api.watches() === 1);

	api.change(path, 'MODIFIED', {metadata: {name: 'gpu-2', namespace: 'june-services', uid: 7}});
	api.change(path, 'ADDED', {metadata: {name: '<script>', namespace: 'june-services', uid: 'x'}});
	await until(() => watch.state().read.value?.bad === 2);

	t.deepEqual(namesOf(watch), ['gpu-1']);
	t.deepEqual(watch.state().read.value?.problems, [
		'1 objects without a usable name cannot be used.',
		'The pod june-services/gpu-2 cannot be used: metadata.uid is not as expected.',
	]);
	api.change(path, 'MODIFIED', aPod('gpu-2'));
	await until(() => watch.state().read.value?.bad === 1);
	t.deepEqual(namesOf(watch), ['gpu-1', 'gpu-2']);
});

/** It breaks, that is told within an interval and a deadline, and it heals by itself: also with what changed meanwhile. */
const heals = test.macro(
	async (
		t,
		{breaks, mends, says}: {breaks(api: FakeKubernetes): unknown; mends?(api: FakeKubernetes): unknown; says: RegExp},
	) => {
		const {api, watch} = await start(t);
		await until(() => isSound(watch) && api.watches() === 1);

		await breaks(api);
		await until(() => errorOf(watch) !== undefined, 10_000);
		const error = errorOf(watch) ?? '';
		t.deepEqual(namesOf(watch), ['gpu-1'], 'what was known stays');
		api.objects.set(path, [aPod('gpu-2')]);
		api.onList = () => false;
		api.onWatch = () => false;
		await mends?.(api);

		await until(() => isSound(watch) && namesOf(watch)?.[0] === 'gpu-2');
		t.regex(error, says);
		t.true(watch.state().restarts > 0);
		await until(() => api.watches() === 1);
		api.change(path, 'ADDED', aPod('gpu-3'));
		await until(() => namesOf(watch)?.length === 2);
	},
);

test('an API server that goes down', heals, {
	breaks: api => api.goDown(),
	mends: api => api.comeUp(),
	says: /found nobody listening|ended in the middle/,
});

test('an API server that accepts and says nothing for ever', heals, {
	breaks(api) {
		api.onList = () => true;
		api.onWatch = () => true;
	},
	says: /was not answered within 500 ms/,
});

test('a watch that begins and then stays silent for ever', heals, {
	breaks(api) {
		api.onWatch = (_, response) => {
			response.writeHead(200).flushHeaders();
			return true;
		};
	},
	says: /was to end after 1 s and did not within 500 ms more/,
});

test('a right that is taken away', heals, {
	breaks(api) {
		api.onWatch = (_, response) => {
			status(response, 403, 'pods is forbidden: User "x" cannot watch resource "pods"');
			return true;
		};
	},
	says: /answered 403 \("pods is forbidden.*grant it/,
});

test('half a JSON', heals, {
	breaks: api => api.write(path, '{"type":"ADDED","object":{"metadata"\n'),
	says: /something that is no JSON/,
});

test('what is JSON and no event', heals, {
	breaks: api => api.write(path, '{"kind":"Status"}\n'),
	says: /no event of a watch/,
});

test('an error event', heals, {
	breaks: api => api.write(path, '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is gone"}}\n'),
	says: /answered 500 \("etcd is gone"\)/,
});

test('an error event with our token in it', heals, {
	breaks: api =>
		api.write(
			path,
			'{"type":"ERROR","object":{"kind":"Status","code":500,"message":"of Bearer x, the-first-token"}}\n',
		),
	says: /answered 500 \("of Bearer <redacted> <redacted>"\)/,
});

test('a list that is none', heals, {
	breaks(api) {
		api.onList = (_, response) => {
			json(response, {kind: 'PodList', items: 'none'});
			return true;
		};
		api.write(path, '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n');
	},
	says: /something that is no list/,
});

test('a server that ends every watch at once', heals, {
	breaks(api) {
		api.onWatch = (_, response) => {
			response.writeHead(200).end();
			return true;
		};
		api.endWatches();
	},
	says: /is ended at once again and again/,
});

test('a server that resets every watch', heals, {
	breaks(api) {
		api.onWatch = (_, response) => {
			response.writeHead(200).write('{"type":');
			response.socket?.destroy();
			return true;
		};
		for (const socket of api.sockets) socket.destroy();
	},
	says: /is ended at once again and again|ended in the middle/,
});

test('what is too old is listed anew at once, and nobody calls that a failure', async t => {
	const {api, watch} = await start(t);
	await until(() => isSound(watch) && api.watches() === 1);
	api.objects.set(path, [aPod('gpu-2')]);

	api.write(path, '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}\n');
	await until(() => namesOf(watch)?.[0] === 'gpu-2');

	t.is(errorOf(watch), undefined);
	t.is(watch.state().restarts, 1);
});

test('one watch that breaks is renewed from where it was', async t => {
	const {api, watch} = await start(t);
	await until(() => isSound(watch) && api.watches() === 1);

	for (const socket of api.sockets) socket.destroy();
	await until(() => watchesOf(api).length === 2 && api.watches() === 1);
	api.change(path, 'ADDED', aPod('gpu-2'));
	await until(() => namesOf(watch)?.length === 2);

	t.is(errorOf(watch), undefined);
	t.is(lists(api), 1);
	t.is(watch.state().restarts, 1);
});

test('a server that breaks everything at once is not asked over and over', async t => {
	const {api, watch} = await start(t, [], fake => {
		fake.onWatch = (_, response) => {
			response.writeHead(200).end();
			return true;
		};
	});

	await until(() => api.requests.length >= 6);
	const begun = Date.now();
	const before = api.requests.length;
	await until(() => Date.now() - begun > 1500);

	t.true(api.requests.length - before < 15, `${api.requests.length - before}`);
	t.regex(errorOf(watch) ?? '', /ended at once/);
});

test('an endless event is cut, and a flood of events leaves time for others', async t => {
	const {api, watch} = await start(t);
	await until(() => isSound(watch) && api.watches() === 1);
	let beats = 0;
	const beat = setInterval(() => beats++, 5);
	t.teardown(() => clearInterval(beat));

	const line = `${JSON.stringify({type: 'MODIFIED', object: aPod('gpu-1')})}\n`;
	api.write(path, line.repeat(20_000));
	api.change(path, 'ADDED', aPod('gpu-2'));
	await until(() => namesOf(watch)?.length === 2);
	t.true(beats > 5, `${beats}`);
	await until(() => api.watches() === 1);
	api.write(path, 'x'.repeat(9 * 1024 * 1024));

	await until(() => errorOf(watch) !== undefined);
	t.regex(errorOf(watch) ?? '', /an event of more than 8388608 bytes/);
});

test('stopping ends everything at once', async t => {
	const {api, watch} = await start(t);
	await until(() => api.watches() === 1);

	await watch.stop();

	await until(() => api.watches() === 0);
	const before = api.requests.length;
	await watch.stop();
	t.is(api.requests.length, before);
});
