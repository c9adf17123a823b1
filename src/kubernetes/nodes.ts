/** Nodes, leases and deployments, as far as they matter to GPUs. */

import {z} from 'zod';
import {flag, known, lenient, text, timeOf} from '../headscale/lenient.ts';
import {parseAddress} from '../net/guard.ts';
import {conditionOf, conditionsSchema, count, metaSchema, type Parsed, problemOf} from './meta.ts';
import type {Deployment, Lease, Node} from './types.ts';

const nodeSchema = z.object({
	metadata: metaSchema,
	spec: lenient(
		z.object({
			unschedulable: flag,
			taints: lenient(
				z.array(z.object({key: text, value: text, effect: text, timeAdded: text}).nullable().catch(null)),
			),
		}),
	),
	status: lenient(
		z.object({
			conditions: conditionsSchema,
			addresses: lenient(z.array(z.object({type: text, address: text}).nullable().catch(null))),
			daemonEndpoints: lenient(z.object({kubeletEndpoint: lenient(z.object({Port: count}))})),
			nodeInfo: lenient(z.object({kubeletVersion: text})),
		}),
	),
});

export function parseNode(raw: unknown): Parsed<Node> {
	const parsed = nodeSchema.safeParse(raw);
	if (!parsed.success) return {problem: problemOf('node', raw, parsed.error)};
	const {metadata, spec, status} = parsed.data;
	const ready = conditionOf(status?.conditions, 'Ready');
	const address = status?.addresses?.find(one => one?.type === 'InternalIP')?.address ?? undefined;
	const internalIp = address !== undefined && parseAddress(address) ? address : undefined;
	const port = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
	const version = status?.nodeInfo?.kubeletVersion || undefined;
	return {
		value: {
			name: metadata.name,
			uid: metadata.uid,
			taints: (spec?.taints ?? []).slice(0, 50).flatMap(taint =>
				taint?.key && taint.effect === 'NoExecute'
					? {
							key: taint.key.slice(0, 317),
							value: (taint.value ?? '').slice(0, 63),
							...known({addedAt: timeOf(taint.timeAdded)}),
						}
					: [],
			),
			schedulable: spec?.unschedulable !== true,
			loopback: internalIp !== undefined && (internalIp.startsWith('127.') || internalIp === '::1'),
			virtual: metadata.labels?.type === 'virtual-kubelet',
			...known({
				ready: ready?.status,
				readySince: ready?.since,
				internalIp,
				kubeletPort: port > 0 && port < 65_536 ? port : undefined,
				kubeletVersion: version === undefined ? undefined : version.slice(0, 64).replace(/[^A-Za-z0-9.+_-]/g, '_'),
			}),
		},
	};
}

/** A simple virtual kubelet writes with each heartbeat that Ready changed just now: since when is what it said first. */
export function withSteadySince(now: Node, before: Node): Node {
	const {readySince = Number.POSITIVE_INFINITY} = now;
	if (now.uid !== before.uid || now.ready !== before.ready || before.readySince === undefined) return now;
	return {...now, readySince: Math.min(readySince, before.readySince)};
}

const leaseSchema = z.object({
	metadata: metaSchema,
	spec: lenient(z.object({renewTime: text, leaseDurationSeconds: count})),
});

export function parseLease(raw: unknown): Parsed<Lease> {
	const parsed = leaseSchema.safeParse(raw);
	if (!parsed.success) return {problem: problemOf('lease', raw, parsed.error)};
	const {metadata, spec} = parsed.data;
	return {
		value: {
			node: metadata.name,
			...known({renewedAt: timeOf(spec?.renewTime), durationSeconds: spec?.leaseDurationSeconds ?? undefined}),
		},
	};
}

const deploymentSchema = z.object({
	metadata: metaSchema.extend({namespace: metaSchema.shape.name}),
	spec: lenient(z.object({replicas: count})),
	status: lenient(z.object({availableReplicas: count, readyReplicas: count, conditions: conditionsSchema})),
});

export function parseDeployment(raw: unknown): Parsed<Deployment> {
	const parsed = deploymentSchema.safeParse(raw);
	if (!parsed.success) return {problem: problemOf('deployment', raw, parsed.error)};
	const {metadata, spec, status} = parsed.data;
	const available = conditionOf(status?.conditions, 'Available');
	return {
		value: {
			namespace: metadata.namespace,
			name: metadata.name,
			// The API leaves out zeros, and one replica is what a deployment has that says nothing.
			wanted: spec?.replicas ?? 1,
			available: status?.availableReplicas ?? 0,
			ready: status?.readyReplicas ?? 0,
			...known({
				availableCondition: available && available.status === 'true',
				availableSince: available?.since,
			}),
		},
	};
}
