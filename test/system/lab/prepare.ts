/** Before `npm run test:system`: says why its tests will be skipped, or builds the real parts that are missing. */

import {ensurePart, type PartName} from '../../../scripts/parts.ts';
import {whatIsMissing} from './what-is-missing.ts';

const needed: readonly PartName[] = [
	'wire',
	'tailscale',
	'tailscaled',
	'containerboot',
	'headscale-0.29.2',
	'headscale-0.26.1',
	'headscale-0.23.0',
	'blackbox_exporter',
	'etcd',
	'kube-apiserver',
	'kube-controller-manager',
	'kube-scheduler',
	'vknode',
	'helm',
	'kubeconform',
];

const missing = await whatIsMissing();
if (missing === undefined) for (const name of needed) await ensurePart(name);
else process.stderr.write(`${missing} They are skipped here.\n`);
