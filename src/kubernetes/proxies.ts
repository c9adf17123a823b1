/** Finds what puts something of the cluster on the tailnet: proxies of the tailscale operator, and sidecars. */

import {known} from '../headscale/lenient.ts';
import type {RawContainers, RawPod, RawStatuses} from './pods.ts';
import type {TailnetProxy} from './types.ts';

/** What the pod puts on the tailnet, and under which names as far as that can be told; undefined: nothing. */
export function findProxy({metadata, spec, status}: RawPod): TailnetProxy | undefined {
	const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isKept)];
	const container = containers.find(isTailscale);
	const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
	const common = known({container: container?.name ?? undefined, ready: readinessOf(container?.name, statuses)});
	const parentName = labelOf(metadata.labels, 'parent-resource');
	const own = ownNames(container, metadata.annotations);
	if (parentName !== undefined) {
		const namespace = labelOf(metadata.labels, 'parent-resource-ns');
		const parent = {
			kind: labelOf(metadata.labels, 'parent-resource-type') ?? 'other',
			name: parentName,
			...(namespace === undefined ? {} : {namespace}),
		};
		// What the operator calls it where nobody said otherwise.
		const usual = namespace === undefined ? parentName : `${namespace}-${parentName}`;
		return {kind: 'operator', hostnames: unique([...own, usual]), parent, ...common};
	}
	if (!container) return undefined;
	return {kind: 'sidecar', hostnames: unique([...own, spec?.hostname ?? metadata.name]), ...common};
}

type Container = NonNullable<NonNullable<RawContainers>[number]>;

/** An init container that goes on running, which is how sidecars are written since Kubernetes 1.29. */
function isKept(container: Container | null): boolean {
	return container?.restartPolicy === 'Always';
}

function isTailscale(container: Container | null): container is Container {
	if (!container) return false;
	const image = (container.image ?? '').replace(/[@:][^/]*$/, '');
	return /(^|\/)tailscaled?$/.test(image) || /^(tailscaled?|ts-sidecar|tailscale-sidecar)$/.test(container.name ?? '');
}

/** Its environment may hold the auth key: nothing else of it is looked at. */
function ownNames(container: Container | undefined, annotations: RawPod['metadata']['annotations']): string[] {
	const env = (name: string) => container?.env?.find(one => one?.name === name)?.value ?? undefined;
	const fromArgs = [env('TS_EXTRA_ARGS') ?? '', ...(container?.args ?? [])]
		.map(text => /(?:^|\s)--hostname[= ]([^\s]+)/.exec(text.slice(0, 4096))?.[1])
		.find(Boolean);
	const told = annotations?.['tailscale.com/operator-last-set-hostname'] ?? annotations?.['tailscale.com/hostname'];
	return [env('TS_HOSTNAME'), fromArgs, typeof told === 'string' ? told : undefined].filter(isHostname);
}

function readinessOf(name: string | null | undefined, statuses: NonNullable<RawStatuses>): boolean | undefined {
	return name ? (statuses.find(one => one?.name === name)?.ready ?? undefined) : undefined;
}

function labelOf(labels: RawPod['metadata']['labels'], key: string): string | undefined {
	const value = labels?.[`tailscale.com/${key}`];
	return typeof value === 'string' && /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value) ? value : undefined;
}

function isHostname(name: string | undefined): name is string {
	return name !== undefined && /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);
}

function unique(names: readonly string[]): string[] {
	return [...new Set(names.map(name => name.toLowerCase().slice(0, 63)))];
}
