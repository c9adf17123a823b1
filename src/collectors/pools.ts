/** Pools of GPU machines: how many can be used, against how many must. */

import type {PoolConfig} from '../config/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {memberStates, type PoolMember, type PoolView} from '../pools/types.ts';
import {membersAtMost} from '../pools/view.ts';
import type {Collector} from './types.ts';

export interface PoolReadings {
	pools: readonly Pick<PoolConfig, 'name' | 'min'>[];
	views: readonly PoolView[];
}

/** Half a minute to half an hour: a container image of some gigabytes on a slow host. */
export const poolTimeEdges = [30, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800] as const;

export const poolMetrics = {
	members: {
		name: 'tailprobe_pool_members',
		type: 'gauge',
		help: 'Members by state: usable (tunnel up, services up, GPUs seen where a check looks), unusable, unknown (nobody could look at something that decides); absent while it is not known who belongs to the pool.',
		labels: ['pool', 'state'],
	},
	usable: {
		name: 'tailprobe_pool_usable',
		type: 'gauge',
		help: 'Usable members; unknown ones are not among them.',
		labels: ['pool'],
	},
	min: {
		name: 'tailprobe_pool_min',
		type: 'gauge',
		help: 'Members that must be usable: `min` of the configuration.',
		labels: ['pool'],
	},
	memberState: {
		name: 'tailprobe_pool_member_state',
		type: 'gauge',
		help: `State of a member that is a node of the tailnet, as a state set; of each pool at most ${membersAtMost} members, those in trouble first.`,
		labels: ['pool', 'peer', 'state'],
	},
	gpus: {
		name: 'tailprobe_pool_gpus_usable',
		type: 'gauge',
		help: 'GPUs of the usable members, 0 where none is usable; absent where no check looks at GPUs and the pool does not say `gpu: true`.',
		labels: ['pool'],
	},
	timeToJoined: {
		name: 'tailprobe_pool_time_to_joined_seconds',
		type: 'histogram',
		help: 'Time from renting an instance at vast.ai to its node being in the tailnet, once for each that was rented since tailprobe started.',
		labels: ['pool'],
		buckets: poolTimeEdges,
	},
	timeToServing: {
		name: 'tailprobe_pool_time_to_serving_seconds',
		type: 'histogram',
		help: 'Time from renting an instance to the first time it was usable, once for each; without vast.ai from its node joining the tailnet.',
		labels: ['pool'],
		buckets: poolTimeEdges,
	},
} as const satisfies Record<string, MetricDef>;

/** All rows, for the catalogue. */
export const poolRows: readonly MetricDef[] = Object.values(poolMetrics);

/** Without the histograms, which move by themselves. */
export const poolCollector: Collector<PoolReadings> = {
	name: 'pools',
	metrics: [poolMetrics.members, poolMetrics.usable, poolMetrics.min, poolMetrics.memberState, poolMetrics.gpus],
	collect: ({pools, views}) => [
		...pools.map(({name, min}) => sample(poolMetrics.min, min, {pool: name})),
		...views.flatMap(view => [
			...memberStates.map(state => sample(poolMetrics.members, view[state], {pool: view.name, state})),
			sample(poolMetrics.usable, view.usable, {pool: view.name}),
			...view.members.flatMap(member => describeMember(member, view.name)),
			...(view.gpusUsable === undefined ? [] : [sample(poolMetrics.gpus, view.gpusUsable, {pool: view.name})]),
		]),
	],
};

function describeMember({name: peer, nodeId, state: own}: PoolMember, pool: string): Sample[] {
	if (nodeId === undefined) return [];
	return memberStates.map(state => sample(poolMetrics.memberState, Number(state === own), {pool, peer, state}));
}

function sample({name}: MetricDef, value: number, labels: Record<string, string>): Sample {
	return {name, labels, value};
}
