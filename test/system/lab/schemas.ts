/** What kubeconform holds manifests against: strict JSON schemas from an API server's own OpenAPI and from CustomResourceDefinitions. */

import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {ensurePart} from '../../../scripts/parts.ts';
import type {Crd} from './crds.ts';
import type {Kubernetes, KubernetesObject} from './kubernetes.ts';

/** A schema, as far as it is looked at here. */
export type JsonSchema = {readonly [keyword: string]: unknown};

interface OpenApi {
	components: {schemas: Readonly<Record<string, JsonSchema>>};
}

interface GroupVersionKind {
	group: string;
	version: string;
	kind: string;
}

/**
 * Writes the schemas of every kind of these API versions, and of the resources of `crds`, into a directory that does not exist yet.
 * Resolves to the `-schema-location` of kubeconform. No schema allows a field that it does not name.
 */
export async function writeSchemas(
	{request}: Pick<Kubernetes, 'request'>,
	apiVersions: Iterable<string>,
	crds: readonly Crd[],
	directory: string,
): Promise<string> {
	await mkdir(directory);
	const write = (name: string, schema: JsonSchema) =>
		writeFile(join(directory, name), JSON.stringify({$schema: 'http://json-schema.org/draft-07/schema#', ...schema}));
	const index = (await request('GET', '/openapi/v3')) as {paths: Record<string, {serverRelativeURL: string}>};

	const metaPath = index.paths['api/v1']?.serverRelativeURL ?? '/openapi/v3/api/v1';
	await write('meta.json', definitionsOf((await request('GET', metaPath)) as OpenApi));
	for (const version of new Set(apiVersions)) {
		const found = index.paths[version.includes('/') ? `apis/${version}` : `api/${version}`];
		// Of a group that the API server does not have, such as that of a CRD which is not installed.
		if (found === undefined) continue;
		const answer = (await request('GET', found.serverRelativeURL)) as OpenApi;
		const file = `all-of-${version.replace('/', '-')}.json`;
		await write(file, definitionsOf(answer));
		for (const [name, schema] of Object.entries(answer.components.schemas))
			for (const kind of kindsOf(schema)) await write(fileOf(kind), {$ref: `${file}#/definitions/${name}`});
	}

	for (const {spec} of crds) {
		for (const {name, schema} of spec.versions) {
			const root = strict(schema.openAPIV3Schema);
			const metadata = {$ref: `meta.json#/definitions/${objectMeta}`};
			const properties = {...(root.properties as JsonSchema), metadata};
			await write(fileOf({group: spec.group, version: name, kind: spec.names.kind}), {...root, properties});
		}
	}
	return join(directory, '{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json');
}

/** What kubeconform finds wrong with the objects, a line each; nothing where all is well. Objects without a schema are wrong too. */
export async function kubeconform(objects: readonly KubernetesObject[], schemaLocation: string): Promise<string[]> {
	const args = ['-strict', '-summary', '-output', 'json', '-schema-location', schemaLocation, '-'];
	const input = objects.map(object => `${JSON.stringify(object)}\n`).join('---\n');
	const {stdout} = await execa(await ensurePart('kubeconform'), args, {input, reject: false});
	const {resources = [], summary} = JSON.parse(stdout) as {
		resources?: {kind: string; name: string; msg: string}[];
		summary: {valid: number; skipped: number};
	};
	const wrong = resources.map(({kind, name, msg}) => `${kind} ${name}: ${msg}`);
	if (wrong.length === 0 && summary.valid !== objects.length)
		wrong.push(`Of ${objects.length} objects kubeconform found only ${summary.valid} valid.`);
	return wrong;
}

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function definitionsOf({components}: OpenApi): JsonSchema {
	const definitions = Object.entries(components.schemas).map(([name, schema]) => [name, strict(schema)]);
	return {definitions: Object.fromEntries(definitions)};
}

function kindsOf(schema: JsonSchema): GroupVersionKind[] {
	return (schema['x-kubernetes-group-version-kind'] as GroupVersionKind[] | undefined) ?? [];
}

/** As kubeconform makes it of the template: the group of the core is called as its version. */
function fileOf({group, version, kind}: GroupVersionKind): string {
	return `${group === '' ? version : group}_${version}_${kind.toLowerCase()}.json`;
}

/** The same schema without room for fields that it does not name, and in the words of JSON Schema. */
function strict(schema: JsonSchema): JsonSchema {
	const under = (keyword: string, change: (value: unknown) => unknown) =>
		schema[keyword] === undefined ? {} : {[keyword]: change(schema[keyword])};
	const one = (value: unknown) => (typeof value === 'object' && value !== null ? strict(value as JsonSchema) : value);
	const each = (value: unknown) => (value as unknown[]).map(one);
	const named = (value: unknown) =>
		Object.fromEntries(Object.entries(value as JsonSchema).map(([name, inner]) => [name, one(inner)]));
	const isOpen = schema.additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
	return {
		...schema,
		...under('$ref', reference => String(reference).replace('#/components/schemas/', '#/definitions/')),
		...under('properties', named),
		...under('additionalProperties', one),
		...under('items', one),
		...under('not', one),
		...under('allOf', each),
		...under('anyOf', each),
		...under('oneOf', each),
		...(schema.type === 'object' && schema.properties !== undefined && !isOpen && {additionalProperties: false}),
	};
}
