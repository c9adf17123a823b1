import test from 'ava';
import type {PoolConfig} from '../../src/config/types.ts';
import type {Check, Reading, Verdict} from '../../src/engine/types.ts';
import {groupByNode, listMembers} from '../../src/pools/members.ts';
import type {PoolCheck, PoolLook} from '../../src/pools/types.ts';
import type {NodeView} from '../../src/server/types.ts';
import type {JoinedInstance, VastJoin} from '../../src/vast/join.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const pool: PoolConfig = {name: 'gpus', match: {kind: 'nodes', selector: {name: 'june-gpu-*'}}, min: 1};

function node(name: string, ...verdicts: Verdict[]): NodeView {
	return {node: aNode({id: `id-${name}`, name}), tunnels: verdicts.map(verdict => ({vantage: 'local', verdict}))};
}

function check(
	name: string,
	verdict: Verdict,
	over: Partial<Check> & {peer?: string; ran?: boolean; gpus?: number} = {},
): PoolCheck {
	const {peer = 'june-gpu-a', ran = true, gpus, ...rest} = over;
	const target = {name: `${peer}:8000`, address: `http://${peer}:8000/`, via: 'tailnet' as const, peer};
	const reading: Reading = {
		ok: true,
		values: gpus === undefined ? {} : {gpus_visible: gpus},
		facts: {},
	};
	return {
		check: aCheck({key: `${name}/${peer}`, name, vantage: 'local', target, ...rest}),
		verdict,
		ran,
		last: anOutcome({verdict, reading}),
	};
}

const gpu = (verdict: Verdict, gpus?: number) =>
	check('gpu', verdict, {type: 'gpu', vantage: 'june-gpu-a', ...(gpus === undefined ? {} : {gpus})});

function members(
	config: PoolConfig,
	nodes: readonly NodeView[],
	checks: readonly PoolCheck[] = [],
	over: Partial<PoolLook> = {},
) {
	const look: PoolLook = {
		nodes,
		checks,
		localVantages: new Set(['local']),
		vast: undefined,
		vastIsFresh: false,
		hasVast: false,
		nowMs: 0,
		...over,
	};
	return listMembers(config, look, groupByNode(checks));
}

const judged = test.macro({
	exec(
		t,
		nodes: readonly NodeView[],
		checks: readonly PoolCheck[],
		expected: string,
		config: Partial<PoolConfig> = {},
	) {
		const [member] = members({...pool, ...config}, nodes, checks) ?? [];

		t.is(`${member?.state}${member?.why === undefined ? '' : `: ${member.why}`}`, expected);
	},
	title: (title = '') => title,
});

