import test from 'ava';
import type {VastConfig} from '../../src/config/types.ts';
import {createRentals, withEndpoints} from '../../src/vast/rentals.ts';
import type {InstanceList} from '../../src/vast/types.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';
import {aCheckView, aNodeView} from '../helpers/fake-daemon.ts';

const minute = 60_000;
const config: VastConfig = {
	apiKey: {env: 'KEY'},
	url: 'https://console.vast.ai',
	intervalMs: minute,
	timeoutMs: 5000,
	maxInstances: 1000,
	joinGraceMs: 10 * minute,
	nodes: {name: 'june-gpu-*'},
	nodeBy: ['*-{id}'],
	podBy: {label: '{name}'},
};
const list: InstanceList = {
	instances: [{id: '7', label: '', status: 'running', startMs: 1000}],
	complete: true,
	problems: [],
	api: 'v1',
};
const around = {nodes: [], nodesAreFresh: true, pods: undefined, localVantages: new Set(['local'])};

test('nothing is claimed while the list is stale, and the grace goes on over it', t => {
	const rentals = createRentals(config);
	t.is(rentals.join(), undefined);

	rentals.update({...around, list, nowMs: 0});
	t.is(rentals.join()?.instances[0]?.reach, 'joining');
	rentals.update({...around, list: undefined, nowMs: 5 * minute});
	t.is(rentals.join(), undefined);
	rentals.update({...around, list, nowMs: 10 * minute});
	t.is(rentals.join()?.instances[0]?.reach, 'never_joined');
});

test('an instance that was in the tailnet and is no more has left it', t => {
	const rentals = createRentals(config);
	const node = aNodeView();
	const inTailnet = {
		...node,
		node: {...node.node, name: 'june-gpu-7'},
		tunnels: [{vantage: 'local', verdict: 'up' as const}],
	};

	rentals.update({...around, list, nodes: [inTailnet], nowMs: 0});
	t.is(rentals.join()?.instances[0]?.reach, 'reachable');
	rentals.update({...around, list, nowMs: minute});

	t.like(rentals.join()?.instances[0], {reach: 'left', unreachableSince: minute});
});

test('nodes get the addresses that direct tunnels to them end at, as our own vantages say', t => {
	const tunnel = (endpoint: string | undefined, type = 'tunnel', vantage = 'local') =>
		aCheckView({
			check: aCheck({type, vantage}),
			last: anOutcome({reading: {ok: true, values: {}, facts: endpoint === undefined ? {} : {endpoint}}}),
		});
	const endpointsOf = (...endpoints: (string | undefined)[]) =>
		withEndpoints(
			[aNodeView()],
			endpoints.map(endpoint => tunnel(endpoint)),
			around.localVantages,
		)[0]?.endpoints;

	t.deepEqual(endpointsOf('203.0.113.7:41641', '[2001:db8::7]:41641', '203.0.113.7:1'), ['203.0.113.7', '2001:db8::7']);
	t.is(endpointsOf(undefined, 'nonsense'), undefined);
	for (const other of [tunnel('203.0.113.7:1', 'http'), tunnel('203.0.113.7:1', 'tunnel', 'june-gpu-9')])
		t.is(withEndpoints([aNodeView()], [other], around.localVantages)[0]?.endpoints, undefined);
});
