/** What /metrics tells besides the outcomes of checks, collected at each scrape: of vantages, of tailprobe itself, of incidents and sources. */

import {
	collectedOwnMetrics,
	collectedVantageMetrics,
	collectOwnSamples,
	collectVantageSamples,
} from './collectors/own.ts';
import {exposeHeadscale, exposeKnown} from './collectors/registry.ts';
import {type ViewParts, viewTunnels} from './daemon-view.ts';
import type {IncidentRounds} from './diagnosis/incident-rounds.ts';
import {groupTunnels} from './inventory/view.ts';
import type {DaemonView} from './server/types.ts';

export interface Collected {
	view: DaemonView;
	parts: ViewParts;
	incidents: Pick<IncidentRounds, 'latest'>;
	/** Whether this replica exports the inventories, as of the scrape under way. */
	inventoryExported(): boolean;
}

/** Adds it to the exposition of the parts. To be called once. */
export function exposeDaemon({view, parts, incidents, inventoryExported}: Collected): void {
	const {exposition, inForce, planner, headscale, tailscaled, gpuSide, inventoryLease} = parts;
	exposition.collected(collectedVantageMetrics, () => collectVantageSamples(view.vantages()));
	exposition.collected(collectedOwnMetrics, () =>
		collectOwnSamples({
			version: view.version,
			startedAt: view.startedAt,
			lastReload: inForce.lastReload(),
			checks: planner.plan().checks.length,
			planProblems: planner.problems().length,
			inventoryExported: inventoryExported(),
		}),
	);
	exposeKnown(exposition, {
		checks: () => inForce.config().checks,
		incidents: incidents.latest,
		machines: () => ({machines: view.machines(), vantages: planner.remotes()}),
	});
	exposeHeadscale(
		exposition,
		headscale.current,
		() => groupTunnels(viewTunnels(parts)),
		tailscaled,
		() => [...gpuSide.sources(), ...inventoryLease.sources()],
	);
}
