/**
 * Which metrics are of the inventory: what every replica reads of the same third parties and makes of it. Of several replicas that
 * share a lease only one shows them. What a replica measures, and how it fares with its own sources, each shows for itself.
 */

import type {MetricDef} from '../metrics/types.ts';
import {clientCollector} from './clients.ts';
import {headscaleCollector, headscaleMetrics} from './headscale.ts';
import {inventoryCollector, inventoryMetrics} from './inventories.ts';
import {kubernetesCollector, kubernetesMetrics} from './kubernetes.ts';
import {machineCollector} from './machines.ts';
import {nodeCollector} from './nodes.ts';
import {poolRows} from './pools.ts';
import {recordCollector} from './records.ts';
import {vastCollector} from './vast.ts';

/** How headscale's front door looks from here, and how reading the cluster goes for us. */
const seenByEach: ReadonlySet<MetricDef> = new Set<MetricDef>([
	headscaleMetrics.health,
	headscaleMetrics.restartGrace,
	inventoryMetrics.apiHealth,
	inventoryMetrics.controlKey,
	inventoryMetrics.certificateExpiry,
	inventoryMetrics.certificateTrusted,
	kubernetesMetrics.watchRestarts,
	kubernetesMetrics.allowed,
]);

/** Names of the metrics that only one of several replicas shows. */
export const inventoryNames: ReadonlySet<string> = new Set(
	[
		...headscaleCollector.metrics,
		...inventoryCollector.metrics,
		...recordCollector.metrics,
		...nodeCollector.metrics,
		...clientCollector.metrics,
		...poolRows,
		...kubernetesCollector.metrics,
		...vastCollector.metrics,
		...machineCollector.metrics,
	]
		.filter(row => !seenByEach.has(row))
		.map(({name}) => name),
);
