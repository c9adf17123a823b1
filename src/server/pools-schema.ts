/** Pools and rented instances as `/api/v1/pools` tells them. */

import {z} from 'zod';
import {memberStates} from '../pools/types.ts';
import {mismatchKinds, reaches} from '../vast/join.ts';
import {instanceStatuses} from '../vast/types.ts';
import {count, texts, time} from './schema-parts.ts';

const price = z.number().min(0).meta({description: 'US dollars per hour.'});

export const poolSchema = z
	.object({
		name: z.string(),
		min: count.meta({description: 'So many must be usable.'}),
		usable: count,
		unusable: count,
		unknown: count.meta({description: 'Nobody could look at something that decides.'}),
		verdict: z
			.enum(['enough', 'short', 'unknown'])
			.meta({description: 'Whether there are enough, whatever the unknown ones are.'}),
		gpusUsable: count.optional(),
		members: z
			.array(
				z.object({
					name: z.string(),
					state: z.enum(memberStates),
					why: z.string().optional(),
					gpus: count.optional(),
					instanceId: z.string().optional(),
				}),
			)
			.meta({description: 'Those in trouble first; not all where there are very many.'}),
	})
	.meta({id: 'Pool'});

export const rentedSchema = z
	.object({
		count: count.meta({description: 'Instances at vast.ai.'}),
		complete: z.boolean().meta({description: 'Whether these are all.'}),
		pricePerHour: price,
		unreachablePricePerHour: price,
		unknownPricePerHour: price.meta({description: 'Of what cannot be judged at present.'}),
		mismatches: z
			.partialRecord(z.enum(mismatchKinds), count)
			.meta({description: 'Instances and pods that do not fit together, as far as it can be told.'}),
		instances: z
			.array(
				z.object({
					id: z.string(),
					label: z.string(),
					status: z.enum(instanceStatuses),
					reach: z.enum(reaches),
					gpuModel: z.string().optional(),
					gpus: count.optional(),
					pricePerHour: price.optional(),
					start: time.optional(),
					timeLeftSeconds: z.number().min(0).optional(),
					unreachableSince: time.optional(),
					message: z.string().optional(),
					node: z.string().optional(),
					pod: z.string().optional(),
					trouble: z.string().optional(),
				}),
			)
			.meta({description: 'Those in trouble first; not all where there are very many.'}),
		podsWithoutInstance: texts.meta({description: 'The first of them, as namespace/name.'}),
	})
	.meta({id: 'Rented'});

export const poolsAnswer = z.object({
	pools: z.array(poolSchema),
	rented: rentedSchema
		.optional()
		.meta({description: 'Left out without vast.ai, and while nothing is known of the instances.'}),
});
