/** values.schema.json: what helm holds values against before it renders anything. */

import {z} from 'zod';
import {fileSchema} from '../../../src/config/schema.ts';
import {type ChartValue, readChartValues} from './values.ts';

type Schema = Record<string, unknown>;

/** The schema of all values, with that of the configuration in it; in the draft that the validators of Helm 3 and 4 have in common. */
export function chartSchema(valuesText: string): Schema {
	return {
		$schema: 'http://json-schema.org/draft-07/schema#',
		title: 'Values of the chart tailprobe',
		...objectOf(readChartValues(valuesText), {
			// Helm hands this to a chart that is a part of another one.
			global: {type: 'object', description: 'Values that charts share; not used here.'},
			enabled: {
				type: 'boolean',
				description: 'For the condition of a chart that this one is a part of; not used here.',
			},
		}),
	};
}

/** Of keys whose default does not tell what else they may be. */
const shapes: Readonly<Record<string, () => Schema>> = {
	'image.pullPolicy': pullPolicy,
	'image.repository': imageName,
	'image.tag': imageTag,
	'image.digest': imageDigest,
	imagePullSecrets: () => listOf(strictObject({name: text})),
	nameOverride: objectName,
	fullnameOverride: objectName,
	replicas: () => ({type: 'integer', minimum: 1}),
	config: configuration,
	secrets: () => ({type: 'object', additionalProperties: strictObject({secret: named, key: secretKey})}),
	'auth.tokenSecret.name': nameOrNone,
	'auth.tokenSecret.key': () => secretKey,
	'webConfigSecret.name': nameOrNone,
	'webConfigSecret.key': () => secretKey,
	'webConfigSecret.caKey': () => ({type: 'string', pattern: '^[-._a-zA-Z0-9]*$'}),
	'tailscale.authKeySecret.name': nameOrNone,
	'tailscale.authKeySecret.key': () => secretKey,
	'tailscale.image.repository': imageName,
	'tailscale.image.tag': imageTag,
	'tailscale.image.digest': imageDigest,
	'tailscale.mode': () => ({enum: ['userspace', 'kernel']}),
	'tailscale.tags': () => listOf({type: 'string', pattern: '^tag:[A-Za-z0-9-]+$'}),
	'tailscale.extraArgs': () => listOf({type: 'string', minLength: 1}),
	'tailscale.port': () => ({type: 'integer', minimum: 0, maximum: 65_535}),
	'tailscale.loginServer': () => ({type: 'string', pattern: '^(https?://[^\\s]+)?$'}),
	'tailscale.hostname': () => ({type: 'string', pattern: '^([a-z0-9]([a-z0-9-]{0,59}[a-z0-9])?)?$'}),
	'tailscale.image.pullPolicy': pullPolicy,
	'tailscale.resources': anyObject,
	'serviceAccount.name': nameOrNone,
	'serviceAccount.annotations': textByName,
	'service.type': () => ({enum: ['ClusterIP', 'NodePort', 'LoadBalancer']}),
	'service.port': () => ({type: 'integer', minimum: 1, maximum: 65_535}),
	'service.annotations': textByName,
	'metrics.serviceMonitor.enabled': onOffOrAuto,
	'metrics.serviceMonitor.labels': textByName,
	'metrics.serviceMonitor.interval': prometheusDuration,
	'metrics.serviceMonitor.scrapeTimeout': prometheusDuration,
	'alerts.enabled': onOffOrAuto,
	'alerts.labels': textByName,
	'alerts.disabled': () => listOf(text),
	'alerts.runbookUrl': webAddress,
	'alerts.dashboardUrl': webAddress,
	'alerts.statusPageUrl': webAddress,
	'dashboards.labels': textByName,
	'dashboards.namespace': () => ({type: 'string', pattern: '^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$'}),
	'networkPolicy.from': () => listOf(anyObject()),
	'networkPolicy.egress.to': () =>
		listOf({...strictObject({cidr: range, ports: listOf(anyObject())}), required: ['cidr']}),
	'networkPolicy.egress.except': () => listOf(range),
	'ingress.className': nameOrNone,
	'ingress.host': () => ({type: 'string', pattern: '^([A-Za-z0-9*]([A-Za-z0-9.-]*[A-Za-z0-9])?)?$'}),
	'ingress.tls': () => listOf(anyObject()),
	'ingress.annotations': textByName,
	clusterRanges: () => listOf(text),
	resources: anyObject,
	nodeSelector: textByName,
	tolerations: () => listOf(anyObject()),
	affinity: anyObject,
	priorityClassName: nameOrNone,
	podAnnotations: textByName,
	podLabels: textByName,
};

