/** The custom resources of the Prometheus operator, from its own Go module: nothing of them is in the repository. */

import {readFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {parse} from 'yaml';
import {until} from '../../helpers/until.ts';
import type {Kubernetes, KubernetesObject} from './kubernetes.ts';
import type {JsonSchema} from './schemas.ts';

/** A CustomResourceDefinition. */
export interface Crd extends KubernetesObject {
	spec: {
		group: string;
		names: {kind: string; plural: string};
		versions: ReadonlyArray<{name: string; served: boolean; schema: {openAPIV3Schema: JsonSchema}}>;
	};
}

const operator = 'github.com/prometheus-operator/prometheus-operator@v0.93.1';
const kinds = ['servicemonitors', 'podmonitors', 'probes', 'prometheusrules'];

/** Those that a chart could use. Throws where the module cannot be had. */
export async function monitoringCrds(): Promise<Crd[]> {
	const download = await execa('go', ['mod', 'download', '-json', operator], {cwd: tmpdir()});
	const {Dir: directory} = JSON.parse(download.stdout) as {Dir: string};
	return Promise.all(
		kinds.map(async kind => {
			const file = join(directory, 'example/prometheus-operator-crd', `monitoring.coreos.com_${kind}.yaml`);
			return parse(await readFile(file, 'utf8')) as Crd;
		}),
	);
}

/** Brings them to a cluster; resolves to them once it knows their kinds. */
export async function installMonitoringCrds({apply, ask}: Pick<Kubernetes, 'apply' | 'ask'>): Promise<Crd[]> {
	const crds = await monitoringCrds();
	await apply(...crds);
	for (const {spec} of crds) {
		const path = `/apis/${spec.group}/v1/${spec.names.plural}`;
		await until(async () => (await ask({method: 'GET', path})).status === 200);
	}
	return crds;
}
