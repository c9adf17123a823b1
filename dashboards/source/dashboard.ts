/** A dashboard from its rows: what all five have in common, the places of the panels and their ids. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {
	type Dashboard,
	DashboardBuilder,
	DashboardCursorSync,
	type Panel,
	RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {annotations} from './annotations.ts';
import {dashboardLinks} from './links.ts';
import {addressVariables, commonVariables, type Variable} from './variables.ts';

export interface DashboardSpec {
	/** Fixed for ever: alerts lead to it. */
	uid: `tailprobe-${string}`;
	title: string;
	description: string;
	/** Besides those that every dashboard has. */
	variables: readonly Variable[];
	rows: readonly Row[];
	/** The time that is shown at first, such as `now-6h`. */
	from?: string;
}

/** Panels under a head; they stand from left to right, and go on in the next line where the 24 columns end. */
export interface Row {
	title: string;
	panels: ReadonlyArray<Builder<Panel>>;
}

/** Classic JSON of a dashboard, as Grafana imports it. The same specification always gives the same. */
export function dashboard(spec: DashboardSpec): Dashboard {
	const builder = new DashboardBuilder(`tailprobe / ${spec.title}`)
		.uid(spec.uid)
		.description(spec.description)
		.tags(['tailprobe'])
		.timezone('browser')
		.readonly()
		.tooltip(DashboardCursorSync.Crosshair)
		.time({from: spec.from ?? 'now-3h', to: 'now'})
		.refresh('30s')
		.variables([...commonVariables, ...spec.variables, ...addressVariables])
		.links([...dashboardLinks])
		.annotations([...annotations]);
	let id = 0;
	for (const row of spec.rows) {
		id += 1;
		builder.withRow(new RowBuilder(row.title).id(id));
		for (const panel of row.panels) {
			id += 1;
			const numbered: Panel = {...panel.build(), id};
			builder.withPanel({build: () => numbered});
		}
	}
	return withPlainPlaces(builder.build());
}

/** Links and marks stand at the head: the SDK would put them all into a menu that only the newest Grafana has. */
function withPlainPlaces(built: Dashboard): Dashboard {
	const links = (built.links ?? []).map(({placement: _, ...link}) => link);
	const list = (built.annotations?.list ?? []).map(({placement: _, ...annotation}) => annotation);
	return {...built, links, annotations: {...built.annotations, list}};
}