const text: Schema = {type: 'string', minLength: 1};

const subdomain = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';

/** The name of a Secret and of most other objects. */
const named: Schema = {type: 'string', pattern: `^${subdomain}$`};

const secretKey: Schema = {type: 'string', pattern: '^[-._a-zA-Z0-9]{1,253}$'};

const range: Schema = {
	type: 'string',
	pattern: '^(([0-9]{1,3}\\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/[0-9]{1,3})$',
};

function nameOrNone(): Schema {
	return {type: 'string', pattern: `^(${subdomain})?$`};
}

/** What names of Services begin with, too. */
function objectName(): Schema {
	return {type: 'string', pattern: '^([a-z]([-a-z0-9]{0,251}[a-z0-9])?)?$'};
}

function imageName(): Schema {
	return {type: 'string', pattern: '^[a-zA-Z0-9][-a-zA-Z0-9._/:]*$'};
}

function imageTag(): Schema {
	return {type: 'string', pattern: '^([a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127})?$'};
}

function imageDigest(): Schema {
	return {type: 'string', pattern: '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})?$'};
}

function listOf(items: Schema): Schema {
	return {type: 'array', items};
}

function strictObject(properties: Record<string, Schema>): Schema {
	return {type: 'object', properties, required: Object.keys(properties), additionalProperties: false};
}

function anyObject(): Schema {
	return {type: 'object'};
}

function textByName(): Schema {
	return {type: 'object', additionalProperties: {type: 'string'}};
}

function pullPolicy(): Schema {
	return {enum: ['Always', 'IfNotPresent', 'Never']};
}

function onOffOrAuto(): Schema {
	return {enum: [true, false, 'auto']};
}

function prometheusDuration(): Schema {
	return {type: 'string', pattern: '^([0-9]+(ms|[smhdwy]))+$'};
}

function webAddress(): Schema {
	return {type: 'string', pattern: '^(https?://[^ ]+)?$'};
}

function objectOf(values: readonly ChartValue[], more: Record<string, Schema> = {}): Schema {
	const properties = Object.fromEntries(values.map(value => [value.path.at(-1) ?? '', schemaOf(value)]));
	return {type: 'object', properties: {...properties, ...more}, additionalProperties: false};
}

function schemaOf(value: ChartValue): Schema {
	const shape = shapes[value.path.join('.')];
	return {description: value.meaning, ...inner(value, shape)};
}

function inner(value: ChartValue, shape: (() => Schema) | undefined): Schema {
	if (shape) return shape();
	if (value.children.length > 0) return objectOf(value.children);
	if (typeof value.default === 'boolean') return {type: 'boolean'};
	if (typeof value.default === 'string') return {type: 'string'};
	throw new Error(`What ${value.path.join('.')} may be has to be said in ${import.meta.filename}.`);
}

/** tailprobe.yaml, as the program itself describes it. */
function configuration(): Schema {
	const {$schema, ...schema} = z.toJSONSchema(fileSchema, {io: 'input', unrepresentable: 'any', target: 'draft-7'});
	const shape = forGo(schema) as {properties: {headscale: {properties: {url: Schema}}}};
	// What zod judges by a function; an empty one is told of in the chart's own words.
	shape.properties.headscale.properties.url.pattern = '^(https?://[^\\s/?#@]+(/[^\\s?#]*)?)?$';
	return {...shape};
}

/** Helm's validator reads patterns as Go does, which has no `\u0000` and repeats nothing more than a thousand times. */
function forGo(node: unknown): unknown {
	if (Array.isArray(node)) return node.map(forGo);
	if (typeof node !== 'object' || node === null) return node;
	const entries = Object.entries(node).map(([key, value]) => [key, forGo(value)]);
	const copy: Schema = Object.fromEntries(entries);
	if (typeof copy.pattern !== 'string') return copy;
	const [whole, longest] = /\{0,(\d{4,})\}\$$/.exec(copy.pattern) ?? [];
	if (whole !== undefined) copy.pattern = copy.pattern.replace(whole, '*$');
	copy.pattern = String(copy.pattern).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
	return longest === undefined ? copy : {...copy, maxLength: Number(longest)};
}
