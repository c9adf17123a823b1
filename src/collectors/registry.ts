/** All collectors of sources, and what feeds them. */

import type {IncidentTally} from '../diagnosis/incident-tally.ts';
import {versionIntervalMs} from '../headscale/poll.ts';
import type {HeadscaleSource} from '../headscale/source.ts';
import type {Exposition} from '../metrics/exposition.ts';
import type {MetricDef} from '../metrics/types.ts';
import {freshValue} from '../sources/read.ts';
import type {TailscaledSource} from '../tailscaled/source.ts';
import {systemClock} from '../util/clock.ts';
import {type CheckFacts, checkCollector} from './checks.ts';
import {clientCollector} from './clients.ts';
import {headscaleCollector} from './headscale.ts';
import {incidentCollector} from './incidents.ts';
import {inventoryCollector} from './inventories.ts';
import {type MachineReadings, machineCollector} from './machines.ts';
import {nodeCollector, type TunnelVerdict} from './nodes.ts';
import {recordCollector} from './records.ts';
import {type SourceReading, sourceCollector} from './sources.ts';
import {tailscaledCollector} from './tailscaled.ts';

/** Rows of all of them, for the catalogue. */
export const collectorMetrics: readonly MetricDef[] = [
	...sourceCollector.metrics,
	...headscaleCollector.metrics,
	...inventoryCollector.metrics,
	...recordCollector.metrics,
	...nodeCollector.metrics,
];

/** Rows about the own tailscaled and the clients that it knows of, for the catalogue. */
export const tailscaledRows: readonly MetricDef[] = [...tailscaledCollector.metrics, ...clientCollector.metrics];

/**
 * Shows what the sources know: headscale's, nothing of which there is while none is configured, and those of the own tailscaled.
 * `tunnels`: verdicts by the name of the node. `others`: sources whose own metrics are shown elsewhere.
 */
export function exposeHeadscale(
	exposition: Exposition,
	source: () => HeadscaleSource | undefined,
	tunnels: () => ReadonlyMap<string, readonly TunnelVerdict[]>,
	tailscaled: TailscaledSource,
	others: () => readonly SourceReading[],
): void {
	exposition.collected(tailscaledRows, () => {
		const headscale = source();
		const nowMs = systemClock.wall();
		const versionMs = Math.max(headscale?.intervalMs ?? 0, versionIntervalMs);
		const headscaleVersion = headscale && freshValue(headscale.state().version, versionMs, nowMs);
		return [
			...tailscaledCollector.collect(tailscaled.readings(), nowMs),
			...clientCollector.collect({versions: tailscaled.clientVersions(), headscaleVersion}, nowMs),
		];
	});
	exposition.collected(collectorMetrics, () => {
		const headscale = source();
		const nowMs = systemClock.wall();
		if (!headscale) return sourceCollector.collect([...tailscaled.sources(), ...others()], nowMs);
		const {intervalMs, inventoryIntervalMs, expectUsers, lingerAfterMs} = headscale;
		const readings = {state: headscale.state(), intervalMs};
		const verdicts = tunnels();
		return [
			...sourceCollector.collect([...headscale.sources(), ...tailscaled.sources(), ...others()], nowMs),
			...headscaleCollector.collect(readings, nowMs),
			...inventoryCollector.collect({...readings, inventoryIntervalMs, expectUsers}, nowMs),
			...recordCollector.collect({...readings, lingerAfterMs}, nowMs),
			...nodeCollector.collect({...readings, verdictsOf: peer => verdicts.get(peer) ?? []}, nowMs),
		];
	});
}

/** What is known beside what single sources and checks tell. */
export interface Known {
	checks(): readonly CheckFacts[];
	/** As of the last look for incidents. */
	incidents(): IncidentTally;
	machines(): MachineReadings;
}

/** Shows the checks as they are configured, the incidents, and what is behind each machine. */
export function exposeKnown(exposition: Exposition, known: Known): void {
	exposition.collected(checkCollector.metrics, () => checkCollector.collect(known.checks(), systemClock.wall()));
	exposition.collected(incidentCollector.metrics, () =>
		incidentCollector.collect(known.incidents(), systemClock.wall()),
	);
	exposition.collected(machineCollector.metrics, () => machineCollector.collect(known.machines(), systemClock.wall()));
}
