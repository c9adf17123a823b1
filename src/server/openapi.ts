/** The document at `/openapi.json`, from the schemas that judge what comes in and type what goes out. */

import {z} from 'zod';
import {createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject} from 'zod-openapi';
import * as schemas from './api-schemas.ts';
import {diagnoseRequestSchema, diagnosisSchema, incidentsAnswer} from './diagnosis-schema.ts';
import {poolsAnswer} from './pools-schema.ts';
import {vantagesAnswer} from './vantages-schema.ts';

/** OpenAPI 3.1 of every path but the page and its files. */
export function describeApi(version: string): object {
	return createDocument({
		openapi: '3.1.1',
		info: {
			title: 'tailprobe',
			version,
			description:
				'What a tailnet looks like from here, and one probe on demand. Times are RFC 3339, durations seconds; what is not known is left out.',
		},
		servers: [{url: '/'}],
		tags: [
			{name: 'api', description: 'The state as JSON, and a run on demand.'},
			{name: 'prometheus', description: 'Expositions, the blackbox_exporter contract, service discovery.'},
			{name: 'management', description: 'For those who run it.'},
		],
		security: [{}, {basic: []}, {bearer: []}],
		components: {
			securitySchemes: {
				basic: {type: 'http', scheme: 'basic', description: 'Where the web config file lists users.'},
				bearer: {type: 'http', scheme: 'bearer', description: 'Where a token is configured.'},
			},
		},
		paths: Object.fromEntries(
			Object.entries(operations).map(([path, byMethod]) => [
				path,
				Object.fromEntries(Object.entries(byMethod).map(([method, operation]) => [method, complete(operation)])),
			]),
		),
	});
}

/** Every path may be refused by the front door, in a form that fits it. */
function complete(operation: ZodOpenApiOperationObject): ZodOpenApiOperationObject {
	const refused = operation.tags?.includes('api')
		? problem('Refused, with a sentence.')
		: sentence('Refused, with a sentence.');
	return {...operation, responses: {...operation.responses, default: refused}};
}

const textContent = {'text/plain': {schema: z.string()}};
const problemContent = {'application/problem+json': {schema: schemas.problemSchema}};

const blackboxQuery = z.object({
	target: z.string().min(1).max(2048).optional().meta({
		description:
			'As the probe type of the module wants it. With `check`: one of its targets by name or address, not needed where it has only one.',
	}),
	module: z.string().optional().meta({description: 'Default `http_2xx`.'}),
	check: z.string().optional().meta({description: 'Instead of a module: a check, run as it is configured.'}),
	from: z.string().optional().meta({description: 'A vantage; default the first, of a check the first that has it.'}),
	hostname: z.string().optional().meta({description: 'Host header of http modules, and the name that TLS asks for.'}),
	debug: z.string().optional().meta({description: '`true`: what happened, the metrics, and the module.'}),
});
const scrapeTimeout = z.object({
	'X-Prometheus-Scrape-Timeout-Seconds': z
		.string()
		.regex(/^\d+(\.\d+)?$/)
		.optional()
		.meta({description: 'Bounds the run, half a second taken off.', examples: ['10']}),
});

