/** The chart as helm renders it. Only helm is needed, no cluster. */

import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {parseAllDocuments, stringify} from 'yaml';
import {ensurePart} from '../../../scripts/parts.ts';
import type {KubernetesObject} from './kubernetes.ts';

export type {KubernetesObject} from './kubernetes.ts';

/** What a run of helm came to. */
export interface HelmRun {
	ok: boolean;
	stdout: string;
	stderr: string;
}

export interface RenderOptions {
	/** Files of values, later ones win; or values as they are. */
	values?: readonly string[] | object;
	/** `--set`: one value each, by its path. */
	set?: Record<string, string>;
	/** What the cluster knows besides Kubernetes' own, such as `monitoring.coreos.com/v1`. */
	apiVersions?: readonly string[];
	/** Default `tailprobe`. */
	release?: string;
	/** Default `monitoring`. */
	namespace?: string;
	/** Another chart than the one of the repository. */
	chart?: string;
	/** With false: not what `helm test` would start. */
	hooks?: boolean;
}

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL('../../../helm/tailprobe', import.meta.url));

/** The Kubernetes that is rendered for: a helm that was not built by its makefile takes a cluster for one of 2020. */
export const kubeVersion = 'v1.36.3';

/** Runs helm, with folders of its own for what it remembers. Never rejects for what helm says. */
export async function helm(args: readonly string[], options: {env?: Record<string, string>} = {}): Promise<HelmRun> {
	const program = await ensurePart('helm');
	const home = await mkdtemp(join(tmpdir(), 'tailprobe-helm-'));
	try {
		const {failed, stdout, stderr} = await execa(program, [...args], {
			env: {HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, ...options.env},
			reject: false,
			timeout: 120_000,
		});
		return {ok: !failed, stdout: String(stdout ?? ''), stderr: String(stderr ?? '')};
	} finally {
		await rm(home, {recursive: true, force: true});
	}
}

/** Runs `helm template`; what it says is in `stderr` where it refuses. */
export async function templateChart(options: RenderOptions = {}): Promise<HelmRun> {
	const {values = [], set = {}, apiVersions = [], release = 'tailprobe', namespace = 'monitoring'} = options;
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-values-'));
	try {
		const own = join(folder, 'values.yaml');
		if (!isList(values)) await writeFile(own, stringify(values, {aliasDuplicateObjects: false}));
		return await helm([
			'template',
			release,
			options.chart ?? chartFolder,
			...['--namespace', namespace, '--kube-version', kubeVersion],
			...(isList(values) ? values : [own]).flatMap(file => ['--values', file]),
			...Object.entries(set).flatMap(([path, value]) => ['--set', `${path}=${value}`]),
			...apiVersions.flatMap(version => ['--api-versions', version]),
			...(options.hooks === false ? ['--no-hooks'] : []),
		]);
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}

/** All objects that `helm template` renders. Throws with helm's words where it refuses. */
export async function renderChart(options: RenderOptions = {}): Promise<KubernetesObject[]> {
	const {ok, stdout, stderr} = await templateChart(options);
	if (!ok) throw new Error(`helm template refused: ${stderr}`);
	return readObjects(stdout);
}

/** The objects of a stream of YAML documents, read as Kubernetes' own tools read it (YAML 1.1); empty documents are passed over. */
export function readObjects(text: string): KubernetesObject[] {
	return parseAllDocuments(text, {version: '1.1'}).flatMap(document => {
		const [mistake] = document.errors;
		if (mistake) throw mistake;
		const value: unknown = document.toJS();
		return value === null ? [] : [value as KubernetesObject];
	});
}

/** The one object of a kind, or the one of that name. Throws where there is none, or where several could be meant. */
export function findObject(objects: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject {
	const found = objects.filter(one => one.kind === kind && (name === undefined || one.metadata.name === name));
	const [only, ...more] = found;
	if (only && more.length === 0) return only;
	const there = objects.map(one => `${one.kind} ${one.metadata.name}`).join(', ');
	throw new Error(`Expected one ${kind} ${name ?? ''}, found ${found.length} among ${there}.`);
}

function isList(values: readonly string[] | object): values is readonly string[] {
	return Array.isArray(values);
}

/** What tests look at of a container. */
export interface Container {
	name: string;
	command?: string[];
	env?: {name: string; value: string}[];
	resources?: unknown;
	securityContext?: Record<string, unknown>;
}

/** The containers of a Deployment's pods, or those that start before them. */
export function containersOf(
	{spec}: KubernetesObject,
	kind: 'containers' | 'initContainers' = 'containers',
): Container[] {
	return (spec as {template: {spec: Record<typeof kind, Container[]>}}).template.spec[kind];
}
