/** Pools and rented instances as plain JSON. Pure. */

import type {z} from 'zod';
import type {PoolView} from '../pools/types.ts';
import {verdictOf} from '../pools/view.ts';
import type {VastInstanceView, VastView} from '../vast/view.ts';
import type {Json} from './json.ts';
import type {poolsAnswer, rentedSchema} from './pools-schema.ts';

/** The answer of `/api/v1/pools`. */
export function describePools(pools: readonly PoolView[], vast: VastView | undefined): Json<typeof poolsAnswer> {
	return {
		pools: pools.map(pool => ({
			name: pool.name,
			min: pool.min,
			usable: pool.usable,
			unusable: pool.unusable,
			unknown: pool.unknown,
			verdict: verdictOf(pool).verdict,
			gpusUsable: pool.gpusUsable,
			members: pool.members.map(({name, state, why, gpus, instanceId}) => ({name, state, why, gpus, instanceId})),
		})),
		rented: vast && {
			...vast,
			podsWithoutInstance: [...vast.podsWithoutInstance],
			instances: vast.instances.map(describeInstance),
		},
	};
}

type Instance = z.input<typeof rentedSchema>['instances'][number];

function describeInstance({
	startMs,
	timeLeftMs,
	unreachableSince,
	node,
	withoutPod: _,
	...rest
}: VastInstanceView): Json<z.ZodType<Instance>> {
	return {
		...rest,
		start: timeOf(startMs),
		timeLeftSeconds: timeLeftMs === undefined ? undefined : timeLeftMs / 1000,
		unreachableSince: timeOf(unreachableSince),
		node: node?.name,
	};
}

function timeOf(ms: number | undefined): string | undefined {
	return ms === undefined ? undefined : new Date(ms).toISOString();
}
