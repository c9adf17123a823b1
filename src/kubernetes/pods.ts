/** Pods, judged by what they say of themselves: conditions before phase, and nothing where nothing is told. */

import {z} from 'zod';
import {flag, known, lenient, text, timeOf} from '../headscale/lenient.ts';
import {parseAddress} from '../net/guard.ts';
import {oneLine} from '../util/errors.ts';
import {conditionOf, conditionsSchema, count, metaSchema, type Parsed, problemOf, textsOf} from './meta.ts';
import {findProxy} from './proxies.ts';
import {type Pod, type PodReason, podPhases, podReasons, type Toleration} from './types.ts';

const stateSchema = lenient(z.object({reason: text, message: text}));
const statusesSchema = lenient(
	z.array(
		z
			.object({
				name: text,
				ready: flag,
				restartCount: count,
				state: lenient(z.object({waiting: stateSchema, running: lenient(z.object({})), terminated: stateSchema})),
			})
			.nullable()
			.catch(null),
	),
);
const containersSchema = lenient(
	z.array(
		z
			.object({
				name: text,
				image: text,
				restartPolicy: text,
				env: lenient(z.array(z.object({name: text, value: text}).nullable().catch(null))),
				args: lenient(z.array(z.string())),
			})
			.nullable()
			.catch(null),
	),
);

const podSchema = z.object({
	metadata: metaSchema.extend({namespace: metaSchema.shape.name}),
	spec: lenient(
		z.object({
			nodeName: lenient(metaSchema.shape.name),
			hostname: text,
			containers: containersSchema,
			initContainers: containersSchema,
			tolerations: lenient(
				z.array(
					z
						.object({key: text, operator: text, value: text, effect: text, tolerationSeconds: lenient(z.number())})
						.nullable()
						.catch(null),
				),
			),
		}),
	),
	status: lenient(
		z.object({
			phase: text,
			reason: text,
			message: text,
			podIP: text,
			conditions: conditionsSchema,
			containerStatuses: statusesSchema,
			initContainerStatuses: statusesSchema,
		}),
	),
});

export type RawPod = z.output<typeof podSchema>;
export type RawContainers = z.output<typeof containersSchema>;
export type RawStatuses = z.output<typeof statusesSchema>;

/** `isWanted`: which annotations are kept besides those of tailscale. */
export function parsePod(raw: unknown, isWanted: (annotation: string) => boolean = () => false): Parsed<Pod> {
	const parsed = podSchema.safeParse(raw);
	if (!parsed.success) return {problem: problemOf('pod', raw, parsed.error)};
	const {metadata, spec, status} = parsed.data;
	const ready = conditionOf(status?.conditions, 'Ready');
	const phase = podPhases.find(one => one === status?.phase) ?? 'Unknown';
	const {reason, detail} = explain(parsed.data);
	const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
	const counts = statuses.flatMap(one => one?.restartCount ?? []);
	const podIp = status?.podIP ?? undefined;
	const proxy = findProxy(parsed.data);
	return {
		value: {
			namespace: metadata.namespace,
			name: metadata.name,
			uid: metadata.uid,
			phase,
			reason,
			containers: namesOf(spec?.containers),
			labels: textsOf(metadata.labels, 63),
			annotations: textsOf(metadata.annotations, 256, key => key.startsWith('tailscale.com/') || isWanted(key)),
			tolerations: tolerationsOf(spec?.tolerations),
			...known({
				detail,
				ready: ready && ready.status === 'true',
				readySince: ready?.since,
				restarts: counts.length === 0 ? undefined : counts.reduce((sum, one) => sum + one, 0),
				node: spec?.nodeName ?? undefined,
				podIp: podIp !== undefined && parseAddress(podIp) ? podIp : undefined,
				createdAt: timeOf(metadata.creationTimestamp),
				deletionAt: timeOf(metadata.deletionTimestamp),
				proxy,
			}),
		},
	};
}

/** Why the pod is not simply running: the nearest cause first. */
function explain({metadata, status}: RawPod): {reason: PodReason; detail?: string} {
	if (metadata.deletionTimestamp) return {reason: 'Terminating'};
	const scheduled = conditionOf(status?.conditions, 'PodScheduled');
	const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded';
	const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
	const waiting = statuses.map(one => one?.state?.waiting).find(state => state?.reason);
	const terminated = statuses
		.map(one => one?.state?.terminated)
		.find(state => state?.reason && (ended || state.reason !== 'Completed'));
	const causes = [
		status?.reason ? status : undefined,
		waiting,
		terminated,
		scheduled?.status === 'false' ? scheduled : undefined,
	];
	const cause = causes.find(one => one?.reason);
	if (!cause?.reason) return {reason: 'none'};
	const texts = [cause.reason, cause.message].flatMap(one => one?.slice(0, 1200) || []);
	const detail = oneLine(texts.join(': '), 300);
	return {reason: podReasons.find(one => one === cause.reason) ?? 'other', detail};
}

function namesOf(containers: RawContainers): string[] {
	return (containers ?? [])
		.flatMap(one => (one?.name && /^[a-z0-9-]{1,63}$/.test(one.name) ? one.name : []))
		.slice(0, 50);
}

type RawTolerations = NonNullable<RawPod['spec']>['tolerations'];

function tolerationsOf(tolerations: RawTolerations): Toleration[] {
	return (tolerations ?? []).slice(0, 100).flatMap(one => {
		if (!one || (one.effect && one.effect !== 'NoExecute')) return [];
		const {key, operator, value, tolerationSeconds} = one;
		return known({
			key: key ? key.slice(0, 317) : undefined,
			value: operator === 'Exists' ? undefined : (value ?? '').slice(0, 63),
			seconds: tolerationSeconds ?? undefined,
		});
	});
}
