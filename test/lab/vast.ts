import test, {type ExecutionContext} from 'ava';
import type {VastMood} from '../../src/lab/conditions.ts';
import {makeIdentities} from '../../src/lab/identity.ts';
import {startVast} from '../../src/lab/vast.ts';
import {createVastClient} from '../../src/vast/client.ts';
import type {VastError} from '../../src/vast/faults.ts';

async function start(t: ExecutionContext, mood: () => VastMood = () => 'answers', hasStray = () => false) {
	const identities = makeIdentities(Date.now());
	const vast = await startVast(identities, {port: 0, mood, hasStray});
	t.teardown(() => vast.stop());
	const read = (apiKey = vast.apiKey) =>
		createVastClient({url: vast.url, apiKey: () => apiKey, timeoutMs: 300, maxInstances: 100})(
			new AbortController().signal,
		);
	return {identities, read};
}

const failure = async (t: ExecutionContext, reading: Promise<unknown>) =>
	(await t.throwsAsync<VastError>(reading))?.failure;

test('the GPU machines of the lab are rented, and carry the names of their nodes', async t => {
	const {identities, read} = await start(t);

	const {instances, complete, api} = await read();

	t.true(complete);
	t.is(api, 'v1');
	t.deepEqual(
		instances.map(({label, status, publicAddress}) => [label, status, publicAddress]),
		[
			['june-gpu-00000001', 'running', '10.77.0.5'],
			['june-gpu-00000002', 'running', '10.77.0.6'],
		],
	);
	const joined = identities.nodes.find(({name}) => name === 'june-gpu-00000001')?.createdAt ?? 0;
	t.is(instances[0]?.startMs, joined - 90_000);
});

test('a stray instance runs and has no name', async t => {
	const {read} = await start(t, undefined, () => true);

	t.like((await read()).instances[2], {id: '27700900', label: '', status: 'running'});
});

test('it refuses, breaks and freezes as the real one does', async t => {
	let mood: VastMood = 'busy';
	const {read} = await start(t, () => mood);

	t.is(await failure(t, read()), 'status 429');
	mood = 'down';
	t.is(await failure(t, read()), 'status 502');
	mood = 'frozen';
	t.is(await failure(t, read()), 'unanswered');
	mood = 'answers';
	t.is(await failure(t, read('wrong')), 'status 401');
	t.is((await read()).instances.length, 2);
});
