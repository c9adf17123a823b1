/** Finds what puts something of the cluster on the tailnet: proxies of the tailscale operator, and sidecars. */

import {known} from '../headscale/lenient.ts';
import type {RawContainers, RawPod, RawStatuses} from './pods.ts';
import type {TailnetProxy} from './types.ts';

/** What the pod puts on the tailnet, and under which names as far as that can be told; undefined: nothing. */
export function findProxy({metadata, spec, status}: RawPod): TailnetProxy | undefined {
	const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isKept)];
	const container = containers.find(isTailscale);
	const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
	const named = container?.name && isHostname(container.name) ? container.name : undefined;
	const common = known({container: named, ready: readinessOf(container?.name, statuses)});
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
	const hostname = spec?.hostname ?? undefined;
	return {kind: 'sidecar', hostnames: unique([...own, isHostname(hostname) ? hostname : metadata.name]), ...common};
}

type Container = NonNullable<NonNullable<RawContainers>[number]>;

/** An init container that goes on running, which is how sidecars are written since Kubernetes 1.29. */
function isKept(container: Container | null): boolean {
	return container?.restartPolicy === 'Always';
}

function isTailscale(container: Container | null): container is Container {
	if (!container) return false;
	const name = (container.name ?? '').slice(0, 64);
	return /^tailscaled?$/.test(imageName(container)) || /^(tailscaled?|ts-sidecar|tailscale-sidecar)$/.test(name);
}

/** The last part of an image's repository, without tag and digest. Whoever makes a pod may write a megabyte there. */
function imageName({image}: Container): string {
	const whole = (image ?? '').slice(0, maxImageChars);
	const last = whole.slice(whole.lastIndexOf('/') + 1);
	const end = last.search(/[@:]/);
	return end === -1 ? last : last.slice(0, end);
}

const maxImageChars = 512;

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
	return typeof value === 'string' &&
		value.length <= 63 &&
		/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value)
		? value
		: undefined;
}

function isHostname(name: string | undefined): name is string {
	return name !== undefined && name.length <= 63 && /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);
}

function unique(names: readonly string[]): string[] {
	return [...new Set(names.map(name => name.toLowerCase().slice(0, 63)))];
}
