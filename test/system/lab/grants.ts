/** What rendered Roles let an account do, and what a configuration makes the daemon do: both as lines that can be compared. */

import type {Config} from '../../../src/config/types.ts';
import {listNeeds} from '../../../src/kubernetes/rights.ts';
import type {KubernetesObject} from './kubernetes.ts';

interface PolicyRule {
	apiGroups: string[];
	resources: string[];
	resourceNames?: string[];
	verbs: string[];
}

interface Binding extends KubernetesObject {
	roleRef: {kind: string; name: string};
	subjects: {kind: string; name: string; namespace?: string}[];
}

/**
 * Everything that the account may do by the Roles among the objects, as `VERB GROUP/RESOURCE in NAMESPACE`, with `named NAME` where only
 * that one is meant; in order, each once.
 *
 * @throws Error for a binding to a role that is not there, and for a role that nobody is bound to
 */
export function grantsOf(
	objects: readonly KubernetesObject[],
	account: {namespace: string; name: string},
): readonly string[] {
	const roles = objects.filter(({kind}) => kind === 'Role' || kind === 'ClusterRole');
	const bindings = objects.filter(({kind}) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding') as Binding[];
	const bound = new Set<KubernetesObject>();
	const lines = bindings.flatMap(({metadata, roleRef, subjects, kind}) => {
		const role = roles.find(
			one =>
				one.kind === roleRef.kind &&
				one.metadata.name === roleRef.name &&
				(one.kind === 'ClusterRole' || one.metadata.namespace === metadata.namespace),
		);
		if (role === undefined)
			throw new Error(`${kind} ${metadata.name} leads to ${roleRef.kind} ${roleRef.name}, which is not there.`);
		bound.add(role);
		const isOurs = subjects.some(({name, namespace}) => name === account.name && namespace === account.namespace);
		return isOurs ? (role.rules as PolicyRule[]).flatMap(rule => linesOf(rule, metadata.namespace)) : [];
	});
	const unbound = roles.filter(role => !bound.has(role));
	if (unbound.length > 0) throw new Error(`Nobody is bound to ${unbound.map(({metadata}) => metadata.name).join()}.`);
	return [...new Set(lines)].sort();
}

/** What the daemon asks for with this configuration in this namespace, and tailscale beside it for its state, in the same words. */
export function neededBy(
	config: Config,
	{namespace, stateSecrets}: {namespace: string; stateSecrets: readonly string[]},
): readonly string[] {
	const line = (verb: string, group: string, resource: string, space?: string, name?: string) =>
		linesOf(
			{apiGroups: [group], resources: [resource], verbs: [verb], ...(name !== undefined && {resourceNames: [name]})},
			space,
		);
	const ways = config.vantages.flatMap(vantage =>
		vantage.type === 'remote' ? vantage.ways.filter(way => way.type === 'pod') : [],
	);
	const needs =
		config.kubernetes === undefined
			? []
			: listNeeds(config.kubernetes, ways, {home: namespace, headscalePod: config.headscale?.cliPod});
	return [
		...new Set([
			...needs.flatMap(({verb, group, resource, subresource, namespace: space, name}) =>
				line(verb, group, subresource === undefined ? resource : `${resource}/${subresource}`, space, name),
			),
			...stateSecrets.flatMap(name =>
				['get', 'update', 'patch'].flatMap(verb => line(verb, '', 'secrets', namespace, name)),
			),
		]),
	].sort();
}

function linesOf({apiGroups, resources, resourceNames, verbs}: PolicyRule, namespace: string | undefined): string[] {
	const where = namespace === undefined ? 'in the cluster' : `in ${namespace}`;
	const names = resourceNames === undefined ? [''] : resourceNames.map(name => ` named ${name}`);
	return verbs.flatMap(verb =>
		apiGroups.flatMap(group =>
			resources.flatMap(resource =>
				names.map(name => `${verb} ${group === '' ? '' : `${group}/`}${resource} ${where}${name}`),
			),
		),
	);
}
