import test from 'ava';
import {type Machine, type MachinesView, noMachines} from '../../../src/inventory/machine-types.ts';
import {renderNodes} from '../../../src/server/page/nodes.ts';
import {readQuery} from '../../../src/server/page/query.ts';
import type {Snapshot} from '../../../src/server/page/snapshot.ts';
import {aCheck, aCheckView, aNode, aNodeView, anOutcome} from '../../helpers/fake-daemon.ts';
import {aSnapshot, asText, nowMs} from '../../helpers/status-page.ts';

const named = (name: string) => aNodeView({node: aNode({name})});

function render(part: Partial<Snapshot>, search = ''): string {
	return renderNodes(aSnapshot(part), readQuery(new URLSearchParams(search))).text;
}

function machines(byNode: Record<string, Machine>, part: Partial<MachinesView> = {}): MachinesView {
	return {...noMachines, byNode: new Map(Object.entries(byNode)), ...part};
}

const instance = {
	id: '27700002',
	label: 'gpu',
	status: 'running',
	reach: 'offline',
	gpuModel: 'RTX 4090',
	gpus: 2,
	pricePerHour: 0.372,
	trouble: 'It is paid for, and the tunnel is down: look there. No pod stands for it.',
} as const;
const pod = {
	namespace: 'june',
	name: 'gpu-abc',
	phase: 'Running',
	reason: 'CrashLoopBackOff',
	ready: false,
	restarts: 7,
} as const;

function gpuLook(node: string, verdict: 'up' | 'down') {
	const target = {name: node, address: 'self', via: 'tailnet', peer: node} as const;
	const check = aCheck({key: `gpu/${node}`, name: 'gpu', type: 'gpu', target});
	return aCheckView({check, verdict, last: anOutcome({verdict, ...(verdict === 'down' ? {reason: 'status'} : {})})});
}

test('a node has its GPUs with the state of the last look, its instance, its price and its pod', t => {
	const text = asText(
		render({
			nodes: [named('gpu-1')],
			checks: [gpuLook('gpu-1', 'down')],
			machines: machines({'gpu-1': {instance, pod, gpus: {count: 2, model: 'NVIDIA <4090>'}}}),
		}),
	);

	t.regex(text, /tunnel GPU instance per hour pod /);
	t.regex(
		text,
		/down \(nvidia-smi fails\) 2× &#60;4090&#62; running 27700002 It is paid for, and the tunnel is down\. \$0\.37 Running not ready, CrashLoopBackOff, restarted 7 times june\/gpu-abc/,
	);
});

test('of what nobody tells there is no column', t => {
	t.notRegex(asText(render({nodes: [named('a')]})), /GPU|instance|pod/);
});

test('instances and pods that are not told any more have their age', t => {
	const old = {instancesAt: {ms: nowMs - 120_000, isFresh: false}, podsAt: {ms: nowMs, isFresh: true}};

	const text = asText(render({nodes: [named('a')], machines: machines({a: {instance, pod}}, old)}));

	t.regex(text, /instance as of 2 min ago per hour as of 2 min ago pod a/);
});

test('a GPU that is down makes a node worse than one whose key ends', t => {
	const nodes = [aNodeView({node: aNode({name: 'ends', keyExpiryMs: nowMs + 1000})}), named('fine'), named('sick')];

	const names = [...render({nodes, checks: [gpuLook('sick', 'down')]}).matchAll(/<a href="nodes\/(\w+)">/g)];

	t.deepEqual(
		names.map(([, name]) => name),
		['sick', 'ends', 'fine'],
	);
});

test('the filter finds nodes by name, owner, tag, address, state, pod and GPU', t => {
	const nodes = [
		aNodeView({node: aNode({name: 'gpu-1', tags: ['tag:gpu']})}),
		aNodeView({node: aNode({name: 'livekit', online: false})}),
	];
	const all = {nodes, machines: machines({'gpu-1': {pod, instance}})};

	for (const [filter, name] of [
		['tag:gpu', 'gpu-1'],
		['gpu-abc', 'gpu-1'],
		['4090', 'gpu-1'],
		['offline', 'livekit'],
		['livekit', 'livekit'],
	]) {
		const text = render(all, `filter=${filter}`);

		t.deepEqual(
			[...text.matchAll(/href="nodes\/([^"]*)"/g)].map(([, found]) => found),
			[name],
			filter,
		);
		t.regex(text, /1 of 2 have/);
	}
});

test('all nodes are shown page by page, and a node looked at from everywhere tells the worst only', t => {
	const tunnels = Array.from(
		{length: 50},
		(_, at) => ({vantage: `v-${at}`, verdict: at === 40 ? 'down' : 'up'}) as const,
	);
	const nodes = Array.from({length: 600}, (_, at) =>
		aNodeView({node: aNode({name: `n-${at}`}), tunnels: at === 0 ? tunnels : []}),
	);

	t.is(render({nodes}, 'all=nodes&page=3').match(/<tr>/g)?.length, 1 + 100);
	t.regex(asText(render({nodes}, 'all=nodes&page=3')), /page 3 of 3/);
	t.regex(asText(render({nodes})), /n-0 .* down from v-40 up from v-0 .* and from 45 more/);
});
