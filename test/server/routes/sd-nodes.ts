import test from 'ava';
import type {DaemonView} from '../../../src/server/types.ts';
import {aNode, fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';

const gpu = aNode({
	id: '2',
	name: 'june-gpu-1a2b',
	addresses: ['100.64.0.7', 'fd7a:115c:a1e0::7'],
	owner: '',
	tags: ['tag:gpu', 'tag:june'],
	ephemeral: true,
});

type Groups = {targets: string[]; labels: Record<string, string>}[];

async function discover(query: string, listed: Partial<NonNullable<ReturnType<DaemonView['listedNodes']>>> = {}) {
	let answer: {status: number; type: string; body: string} | undefined;
	const daemon = fakeDaemon({
		listedNodes: () => ({nodes: [aNode(), gpu], domain: 'tail.example.com', ...listed}),
	});
	await withServer(daemon, async ({get}) => {
		const {status, headers, body} = await get(`/sd/nodes${query}`, {'X-Prometheus-Refresh-Interval-Seconds': '60'});
		answer = {status, type: headers['content-type'] ?? '', body};
	});
	if (!answer) throw new Error('no answer');
	const groups = (answer.status === 200 ? JSON.parse(answer.body) : []) as Groups;
	return {...answer, groups, targets: groups.flatMap(group => group.targets)};
}

test('every node is a target by its address, with what is known of it in labels', async t => {
	const {status, type, groups} = await discover('');

	t.is(status, 200);
	t.regex(type, /^application\/json/);
	t.deepEqual(groups, [
		{
			targets: ['100.64.0.3'],
			labels: {
				__meta_tailprobe_node_id: '1',
				__meta_tailprobe_node_name: 'june-orchestrator',
				__meta_tailprobe_node_fqdn: 'june-orchestrator.tail.example.com',
				__meta_tailprobe_node_address: '100.64.0.3',
				__meta_tailprobe_node_owner: 'june',
				__meta_tailprobe_node_tags: '',
				__meta_tailprobe_node_online: 'true',
				__meta_tailprobe_node_ephemeral: 'false',
			},
		},
		{
			targets: ['100.64.0.7'],
			labels: {
				__meta_tailprobe_node_id: '2',
				__meta_tailprobe_node_name: 'june-gpu-1a2b',
				__meta_tailprobe_node_fqdn: 'june-gpu-1a2b.tail.example.com',
				__meta_tailprobe_node_address: '100.64.0.7',
				__meta_tailprobe_node_owner: '',
				__meta_tailprobe_node_tags: ',tag:gpu,tag:june,',
				__meta_tailprobe_node_online: 'true',
				__meta_tailprobe_node_ephemeral: 'true',
			},
		},
	]);
});

for (const [query, targets] of [
	['?port=9100', ['100.64.0.3:9100', '100.64.0.7:9100']],
	['?target={node}', ['june-orchestrator', 'june-gpu-1a2b']],
	['?target={fqdn}&port=9100', ['june-orchestrator.tail.example.com:9100', 'june-gpu-1a2b.tail.example.com:9100']],
	[
		'?target=http://{node}:8000/healthz',
		['http://june-orchestrator:8000/healthz', 'http://june-gpu-1a2b:8000/healthz'],
	],
	['?tag=tag:gpu', ['100.64.0.7']],
	['?tag=gpu&tag=other', ['100.64.0.7']],
	['?tag=other', []],
	['?owner=june', ['100.64.0.3']],
	['?name=june-gpu-*', ['100.64.0.7']],
	['?name=nothing&name=*orch*', ['100.64.0.3']],
	['?ephemeral=true', ['100.64.0.7']],
	['?ephemeral=false', ['100.64.0.3']],
] as const)
	test(`${query} means ${targets.join(', ') || 'nothing'}`, async t => {
		const found = await discover(query.replaceAll('{', '%7B').replaceAll('}', '%7D'));

		t.is(found.status, 200, found.body);
		t.deepEqual(found.targets, [...targets]);
	});

test('an IPv6 address is put in brackets, so that a port can follow', async t => {
	const nodes = [aNode({addresses: ['fd7a:115c:a1e0::7']})];

	t.deepEqual((await discover('', {nodes})).targets, ['[fd7a:115c:a1e0::7]']);
	t.deepEqual((await discover('?port=22', {nodes})).targets, ['[fd7a:115c:a1e0::7]:22']);
});

test('online=true keeps nodes of which that is not known, so that a restart of headscale empties no list', async t => {
	const {online: _online, ...unknown} = aNode({addresses: ['100.64.0.9']});
	const nodes = [aNode(), aNode({online: false, addresses: ['100.64.0.8']}), unknown];

	t.deepEqual((await discover('?online=true', {nodes})).targets, ['100.64.0.3', '100.64.0.9']);
	t.deepEqual((await discover('?online=false', {nodes})).targets, ['100.64.0.8']);
});

test('a node whose name is no DNS name is found by its address only', async t => {
	const nodes = [aNode({name: 'node-7', resolvable: false})];

	const byAddress = await discover('', {nodes});

	t.deepEqual(byAddress.targets, ['100.64.0.3']);
	t.false('__meta_tailprobe_node_fqdn' in (byAddress.groups[0]?.labels ?? {}));
	t.deepEqual((await discover('?target=%7Bnode%7D', {nodes})).targets, []);
});

for (const query of [
	'?port=0',
	'?port=99999',
	'?port=http',
	'?tags=gpu',
	'?online=yes',
	'?online=true&online=false',
	'?name=',
	'?target=fixed',
	'?target=%7Bhost%7D',
	'?target=%7Bnode%7D%7B',
	'?target=%7Bnode%7D%20x',
	'?target=%7Bnode%7D:80&port=80',
])
	test(`${query} is not understood, and says so`, async t => {
		const {status, body} = await discover(query);

		t.is(status, 400);
		t.regex(body, /^The query is not what this path takes: /);
	});

for (const [query, sentence] of [
	['?tags=gpu&nmae=x', 'tags: there is no field of this name; nmae: there is no field of this name.'],
	['?port=http', 'port: expected a port from 1 to 65535.'],
	['?port=99999', 'port: expected a port from 1 to 65535.'],
	['?port=1.5', 'port: expected a port from 1 to 65535.'],
	['?online=yes', 'online: expected true or false.'],
	['?online=true&online=false', 'online: expected true or false.'],
	['?target=fixed', 'target: expected {node}, {fqdn} or {address} somewhere in the pattern, and no other braces.'],
	['?target=%7Bnode%7D&target=x', 'target: expected one pattern such as {node}, {fqdn} or {address}.'],
	['?name=', 'name: expected 1 to 200 characters.'],
] as const)
	test(`${query} is wrong in a sentence: ${sentence}`, async t => {
		t.is((await discover(query)).body, `The query is not what this path takes: ${sentence}\n`);
	});

test('a program is told field by field what is wrong with the query', t =>
	withServer(fakeDaemon(), async ({get}) => {
		const {body} = await get('/sd/nodes?tags=gpu', {Accept: 'application/json'});

		t.like(JSON.parse(body), {status: 400, errors: [{field: 'tags', detail: 'there is no field of this name'}]});
	}));

test('without a headscale there is nothing to list, and the answer says that', t =>
	withServer(fakeDaemon({listedNodes: () => undefined, sources: () => []}), async ({get}) => {
		const {status, body} = await get('/sd/nodes');

		t.is(status, 503);
		t.regex(body, /^No headscale is configured, so there are no nodes to list/);
	}));

test('without a list of nodes the answer is 503 and never an empty list', t =>
	withServer(fakeDaemon({listedNodes: () => undefined}), async ({get}) => {
		const {status, body} = await get('/sd/nodes');

		t.is(status, 503);
		t.regex(body, /list of nodes was not read lately/);
	}));

test('full names without a known domain are 503, everything else goes on', t =>
	withServer(fakeDaemon({listedNodes: () => ({nodes: [aNode()]})}), async ({get}) => {
		t.is((await get('/sd/nodes?target=%7Bfqdn%7D')).status, 503);
		t.is((await get('/sd/nodes')).status, 200);
	}));

test('a tailnet without nodes is an empty list', t =>
	withServer(fakeDaemon({listedNodes: () => ({nodes: []})}), async ({get}) => {
		t.like(await get('/sd/nodes'), {status: 200, body: '[]'});
	}));
