/** The volumes of a pod as directories and files of this machine, kept up with the Secrets and ConfigMaps that they come from. */

import {chmod, chown, mkdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {V1KeyToPath, V1Pod, V1Volume, V1VolumeProjection} from '@kubernetes/client-node';
import {type VolumeFile, writeAtomically} from './atomic-files.ts';
import {fieldOf} from './environment.ts';
import {NotThere, type Objects} from './objects.ts';

/** The name of the volume that admission would have added. */
export const tokenVolume = 'kube-api-access';

/**
 * Makes the volumes, or brings those of Secrets and ConfigMaps up to date; resolves to where each lies.
 *
 * @throws NotThere where something is missing that is not optional
 */
export async function makeVolumes(pod: V1Pod, directory: string, objects: Objects): Promise<Map<string, string>> {
	const places = new Map<string, string>();
	for (const volume of volumesOf(pod)) places.set(volume.name, await makeVolume(volume, pod, directory, objects));
	return places;
}

/** The pod's own, and the service account's token, as the admission of service accounts would have added it. */
function volumesOf({spec}: V1Pod): V1Volume[] {
	const own = spec?.volumes ?? [];
	if (spec?.automountServiceAccountToken === false) return own;
	const sources: V1VolumeProjection[] = [
		{serviceAccountToken: {path: 'token', expirationSeconds: 3607}},
		{configMap: {name: 'kube-root-ca.crt', items: [{key: 'ca.crt', path: 'ca.crt'}]}},
		{downwardAPI: {items: [{path: 'namespace', fieldRef: {fieldPath: 'metadata.namespace'}}]}},
	];
	return [...own, {name: tokenVolume, projected: {defaultMode: 0o644, sources}}];
}

async function makeVolume(volume: V1Volume, pod: V1Pod, base: string, objects: Objects): Promise<string> {
	if (volume.hostPath !== undefined) return checkHostPath(volume.hostPath.path, volume.hostPath.type);
	const directory = join(base, volume.name);
	const group = pod.spec?.securityContext?.fsGroup;
	await mkdir(directory, {recursive: true});
	if (volume.emptyDir !== undefined) {
		await chmod(directory, group === undefined ? 0o777 : 0o2777);
		if (group !== undefined) await chown(directory, 0, group);
		return directory;
	}
	const {configMap, secret, projected} = volume;
	const {secretName, defaultMode: _, ...ofSecret} = secret ?? {};
	const sources: V1VolumeProjection[] = projected?.sources ?? [
		configMap !== undefined ? {configMap} : {secret: {...ofSecret, name: secretName ?? ''}},
	];
	const mode = (projected ?? configMap ?? secret)?.defaultMode ?? 0o644;
	const files = new Map<string, VolumeFile>();
	for (const source of sources) await addFiles(files, source, mode, pod, objects);
	await writeAtomically(directory, files, group);
	return directory;
}

async function addFiles(
	files: Map<string, VolumeFile>,
	{secret, configMap, serviceAccountToken, downwardAPI}: V1VolumeProjection,
	mode: number,
	pod: V1Pod,
	objects: Objects,
): Promise<void> {
	if (secret !== undefined) addKeys(files, 'Secret', secret, mode, objects);
	if (configMap !== undefined) addKeys(files, 'ConfigMap', configMap, mode, objects);
	if (serviceAccountToken !== undefined) {
		const token = await objects.token(serviceAccountToken.audience, serviceAccountToken.expirationSeconds);
		// Where the pod has a group it is for that alone, whatever the volume says.
		const isShared = pod.spec?.securityContext?.fsGroup === undefined;
		files.set(serviceAccountToken.path, {data: Buffer.from(token), mode: isShared ? 0o644 : 0o600});
	}
	for (const {path, fieldRef} of downwardAPI?.items ?? []) {
		if (fieldRef !== undefined) files.set(path, {data: Buffer.from(fieldOf(pod, fieldRef.fieldPath)), mode});
	}
}

interface KeySource {
	name?: string;
	optional?: boolean;
	items?: V1KeyToPath[];
}

function addKeys(
	files: Map<string, VolumeFile>,
	kind: 'Secret' | 'ConfigMap',
	{name = '', optional = false, items}: KeySource,
	mode: number,
	objects: Objects,
): void {
	const data = objects.data(kind, name);
	if (data === undefined) {
		if (optional) return;
		throw new NotThere(`${kind} "${name}" not found`);
	}
	for (const {key, path, mode: own} of items ?? Object.keys(data).map(key => ({key, path: key, mode: undefined}))) {
		const value = data[key];
		if (value !== undefined) files.set(path, {data: value, mode: own ?? mode});
		else if (!optional) throw new NotThere(`${kind} "${name}" has no key "${key}"`);
	}
}

async function checkHostPath(path: string, type: string | undefined): Promise<string> {
	const found = await stat(path).catch(() => undefined);
	const fits: Record<string, boolean | undefined> = {
		'': found !== undefined,
		CharDevice: found?.isCharacterDevice(),
		Socket: found?.isSocket(),
		File: found?.isFile(),
		Directory: found?.isDirectory(),
	};
	if (fits[type ?? ''] !== true) throw new NotThere(`hostPath type check failed: ${path} is not a ${type || 'file'}`);
	return path;
}