const up = [node('june-gpu-a', 'up')];
test('a tunnel that is up, and nothing else to judge by: usable', judged, up, [], 'usable');
test(
	'a tunnel that is down: unusable',
	judged,
	[node('june-gpu-a', 'down')],
	[check('tts', 'up')],
	'unusable: The tunnel to it is down.',
);
test('one of two tunnels up is enough', judged, [node('june-gpu-a', 'down', 'up')], [], 'usable');
test(
	'nobody could look at the tunnel: unknown',
	judged,
	[node('june-gpu-a', 'unknown')],
	[],
	'unknown: Nobody could look at the tunnel to it.',
);
test(
	'no tunnel check at all: unknown',
	judged,
	[node('june-gpu-a')],
	[],
	'unknown: No check of type tunnel has looked at it.',
);
test(
	'only tunnels of local vantages count',
	judged,
	[{...node('june-gpu-a'), tunnels: [{vantage: 'june-gpu-b', verdict: 'up'}]}],
	[],
	'unknown: No check of type tunnel has looked at it.',
);
test('all services up: usable', judged, up, [check('tts', 'up'), check('stt', 'up')], 'usable');
test(
	'a service down: unusable',
	judged,
	up,
	[check('tts', 'up'), check('stt', 'down')],
	'unusable: The check stt june-gpu-a:8000 (from local) is down.',
);
test(
	'a service nobody could look at: unknown',
	judged,
	up,
	[check('tts', 'unknown')],
	'unknown: Nobody could look by the check tts june-gpu-a:8000 (from local).',
);
test(
	'a service that has not been looked at yet: unknown',
	judged,
	up,
	[check('tts', 'unknown', {ran: false})],
	'unknown: The check tts june-gpu-a:8000 (from local) has not run yet.',
);
test(
	'what is known to be bad outweighs what is not known',
	judged,
	[node('june-gpu-a', 'unknown')],
	[check('tts', 'down')],
	'unusable: The check tts june-gpu-a:8000 (from local) is down.',
);
test('checks of other nodes do not matter', judged, up, [check('tts', 'down', {peer: 'june-gpu-b'})], 'usable');
test(
	'by default other machines do not judge its services',
	judged,
	up,
	[check('tts', 'down', {vantage: 'june-gpu-b'})],
	'usable',
);
test('of named checks the others do not matter', judged, up, [check('stt', 'down'), check('tts', 'up')], 'usable', {
	checks: ['tts'],
});
test(
	'a named check that runs from the member counts: it needs the orchestrator',
	judged,
	up,
	[check('orchestrator', 'down', {peer: 'june-orchestrator', vantage: 'june-gpu-a'})],
	'unusable: The check orchestrator june-orchestrator:8000 (from june-gpu-a) is down.',
	{checks: ['orchestrator']},
);
test('GPUs that are seen: usable', judged, up, [gpu('up', 2)], 'usable');
test('GPUs that are not: unusable', judged, up, [gpu('down')], 'unusable: The check gpu of its GPUs is down.');
test('GPUs nobody could look at: unknown', judged, up, [gpu('unknown')], 'unknown: Nobody could look at its GPUs.');
test('GPUs do not matter where they are not wanted', judged, up, [gpu('down')], 'usable', {gpu: false});
test(
	'GPUs that nothing looks at, where they are wanted: unknown',
	judged,
	up,
	[],
	'unknown: No check of type gpu looks at its GPUs.',
	{
		gpu: true,
	},
);

test('members of nodes are those that the selector means, with their GPUs', t => {
	const found = members(
		pool,
		[node('june-gpu-a', 'up'), node('livekit', 'up'), node('june-gpu-b', 'down')],
		[gpu('up', 4)],
	);

	t.deepEqual(
		found?.map(({name, nodeId, state, gpus}) => [name, nodeId, state, gpus]),
		[
			['june-gpu-a', 'id-june-gpu-a', 'usable', 4],
			['june-gpu-b', 'id-june-gpu-b', 'unusable', undefined],
		],
	);
});

test('while nodes are not known it is not known who belongs to a pool', t => {
	t.is(members(pool, [], [], {nodes: undefined}), undefined);
	t.is(members({...pool, match: {kind: 'vast'}}, up), undefined);
});

test('members of vast.ai are instances: with their node judged as any, without one by what is known', t => {
	const joined = (id: string, over: Partial<JoinedInstance> = {}, label = 'june'): JoinedInstance => ({
		instance: {id, label, status: 'running'},
		reach: 'reachable',
		paid: true,
		...over,
	});
	const vast: VastJoin = {
		instances: [
			joined('1', {node: {name: 'june-gpu-a', by: 'name'}}),
			joined('2', {reach: 'joining'}),
			joined('3', {reach: 'unknown'}),
			{...joined('4', {reach: 'idle', paid: false}), instance: {id: '4', label: 'june', status: 'loading'}},
			joined('5', {reach: 'never_joined'}),
			joined('6', {}, 'somebody else'),
		],
		podsWithoutInstance: [],
		mismatches: new Map(),
		prices: new Map(),
		unpriced: 0,
		complete: true,
	};
	const config: PoolConfig = {...pool, match: {kind: 'vast', labels: ['june*']}};

	const found = (vastIsFresh: boolean) =>
		members(config, up, [], {vast, vastIsFresh, hasVast: true})?.map(({name, instanceId, state}) => [
			name,
			instanceId,
			state,
		]);

	t.deepEqual(found(true), [
		['june-gpu-a', '1', 'usable'],
		['vast-2', '2', 'unusable'],
		['vast-3', '3', 'unknown'],
		['vast-4', '4', 'unusable'],
		['vast-5', '5', 'unusable'],
	]);
	t.deepEqual(
		found(false)?.map(([, , state]) => state),
		['usable', 'unknown', 'unknown', 'unknown', 'unknown'],
	);
	t.is(members(pool, up, [], {vast})?.[0]?.instanceId, '1');
});