const operations: Record<string, {get?: ZodOpenApiOperationObject; post?: ZodOpenApiOperationObject}> = {
	'/metrics': {
		get: {
			operationId: 'metrics',
			tags: ['prometheus'],
			summary: 'Everything measured, from memory.',
			responses: {
				200: exposition('The exposition.'),
			},
		},
	},
	'/metrics/headscale': {
		get: {
			operationId: 'headscaleMetrics',
			tags: ['prometheus'],
			summary: "headscale's own metrics of the last read.",
			responses: {200: exposition('As headscale told them.'), 404: sentence('That read failed.')},
		},
	},
	'/metrics/tailscaled': {
		get: {
			operationId: 'tailscaledMetrics',
			tags: ['prometheus'],
			summary: "tailscaled's own metrics of the last read.",
			requestParams: {
				query: z.object({
					vantage: z.string().min(1).optional().meta({description: 'Whose; default the first that has a tailscaled.'}),
				}),
			},
			responses: {
				200: exposition('As tailscaled told them.'),
				404: sentence('That read failed, or there is no such vantage.'),
			},
		},
	},
	'/probe': {
		get: {
			operationId: 'probe',
			tags: ['prometheus'],
			summary: "One run now, by blackbox_exporter's contract.",
			requestParams: {query: blackboxQuery, header: scrapeTimeout},
			responses: {
				200: {
					description: 'Up or down: `probe_success` says which.',
					content: {...exposition('').content, 'application/json': {schema: schemas.probeSchema}},
				},
				400: sentence('The module, target, vantage or host name cannot be used.'),
				429: sentence('Too many run already.'),
				500: sentence('The header is no number of seconds.'),
				503: {
					description: 'Nobody could look: one sentence and no `probe_success`, or the run as JSON.',
					content: {...textContent, 'application/json': {schema: schemas.probeSchema}},
				},
			},
		},
	},
	'/api/v1/status': api('status', 'The whole in numbers, and what stands in the way.', schemas.statusAnswer),
	'/api/v1/nodes': api('nodes', 'Each node as headscale lists it, with what the tunnels see.', schemas.nodesAnswer),
	'/api/v1/vantages': api('vantages', 'Where probes run from, and whether that place is sound.', vantagesAnswer),
	'/api/v1/pools': api(
		'pools',
		'How many GPU machines are usable, and what is rented and cannot be used.',
		poolsAnswer,
	),
	'/api/v1/incidents': api('incidents', 'What is wrong now, each fault once, with its cause.', incidentsAnswer),
	'/api/v1/checks': api('checks', 'Every check with its verdict and last outcome.', schemas.checksAnswer),
	'/api/v1/checks/{key}/history': {
		get: {
			operationId: 'checkHistory',
			tags: ['api'],
			summary: 'The last outcomes of a check, its failures, and its last hour.',
			requestParams: {path: z.object({key: z.string().meta({description: 'Percent-encoded: it has slashes.'})})},
			responses: {200: json('The history.', schemas.historyAnswer), 404: problem('No check has this key now.')},
		},
	},
	'/api/v1/probe': {
		post: {
			operationId: 'probeNow',
			tags: ['api'],
			summary: 'One run now, beside the record of the checks that have the same target.',
			requestBody: {required: true, content: {'application/json': {schema: schemas.probeRequestSchema}}},
			responses: {
				200: json('It ran: up, down or unknown.', schemas.probeAnswer),
				400: problem('The body is not JSON.'),
				404: problem('There is no such module or vantage.'),
				413: problem('The body is too large.'),
				415: problem('The body is not `application/json`.'),
				422: problem('The body is JSON, and wrong in the fields that `errors` lists.'),
				429: problem('Too many run already.'),
				503: problem('tailprobe cannot run anything now.'),
			},
		},
	},
	'/api/v1/diagnose': {
		post: {
			operationId: 'diagnose',
			tags: ['api'],
			summary: 'Why a link, a node or a vantage is as it is, asked afresh within ten seconds.',
			requestBody: {required: true, content: {'application/json': {schema: diagnoseRequestSchema}}},
			responses: {
				200: json('The diagnosis.', diagnosisSchema),
				400: problem('The body is not JSON.'),
				404: problem('Nothing goes by that name, or there is no such vantage; the detail says what there is.'),
				413: problem('The body is too large.'),
				415: problem('The body is not `application/json`.'),
				422: problem('The body is JSON, and wrong in the fields that `errors` lists.'),
				429: problem('Too many are under way already.'),
			},
		},
	},
	'/openapi.json': {
		get: {
			operationId: 'openapi',
			tags: ['api'],
			summary: 'This document.',
			responses: {200: json('OpenAPI 3.1.', z.looseObject({openapi: z.string()}))},
		},
	},
	'/sd/nodes': {
		get: {
			operationId: 'discoverNodes',
			tags: ['prometheus'],
			summary: "The nodes of the tailnet for Prometheus' HTTP service discovery.",
			requestParams: {query: schemas.sdQuerySchema},
			responses: {
				200: json('One group per node.', schemas.targetGroupsSchema),
				400: sentence('The query is not understood.'),
				503: sentence('The list of nodes is not known now; Prometheus keeps the one that it has.'),
			},
		},
	},
	'/-/healthy': {
		get: {
			operationId: 'healthy',
			tags: ['management'],
			summary: 'Alive.',
			responses: {200: sentence('The process lives.')},
		},
	},
	'/-/ready': {
		get: {
			operationId: 'ready',
			tags: ['management'],
			summary: 'Every source was tried once and the schedule runs.',
			responses: {
				200: sentence('Ready; failing sources are listed, with the reasons for whoever may know them.'),
				503: sentence('Not yet.'),
			},
		},
	},
	'/-/reload': {
		post: {
			operationId: 'reload',
			tags: ['management'],
			summary: 'Reads the configuration again, all or nothing.',
			responses: {
				200: {
					description: 'The new configuration is in force.',
					content: {...textContent, 'application/json': {schema: schemas.reloadAnswer}},
				},
				500: sentence('Every mistake; the old configuration stays in force.'),
			},
		},
	},
};

function api(operationId: string, summary: string, schema: z.ZodType): {get: ZodOpenApiOperationObject} {
	return {get: {operationId, tags: ['api'], summary, responses: {200: json(summary, schema)}}};
}

function json(description: string, schema: z.ZodType): ZodOpenApiResponseObject {
	return {description, content: {'application/json': {schema}}};
}

function problem(description: string): ZodOpenApiResponseObject {
	return {description, content: problemContent};
}

/** Plain text, or a problem for those who accept JSON. */
function sentence(description: string): ZodOpenApiResponseObject {
	return {description, content: {...textContent, ...problemContent}};
}

function exposition(description: string): ZodOpenApiResponseObject & {content: object} {
	return {
		description,
		content: {'text/plain': {schema: z.string().meta({description: 'Prometheus text format 0.0.4.'})}},
	};
}
