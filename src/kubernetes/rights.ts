/** Which rights we need, and whether we have them: asked of the API server itself, which everybody may. */

import {z} from 'zod';
import type {KubernetesConfig} from '../config/types.ts';
import type {KubernetesAccess} from './client.ts';
import {KubernetesError} from './errors.ts';
import type {Need, Right} from './types.ts';

/** What decides about rights besides the `kubernetes` block. */
export interface NeedsBeside {
	/** Our own namespace, where the lease of the inventories is by default; where it is not known, rights to that are left out. */
	home?: string | undefined;
	/** Where headscale's command line is called in a pod: it is listed each time, and entered. */
	headscalePod?: {namespace: string} | undefined;
}

/** Everything that this configuration makes us do. `ways`: of the pod ways, whose pods are listed and entered. */
export function listNeeds(
	config: KubernetesConfig,
	ways: readonly {namespace: string}[],
	{home, headscalePod}: NeedsBeside = {},
): Need[] {
	const {gpuPods, nodes, virtualKubelet, leases, exposureNamespaces, inventoryLease} = config;
	const lists: Omit<Need, 'verb'>[] = [];
	const namespaces = [...(gpuPods ? [gpuPods] : []), ...ways].map(({namespace}) => namespace);
	for (const namespace of new Set([...namespaces, ...exposureNamespaces]))
		lists.push({group: '', resource: 'pods', namespace});
	if (wantsNodes(config) || ways.length > 0) {
		const name = nodes && 'names' in nodes && nodes.names.length === 1 ? nodes.names[0] : undefined;
		const named = name === undefined ? {} : {name};
		lists.push({group: '', resource: 'nodes', ...named, ...(wantsNodes(config) ? {} : {without: withoutNodes})});
	}
	if (virtualKubelet) {
		const {namespace, deployment: name} = virtualKubelet;
		lists.push({group: 'apps', resource: 'deployments', namespace, name});
	}
	const needs = lists.flatMap((list): Need[] => [
		{verb: 'list', ...list},
		{verb: 'watch', ...list},
	]);
	if (leases && wantsNodes(config))
		needs.push({verb: 'get', group: 'coordination.k8s.io', resource: 'leases', namespace: leaseNamespace});
	const leaseHome = inventoryLease?.namespace ?? home;
	if (inventoryLease && leaseHome !== undefined) {
		const {name} = inventoryLease;
		const lease = {group: 'coordination.k8s.io', resource: 'leases', namespace: leaseHome, without: withoutLease};
		// What is not there yet has no name that a right could be confined to.
		needs.push({verb: 'get', ...lease, name}, {verb: 'update', ...lease, name}, {verb: 'create', ...lease});
	}
	const isListed = needs.some(({resource, namespace}) => resource === 'pods' && namespace === headscalePod?.namespace);
	if (headscalePod && !isListed)
		needs.push({verb: 'list', group: '', resource: 'pods', namespace: headscalePod.namespace});
	for (const namespace of new Set([...ways, ...(headscalePod ? [headscalePod] : [])].map(place => place.namespace))) {
		const exec = {group: '', resource: 'pods', subresource: 'exec', namespace};
		needs.push({verb: 'get', ...exec}, {verb: 'create', ...exec});
	}
	return needs;
}

/** Where kubelets say that they live. */
export const leaseNamespace = 'kube-node-lease';

const withoutNodes =
	'Ways of type pod go on without it, but cannot tell a kubelet that serves no exec from one that is down.';

const withoutLease = 'Until then every replica exports the inventories.';

/** Whether nodes are to be told of, not only looked up for pod ways. */
export function wantsNodes({gpuPods, nodes}: KubernetesConfig): boolean {
	return nodes !== undefined || gpuPods !== undefined;
}

/** Whether we are known to have both rights. */
export function mayWatchNodes(rights: readonly Right[]): boolean {
	return (['list', 'watch'] as const).every(verb =>
		rights.some(right => right.resource === 'nodes' && right.verb === verb && right.allowed),
	);
}

/** Of what was found, that which is still needed. */
export function stillNeeded(rights: readonly Right[], needs: readonly Need[]): Right[] {
	const found = new Map(rights.map(right => [identityOf(right), right.allowed]));
	return needs.flatMap(need => {
		const allowed = found.get(identityOf(need));
		return allowed === undefined ? [] : {...need, allowed};
	});
}

function identityOf({verb, group, resource, subresource, namespace, name}: Need): string {
	return JSON.stringify([verb, group, resource, subresource, namespace, name]);
}

const reviewSchema = z.object({status: z.object({allowed: z.boolean()})});

/** Asks for each. Rejects with a KubernetesError. */
export function checkRights(access: KubernetesAccess, needs: readonly Need[], signal: AbortSignal): Promise<Right[]> {
	return Promise.all(
		needs.map(async need => {
			const {verb, group, resource, subresource, namespace, name} = need;
			const answer = await access.ask({
				method: 'POST',
				path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
				body: {
					apiVersion: 'authorization.k8s.io/v1',
					kind: 'SelfSubjectAccessReview',
					spec: {resourceAttributes: {verb, group, resource, subresource, namespace, name}},
				},
				maxBytes: 256 * 1024,
				signal,
			});
			const review = reviewSchema.safeParse(answer);
			if (!review.success)
				throw new KubernetesError(
					'The review of our rights at the Kubernetes API was answered with something that is none.',
				);
			return {...need, allowed: review.data.status.allowed};
		}),
	);
}

/** What is missing, with what to grant. */
export function missingRights(rights: readonly Right[]): string[] {
	const missing = rights.filter(({allowed}) => !allowed);
	const byThing = Map.groupBy(missing, need => JSON.stringify([need.group, thingOf(need), need.namespace]));
	return [...byThing.values()].flatMap(needs => {
		const [need] = needs;
		if (!need) return [];
		const verbs = needs.map(({verb}) => verb).join(' and ');
		const role = need.namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${need.namespace}`;
		const where = need.namespace === undefined ? '' : ` in namespace ${need.namespace}`;
		const granted = needs.map(({verb}) => JSON.stringify(verb)).join(', ');
		return [
			`Kubernetes does not let us ${verbs} ${thingOf(need)}${where}: grant {apiGroups: ["${need.group}"], resources: ["${thingOf(need)}"], verbs: [${granted}]} by ${role}.${need.without === undefined ? '' : ` ${need.without}`}`,
		];
	});
}

function thingOf({resource, subresource}: Need): string {
	return subresource === undefined ? resource : `${resource}/${subresource}`;
}
