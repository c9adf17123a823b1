/** The environment of a container, from values, fields of the pod, Secrets and ConfigMaps. */

import type {V1Container, V1EnvVar, V1Pod} from '@kubernetes/client-node';
import {NotThere, type Objects} from './objects.ts';

/**
 * The whole environment: the image's, then the cluster's, then the container's own.
 *
 * @throws NotThere where a Secret, a ConfigMap or a key is missing that is not optional
 */
export function environmentOf(
	pod: V1Pod,
	{env = [], envFrom = []}: V1Container,
	objects: Objects,
	base: Readonly<Record<string, string>>,
): Record<string, string> {
	const result: Record<string, string> = {...base, HOSTNAME: pod.metadata?.name ?? ''};
	for (const {secretRef, configMapRef, prefix = ''} of envFrom) {
		const reference = secretRef ?? configMapRef;
		const data = objects.data(secretRef === undefined ? 'ConfigMap' : 'Secret', reference?.name ?? '');
		if (data === undefined && reference?.optional !== true) throw new NotThere(`"${reference?.name}" not found`);
		for (const [key, value] of Object.entries(data ?? {})) result[`${prefix}${key}`] = value.toString();
	}
	for (const variable of env) {
		const value = textOf(variable, pod, objects);
		if (value !== undefined) result[variable.name] = expand(value, result);
	}
	return result;
}

/** `$(NAME)` of what is known already, as commands and arguments may have it too; `$$(NAME)` stays `$(NAME)`. */
export function expand(text: string, known: Readonly<Record<string, string>>): string {
	return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name?: string) =>
		name === undefined ? '$' : (known[name] ?? whole),
	);
}

/**
 * A field of the pod as the downward API knows it.
 *
 * @throws Error for a field that no volume and no environment of these pods uses
 */
export function fieldOf({metadata, spec, status}: V1Pod, path: string): string {
	const key = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
	if (key !== null) return metadata?.[key[1] as 'labels' | 'annotations']?.[key[2] ?? ''] ?? '';
	const fields: Record<string, string | undefined> = {
		'metadata.name': metadata?.name,
		'metadata.namespace': metadata?.namespace,
		'metadata.uid': metadata?.uid,
		'spec.nodeName': spec?.nodeName,
		'spec.serviceAccountName': spec?.serviceAccountName ?? 'default',
		'status.podIP': status?.podIP,
		'status.podIPs': status?.podIP,
		'status.hostIP': status?.hostIP,
	};
	const value = fields[path];
	if (value === undefined) throw new Error(`The downward API of these pods has no ${path}.`);
	return value;
}

function textOf({name, value, valueFrom}: V1EnvVar, pod: V1Pod, objects: Objects): string | undefined {
	if (valueFrom === undefined) return value ?? '';
	if (valueFrom.fieldRef !== undefined) return fieldOf(pod, valueFrom.fieldRef.fieldPath);
	const {secretKeyRef, configMapKeyRef} = valueFrom;
	const reference = secretKeyRef ?? configMapKeyRef;
	if (reference === undefined) throw new Error(`${name} comes from a place that these pods do not know.`);
	const kind = secretKeyRef === undefined ? 'ConfigMap' : 'Secret';
	const found = objects.data(kind, reference.name ?? '')?.[reference.key];
	if (found === undefined && reference.optional !== true) {
		throw new NotThere(`${kind} "${reference.name}" or its key "${reference.key}" not found`);
	}
	return found?.toString();
}
