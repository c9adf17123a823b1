/** Diagnoses and incidents as the API gives them. */

import {z} from 'zod';
import {confidences, rungNames, sharedAtMost} from '../diagnosis/types.ts';
import {count, sentence, stripSchema, time} from './schema-parts.ts';

const verdict = z.enum(['up', 'down', 'unknown']);

const evidence = z.object({
	says: sentence,
	wanted: z.string().optional().meta({description: 'What should have been seen.'}),
	at: time.optional().meta({description: 'When it was seen.'}),
	fresh: z.literal(true).optional().meta({description: 'Asked for this diagnosis.'}),
});

const rungName = z.enum(rungNames);

const rung = z.object({
	rung: rungName,
	title: z.string(),
	state: z
		.enum(['holds', 'broken', 'unseen'])
		.meta({description: '`unseen`: could not be looked at, or nobody looks.'}),
	says: sentence,
	evidence: z.array(evidence),
});

const command = z.object({
	where: z.string().meta({description: 'Where to type it.'}),
	run: z.string().meta({description: 'One line of a POSIX shell.'}),
	why: sentence,
});

export const causeSchema = z
	.object({
		id: z.string().meta({description: 'A member of the closed list in docs/diagnosis.md.'}),
		title: z.string(),
		rung: rungName,
		confidence: z.enum(confidences).meta({
			description:
				'`certain`: seen itself. `likely`: the usual reason of what is seen. `consistent`: it fits, and others would too.',
		}),
		effect: z.enum(['breaks', 'slows', 'beside']).meta({
			description: '`beside`: true, and not why this link is as it is.',
		}),
		about: z.string().meta({description: 'The one thing that is at fault.'}),
		says: sentence,
		means: z.string(),
		evidence: z.array(evidence),
		next: z.array(command),
		runbook: z.string().meta({description: 'Where to read more, in the docs of tailprobe.'}),
	})
	.meta({id: 'Cause', description: 'One fault, named.'});

export const diagnosisSchema = z
	.object({
		subject: z.object({
			kind: z.enum(['check', 'node', 'vantage', 'incident']),
			name: z
				.string()
				.meta({description: 'Key of the check, name of the node or vantage, or what the incident is about.'}),
			check: z.string().optional(),
			vantage: z.string().optional(),
			target: z.string().optional(),
			peer: z.string().optional().meta({description: 'The tailnet node behind it.'}),
		}),
		verdict,
		since: time.optional().meta({description: 'From when on it is not up, as far back as is known.'}),
		ladder: z.array(rung).meta({description: 'From the bottom up.'}),
		cause: causeSchema.optional().meta({description: 'Absent where it is up and nothing slows it.'}),
		also: z.array(causeSchema).meta({description: 'Other faults that were seen on the way.'}),
		shared: z.object({
			count,
			checks: z
				.array(z.string())
				.meta({description: `Keys of other checks that fail for the same cause, at most ${sharedAtMost}.`}),
		}),
		asked: z
			.object({at: time, durationSeconds: z.number(), looks: count})
			.optional()
			.meta({description: 'When it was asked afresh; absent where it was told from memory.'}),
		unasked: z.array(sentence).meta({description: 'What could not be asked.'}),
		lastHour: stripSchema.optional().meta({description: 'Of the check; absent for nodes and vantages.'}),
	})
	.meta({id: 'Diagnosis', description: 'How a link, a node or a vantage stands, rung by rung, and why.'});

export const diagnoseRequestSchema = z
	.strictObject({
		subject: z
			.string()
			.min(1)
			.max(2048)
			.meta({
				description:
					'The key of a check (`check/vantage/target`) or the address of its page, a check with its target, a node, a target or a vantage by its name, or the id of an incident or what it is about.',
				examples: ['june-gpu-00000001', 'tts/cluster/june-gpu-00000001'],
			}),
		from: z
			.string()
			.min(1)
			.max(200)
			.optional()
			.meta({description: 'The vantage that looks, where the subject leaves it open.'}),
	})
	.meta({id: 'DiagnoseRequest'});

export const incidentSchema = z
	.object({
		id: z.string(),
		state: z.enum(['down', 'unknown', 'degraded']),
		about: z.string(),
		since: time.optional(),
		cause: causeSchema,
		checks: z.object({
			count,
			down: count.optional().meta({description: 'How many of them are down.'}),
			unknown: count.optional(),
			keys: z.array(z.string()),
		}),
	})
	.meta({id: 'Incident', description: 'One fault, with everything that fails for it.'});

export const incidentsAnswer = z.object({incidents: z.array(incidentSchema)});
