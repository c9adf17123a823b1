/** What is to be watched, as the configuration says. Pure. */

import type {KubernetesConfig} from '../config/types.ts';
import {pathPart} from './client.ts';
import type {Parsed} from './meta.ts';
import {parseDeployment, parseNode, withSteadySince} from './nodes.ts';
import {parsePod} from './pods.ts';
import {wantsNodes} from './rights.ts';
import type {Node, Pod, WatchState} from './types.ts';
import type {WatchOptions} from './watch.ts';

/** Pods that somebody goes into, besides the GPU pods: `annotation` is one that they are told apart by. */
export interface PodWay {
	namespace: string;
	selector: string;
	annotation?: string;
}

export interface Wanted extends Pick<WatchOptions<unknown>, 'path' | 'parse' | 'join'> {
	/** Name of the source. */
	name: string;
	query?: Record<string, string>;
	/** What `parse` depends on. */
	keeps?: string;
}

export function podsKey({namespace, selector}: {namespace: string; selector: string}): string {
	return `pods ${namespace} ${selector}`;
}

/**
 * What to watch, by key. What several want is watched once. `mayWatchNodes`: with ways alone, nodes are watched only then. Names depend on
 * nothing else that is watched, or on any order: they are label values.
 */
export function wantedWatches(
	config: KubernetesConfig,
	ways: readonly PodWay[],
	mayWatchNodes: boolean,
): Map<string, Wanted> {
	const {gpuPods, nodes, virtualKubelet, exposureNamespaces} = config;
	const wanted = new Map<string, Wanted>();
	const annotations = new Set(ways.flatMap(({annotation}) => annotation ?? []));
	const keeps = [...annotations].toSorted().join();
	for (const group of [...(gpuPods ? [gpuPods] : []), ...ways]) {
		const {namespace, selector} = group;
		const name = group === gpuPods ? 'kubernetes-pods' : `kubernetes-pods-${namespace}/${selector}`;
		if (wanted.has(podsKey(group))) continue;
		wanted.set(podsKey(group), {
			name,
			path: podsPath(namespace),
			query: {labelSelector: selector},
			parse: raw => parsePod(raw, key => annotations.has(key)),
			keeps,
		});
	}
	if (wantsNodes(config) || (ways.length > 0 && mayWatchNodes))
		wanted.set('nodes', {
			name: 'kubernetes-nodes',
			path: '/api/v1/nodes',
			...nodeQuery(nodes),
			parse: parseNode,
			join: withSteadySince,
		});
	if (virtualKubelet) {
		const {namespace, deployment} = virtualKubelet;
		wanted.set('deployment', {
			name: 'kubernetes-deployment',
			path: `/apis/apps/v1/namespaces/${pathPart(namespace)}/deployments`,
			query: {fieldSelector: `metadata.name=${deployment}`},
			parse: parseDeployment,
		});
	}
	for (const namespace of exposureNamespaces) {
		wanted.set(`exposure ${namespace}`, {
			name: `kubernetes-exposure-${namespace}`,
			path: podsPath(namespace),
			parse: parseProxyPod,
		});
	}
	return wanted;
}

/** Names of the nodes that matter, as far as they are known; sorted, so that the first of them are always the same ones. */
export function virtualNodesOf(
	{nodes}: KubernetesConfig,
	pods: WatchState<Pod> | undefined,
	watched: WatchState<Node> | undefined,
): string[] {
	if (nodes && 'names' in nodes) return [...new Set(nodes.names)].toSorted();
	if (nodes) return (watched?.read.value?.items ?? []).map(({name}) => name).toSorted();
	return [...new Set((pods?.read.value?.items ?? []).flatMap(({node}) => node ?? []))].toSorted();
}

function podsPath(namespace: string): string {
	return `/api/v1/namespaces/${pathPart(namespace)}/pods`;
}

/** One name alone is asked for as such: a right for that name is enough then. */
function nodeQuery(nodes: KubernetesConfig['nodes']): {query?: Record<string, string>} {
	if (!nodes) return {};
	if ('selector' in nodes) return {query: {labelSelector: nodes.selector}};
	return nodes.names.length === 1 ? {query: {fieldSelector: `metadata.name=${nodes.names[0]}`}} : {};
}

/** Of the pods of a namespace only those that put something on the tailnet are kept. */
function parseProxyPod(raw: unknown): Parsed<Pod> {
	const parsed = parsePod(raw);
	return 'value' in parsed && !parsed.value.proxy ? {skip: true} : parsed;
}
