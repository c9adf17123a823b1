/** What `/api/v1` and `/probe` take and give, as schemas: the types of `json.ts`, the document at `/openapi.json` and the command line come from here. */

import {z} from 'zod';
import {downReasons, phaseNames, unknownReasons} from '../engine/types.ts';
import {parseDurationMs} from '../util/units.ts';
import {platformSchema} from './platform-schema.ts';
import {count, sentence, stripSchema, texts, time} from './schema-parts.ts';
import {vantageSchema} from './vantages-schema.ts';

const verdict = z.enum(['up', 'down', 'unknown']).meta({
	id: 'Verdict',
	description: '`unknown`: we could not look; that is no verdict about the target.',
});
const reason = z.enum([...downReasons, ...unknownReasons]).meta({
	id: 'Reason',
	description: 'Why not up; a closed list, first the reasons of `down`, then those of `unknown`.',
});
const seconds = z.number().meta({description: 'Seconds.'});
const phases = z
	.partialRecord(z.enum(phaseNames), z.number())
	.meta({description: 'Seconds of each phase that began, up to the one that failed.'});
const values = z.record(z.string(), z.number()).meta({description: 'Named numbers in base units, by probe type.'});
const facts = z.record(z.string(), z.string()).meta({description: 'Named texts, by probe type.'});
const path = z.enum(['direct', 'derp', 'peer_relay']);

const target = z.object({
	name: z.string().meta({description: 'Label `target`.'}),
	address: z
		.string()
		.meta({description: 'What is dialled; a password and a query, which may hold a token, are not shown.'}),
	via: z.enum(['tailnet', 'direct']),
	peer: z.string().meta({description: 'The tailnet node behind it, or empty.'}),
});

/** A check without its options, which may hold secrets. */
const checkFields = {
	key: z.string().meta({description: '`check/vantage/target`: stable over reloads and restarts.'}),
	name: z.string(),
	type: z.string().meta({description: 'Probe type.'}),
	vantage: z.string(),
	target,
	intervalSeconds: z.number(),
	timeoutSeconds: z.number(),
	expect: z
		.literal('unreachable')
		.optional()
		.meta({description: 'The check is up while nothing answers there. Absent: an answer is up.'}),
};
export const checkSchema = z.object(checkFields).meta({id: 'Check'});

const outcomeFields = {
	startedAt: time,
	durationSeconds: z.number().meta({
		description:
			'Of the whole run, with our own work around what was measured; the phases together are what the target took.',
	}),
	verdict,
	reason: reason.optional(),
	detail: sentence.optional(),
	withheld: texts.optional().meta({
		description:
			'Ad hoc runs of a target in no check: options of the module that were not used, as they may be secret; `detail` says what that means. Absent: none.',
	}),
	late: z.boolean().meta({description: "tailprobe's own thread was too late for the times to be true."}),
	latenessSeconds: seconds.optional().meta({description: 'By how much, when late.'}),
	phases: phases.optional(),
	values: values.optional(),
	facts: facts.optional(),
};
export const outcomeSchema = z
	.object({...outcomeFields, kind: z.enum(['scheduled', 'recheck', 'adhoc'])})
	.meta({id: 'Outcome', description: 'What one run of a check found.'});

const moduleRef = z
	.object({name: z.string(), prober: z.string()})
	.meta({description: 'Absent where a check ran as configured.'});

const knownCheck = z
	.object({
		name: z.string(),
		target: z.string().meta({description: 'Label `target`.'}),
		type: z.string(),
		verdict: verdict.optional().meta({description: 'Absent before its first run, and where no daemon runs it.'}),
		since: time.optional().meta({description: 'From when on it was so without a break, as far back as runs are kept.'}),
		downSince: time.optional().meta({description: 'While it is unknown: from when on it was down before that.'}),
		downReason: z.string().optional().meta({description: 'With `downSince`: the reason of its last down.'}),
		expect: z
			.literal('unreachable')
			.optional()
			.meta({description: 'The check is up while nothing answers there. Absent: an answer is up.'}),
		tellsReach: z
			.literal(true)
			.optional()
			.meta({description: 'It is the tunnel to the node that the target names; the run asked something else of it.'}),
		ownOptions: z
			.literal(true)
			.optional()
			.meta({description: 'It is of the same type as this run, but has other options or goes another way.'}),
	})
	.meta({id: 'KnownCheck', description: 'A check that has the target of an ad hoc run.'});
export type KnownCheck = z.output<typeof knownCheck>;

