/** The object behind a lease: what it says, and what is written into it. What it says is nobody's promise. */

import {z} from 'zod';
import {lenient, text, timeOf} from '../headscale/lenient.ts';
import {oneLine} from '../util/errors.ts';
import {KubernetesError} from './errors.ts';
import {count} from './meta.ts';

export interface LeaseRecord {
	/** Who holds it; undefined: nobody. */
	holder: string | undefined;
	/** How long it holds without being renewed; undefined: it does not say, or nothing that can be meant. */
	durationMs: number | undefined;
	/** Differs as soon as somebody wrote into it, whatever that was. */
	mark: string;
	acquireTime: string | undefined;
	transitions: number;
	/** As it came, to be sent back: labels and the like are not ours, and its version says what is written over. */
	metadata: Readonly<Record<string, unknown>>;
}

export interface LeaseOwner {
	namespace: string;
	name: string;
	identity: string;
	durationMs: number;
}

const recordSchema = z.object({
	metadata: z.looseObject({name: z.string(), resourceVersion: z.string().min(1).max(256)}),
	spec: lenient(
		z.object({holderIdentity: text, leaseDurationSeconds: count, acquireTime: text, leaseTransitions: count}),
	),
});

/** Throws a KubernetesError for what is no lease. A record with nonsense in it is one that nobody holds, or for as long as is usual. */
export function parseLeaseRecord(raw: unknown): LeaseRecord {
	const parsed = recordSchema.safeParse(raw);
	if (!parsed.success)
		throw new KubernetesError('The lease at the Kubernetes API was answered with something that is none.');
	const {metadata, spec} = parsed.data;
	const seconds = spec?.leaseDurationSeconds ?? 0;
	return {
		holder: spec?.holderIdentity ? oneLine(spec.holderIdentity, 200) || '(no name)' : undefined,
		durationMs: seconds >= 1 && seconds <= mostSeconds ? seconds * 1000 : undefined,
		mark: JSON.stringify((raw as {spec?: unknown}).spec ?? null),
		acquireTime: timeOf(spec?.acquireTime) === undefined ? undefined : (spec?.acquireTime ?? undefined),
		transitions: Math.min(spec?.leaseTransitions ?? 0, mostTransitions),
		metadata: {...metadata, managedFields: undefined},
	};
}

/** The object with which its owner takes it, or renews it. `found`: what is there; undefined: nothing. */
export function takenRecord(owner: LeaseOwner, found: LeaseRecord | undefined, wallMs: number): unknown {
	const {namespace, name, identity, durationMs} = owner;
	const isOurs = found?.holder === identity;
	const renewTime = microTime(wallMs);
	return {
		apiVersion: 'coordination.k8s.io/v1',
		kind: 'Lease',
		metadata: {...found?.metadata, namespace, name},
		spec: {
			holderIdentity: identity,
			leaseDurationSeconds: durationMs / 1000,
			acquireTime: (isOurs && found.acquireTime) || renewTime,
			renewTime,
			leaseTransitions: found ? (isOurs ? found.transitions : (found.transitions + 1) % (mostTransitions + 1)) : 0,
		},
	};
}

/** The object with which its owner gives it back. */
export function releasedRecord(found: LeaseRecord, wallMs: number): unknown {
	return {
		apiVersion: 'coordination.k8s.io/v1',
		kind: 'Lease',
		metadata: found.metadata,
		spec: {leaseDurationSeconds: 1, renewTime: microTime(wallMs), leaseTransitions: found.transitions},
	};
}

/** Another release of tailprobe may hold it for longer than this one; nobody means an hour. */
const mostSeconds = 60;
const mostTransitions = 2 ** 31 - 1;

let written = 0;

/** Two renewals never say the same, also when the clock was set back: whoever sees no change takes the lease. */
function microTime(wallMs: number): string {
	const micros = String(written++ % 1000).padStart(3, '0');
	return `${new Date(wallMs).toISOString().slice(0, -1)}${micros}Z`;
}
