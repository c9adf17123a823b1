/** Schemas of which those of the API are made. */

import {z} from 'zod';

export const time = z.iso.datetime().meta({description: 'RFC 3339, UTC.'});
export const count = z.int().min(0);
export const texts = z.array(z.string());
export const sentence = z.string().meta({description: 'One sentence for a person.'});

export const stripSchema = z
	.array(z.object({up: count, down: count, unknown: count, worstSeconds: z.number().optional()}).nullable())
	.meta({
		id: 'LastHour',
		description:
			'The last hour, oldest first: runs folded into buckets of equal length; null where nothing ran. `worstSeconds`: the largest latency of a run that was up.',
	});