export const probeSchema = z
	.object({
		check: checkSchema,
		module: moduleRef.optional(),
		outcome: outcomeSchema,
		checks: z
			.array(knownCheck)
			.meta({description: 'The checks that this vantage has of the same target; none where one of them was run.'}),
		path: path
			.optional()
			.meta({description: 'How packets went to the peer, by the last tunnel check of this vantage.'}),
		record: z.object({check: z.string(), lastHour: stripSchema}).optional().meta({
			description:
				'The last hour of the check that was run, or else of the first that this vantage has of the same target and type.',
		}),
	})
	.meta({id: 'Probe', description: 'What a run by GET /probe found, for callers who accept JSON.'});

const checkViewFields = {
	...checkFields,
	verdict,
	ran: z.boolean().meta({description: 'False before the first run.'}),
	confirmed: z
		.boolean()
		.meta({description: 'Down as many times in a row as the configuration wants before it is told to people.'}),
	downSince: time.optional().meta({description: 'From the first down until the next up.'}),
	last: outcomeSchema.optional(),
};
export const checkViewSchema = z
	.object(checkViewFields)
	.meta({id: 'CheckView', description: 'A check with what is known of it now.'});

export const checksAnswer = z.object({checks: z.array(checkViewSchema)});

export const historyAnswer = z.object({
	check: checkViewSchema,
	recent: z.array(outcomeSchema).meta({description: 'Newest first.'}),
	failures: z.array(outcomeSchema).meta({description: 'Failures and unknowns, kept longer, newest first.'}),
	lastHour: stripSchema,
});

export const sourceSchema = z
	.object({
		name: z.string(),
		ok: z.boolean().optional().meta({description: 'Absent before the first try.'}),
		unsupported: z
			.literal(true)
			.optional()
			.meta({description: 'What is read has no such thing in its version: nothing was read, and nothing is wrong.'}),
		detail: sentence.optional(),
		durationSeconds: z.number().optional().meta({description: 'Seconds that the last try took.'}),
		lastTriedAt: time.optional(),
		lastSuccessAt: time.optional(),
		failingSince: time.optional().meta({description: 'While it fails: the first try that did.'}),
	})
	.meta({id: 'Source'});

export const nodeSchema = z
	.object({
		id: z.string(),
		name: z.string(),
		addresses: texts,
		owner: z.string(),
		tags: texts,
		online: z.boolean().optional().meta({description: 'What headscale says; absent where it cannot tell.'}),
		ephemeral: z.boolean().optional(),
		lastSeen: time.optional(),
		keyExpiry: time.optional().meta({description: 'Absent: never.'}),
		created: time.optional(),
		registerMethod: z.string().optional(),
		routes: z.object({approved: texts, available: texts, served: texts}).optional(),
		tunnels: z
			.array(z.object({vantage: z.string(), verdict, path: z.string().optional(), rttSeconds: z.number().optional()}))
			.meta({description: 'What the tunnel check of each vantage saw last.'}),
		disagreement: z.enum(['online_but_unreachable', 'offline_but_reachable']).optional(),
	})
	.meta({id: 'Node'});
export const nodesAnswer = z.object({nodes: z.array(nodeSchema)});

export const statusAnswer = z.object({
	version: z.string(),
	startedAt: time,
	ready: z.boolean(),
	checks: z.object({total: count, up: count, down: count, unknown: count, pending: count, confirmedDown: count}),
	nodes: count,
	vantages: z.array(vantageSchema.pick({name: true, condition: true, detail: true})),
	sources: z.array(sourceSchema),
	platform: platformSchema,
	problems: texts.meta({
		description: 'What could not be planned or used, and what is odd where tailprobe itself runs, as sentences.',
	}),
});

/** What POST /api/v1/probe takes. */
export const probeRequestSchema = z
	.strictObject({
		target: z
			.string('expected a target')
			.min(1)
			.max(2048)
			.optional()
			.meta({
				description:
					'As the module’s probe type wants it. With `check`: the name or the address of one of its targets, not needed where it has only one.',
				examples: ['http://livekit:7880/'],
			}),
		module: z.string().min(1).max(200).optional().meta({description: 'Default `http_2xx`.'}),
		check: z.string().min(1).max(200).optional().meta({
			description: 'Instead of a module: a check, run as it is configured, with its own options, way and expectation.',
		}),
		from: z
			.string()
			.min(1)
			.max(200)
			.optional()
			.meta({description: 'A vantage; default the first, of a check the first that has it.'}),
		timeout: z
			.string('expected a duration such as 5s')
			.regex(/^[0-9.a-z]{1,40}$/)
			.refine(isProbeTimeout, 'expected a duration from 10ms to 2m, such as 5s or 800ms')
			.optional()
			.meta({
				description: 'A duration from `10ms` to `2m`; the timeout of the module also bounds the run.',
				examples: ['5s'],
			}),
		hostname: z
			.string()
			.min(1)
			.max(260)
			.optional()
			.meta({description: 'Host header of http modules, and the name that TLS asks for.'}),
	})
	.refine(({target, check}) => target !== undefined || check !== undefined, {
		path: ['target'],
		error: 'expected a target',
	})
	.refine(({module, check}) => module === undefined || check === undefined, {
		path: ['check'],
		error: 'a check has options of its own: give it or a module',
	})
	.meta({id: 'ProbeRequest'});
