/** Faults by their cause, as the diagnosis names it, and whom they hit. */

import {type IncidentTally, linkRowsAtMost, otherNodes} from '../diagnosis/incident-tally.ts';
import type {MetricDef} from '../metrics/types.ts';
import type {Collector} from './types.ts';

export const incidentMetrics = {
	incidents: {
		name: 'tailprobe_incidents',
		type: 'gauge',
		help: 'Incidents that stand, by the id of their cause in docs/diagnosis.md; absent where there is none. As of the last round, one every 15 s, or less often where a round takes more than 2 % of that.',
		labels: ['cause'],
	},
	links: {
		name: 'tailprobe_incident_links',
		type: 'gauge',
		help: `Links that suffer from them, by the node behind their target, or by the machine of a remote vantage that cannot look; empty without one. Beyond the ${linkRowsAtMost} pairs of cause and node with most links all count as peer="${otherNodes}".`,
		labels: ['cause', 'peer'],
	},
} as const satisfies Record<string, MetricDef>;

export const incidentCollector: Collector<IncidentTally> = {
	name: 'incidents',
	metrics: Object.values(incidentMetrics),
	collect: ({causes, links}) => [
		...causes.map(({cause, incidents}) => ({
			name: incidentMetrics.incidents.name,
			labels: {cause},
			value: incidents,
		})),
		...links.map(({cause, peer, links: value}) => ({
			name: incidentMetrics.links.name,
			labels: {cause, peer},
			value,
		})),
	],
};
