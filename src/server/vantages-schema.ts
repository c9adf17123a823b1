/** Vantages as `/api/v1/vantages` tells them. */

import {z} from 'zod';
import {count, sentence} from './schema-parts.ts';

export const vantageSchema = z
	.object({
		name: z.string(),
		type: z.string().meta({
			description: '`local`, or of another machine the way in use: `agent`, `ssh` or `pod`; `remote` while none works.',
		}),
		group: z
			.string()
			.optional()
			.meta({description: 'Of another machine: the entry of the configuration that it belongs to.'}),
		ways: z
			.array(
				z.object({
					type: z.string(),
					inUse: z.boolean(),
					condition: z.enum(['sound', 'sick', 'gone', 'starting', 'idle', 'unsupported']),
					detail: sentence.optional(),
				}),
			)
			.optional()
			.meta({
				description: 'Of another machine: its ways as configured. `idle`: not tried, because one before it works.',
			}),
		condition: z.enum(['sound', 'sick', 'gone', 'starting']),
		unsupported: z
			.literal(true)
			.optional()
			.meta({description: 'Gone, and waiting mends nothing: no way can work there.'}),
		detail: sentence.optional(),
		latenessSeconds: z.number().meta({description: 'How late the measuring thread was lately, at worst.'}),
		runsInFlight: count,
		skippedSlots: z.object({overlap: count, late: count}),
		threadRestarts: count,
		facts: z.record(z.string(), z.string()).meta({description: 'What its tailscaled says of itself.'}),
	})
	.meta({id: 'Vantage'});
export const vantagesAnswer = z.object({vantages: z.array(vantageSchema)});