export type ProbeRequest = z.output<typeof probeRequestSchema>;

export const probeAnswer = z
	.object({
		...outcomeFields,
		target: target.extend({
			configured: z.boolean().meta({description: 'Whether a check of the configuration has it.'}),
		}),
		vantage: z.string(),
		module: moduleRef.optional(),
		timeoutSeconds: z.number(),
		path: path.optional().meta({
			description: 'How packets go to the peer, seen by this run or else by the last tunnel check of this vantage.',
		}),
		checks: z
			.array(z.object({...checkViewFields, lastHour: stripSchema}))
			.meta({description: 'The record of the checks that this vantage has of the same target and type.'}),
	})
	.meta({id: 'ProbeAnswer'});

export const reloadAnswer = z.object({reloaded: z.literal(true)});

export const targetGroupsSchema = z
	.array(z.object({targets: texts, labels: z.record(z.string().regex(/^__meta_tailprobe_node_[a-z_]+$/), z.string())}))
	.meta({id: 'TargetGroups', description: "Target groups of Prometheus' HTTP service discovery."});

export type TargetGroup = z.output<typeof targetGroupsSchema>[number];

const flag = z.enum(['true', 'false'], 'expected true or false').transform(text => text === 'true');
const length = 'expected 1 to 200 characters';
const several = z.array(z.string().min(1, length).max(200, length)).min(1).max(50, 'expected at most 50 of them');
/** The query of /sd/nodes. */
export const sdQuerySchema = z
	.strictObject({
		target: z
			.string('expected one pattern such as {node}, {fqdn} or {address}')
			.max(500, 'expected at most 500 characters')
			.regex(/^[\w.:/?&=%{}[\]~-]+$/, 'expected a pattern such as {node}, {fqdn} or {address}')
			.refine(isTargetPattern, 'expected {node}, {fqdn} or {address} somewhere in the pattern, and no other braces')
			.default('{address}')
			.meta({
				description:
					'How a node becomes a target: a pattern with `{address}`, `{node}` (its name) or `{fqdn}` (with the MagicDNS domain), also of a URL.',
			}),
		port: z.coerce
			.number('expected a port from 1 to 65535')
			.int()
			.min(1)
			.max(65_535)
			.optional()
			.meta({description: 'Added behind the target.'}),
		tag: several.optional().meta({description: 'Only nodes with this tag, or one of these; with or without `tag:`.'}),
		owner: several.optional().meta({description: 'Only nodes of this user, or of one of these.'}),
		name: several.optional().meta({description: 'Only nodes of such a name, with `*` and `?`.'}),
		online: flag
			.optional()
			.meta({description: '`true` leaves out those that headscale calls offline; where that is not known they stay.'}),
		ephemeral: flag
			.optional()
			.meta({description: 'Only nodes that headscale removes after they leave, or only the others.'}),
	})
	.refine(({target, port}) => port === undefined || !/[:/]/.test(target), {
		path: ['port'],
		error: 'write the port into the pattern of target',
	});
export type SdQuery = z.output<typeof sdQuerySchema>;

/** RFC 9457. */
export const problemSchema = z
	.object({
		type: z.string(),
		title: z.string(),
		status: z.int().min(400).max(599),
		detail: z.string(),
		errors: z
			.array(z.object({field: z.string(), detail: z.string()}))
			.optional()
			.meta({description: 'What is wrong with which field of the body.'}),
	})
	.meta({id: 'Problem'});

function isTargetPattern(text: string): boolean {
	const rest = text.replaceAll(/\{(?:node|fqdn|address)\}/g, '');
	return rest !== text && !/[{}]/.test(rest);
}

function isProbeTimeout(text: string): boolean {
	const durationMs = parseDurationMs(text);
	return durationMs !== undefined && durationMs >= 10 && durationMs <= 120_000;
}
