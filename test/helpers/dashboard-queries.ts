/** Every query of a dashboard as it stands in its JSON, and as Grafana would send it. */

import type {Dashboard, Panel, RowPanel} from '@grafana/grafana-foundation-sdk/dashboard';
import {z} from 'zod';

export interface DashboardQuery {
	uid: string;
	/** Title of the panel, or of the annotation or variable. */
	panel: string;
	refId: string;
	expr: string;
	/** Asked for one moment instead of for the time range. */
	isInstant: boolean;
}

const target = z.object({expr: z.string(), refId: z.string(), instant: z.boolean(), range: z.boolean()});

/** Panels of a dashboard without the heads of rows. */
export function panelsOf(dashboard: Dashboard): Panel[] {
	return (dashboard.panels ?? []).flatMap(panel => (isRow(panel) ? panel.panels : [panel]));
}

/** Queries of all panels. */
export function queriesOf(dashboard: Dashboard): DashboardQuery[] {
	return panelsOf(dashboard).flatMap(panel =>
		(panel.targets ?? []).map(each => {
			const {expr, refId, instant} = target.parse(each);
			return {uid: dashboard.uid ?? '', panel: panel.title ?? '', refId, expr, isInstant: instant};
		}),
	);
}

/** A query as Grafana sends it while all of every variable is chosen. `seconds` is the length of the time range. */
export function interpolated(expr: string, dashboard: Dashboard, seconds: number, rateInterval = '1m'): string {
	const variables = Object.fromEntries(
		(dashboard.templating?.list ?? []).map(({name, allValue, query}) => [name, allValue ?? String(query)]),
	);
	const values: Record<string, string> = {
		...variables,
		__rate_interval: rateInterval,
		__interval: '15s',
		__range: `${seconds}s`,
		__range_s: String(seconds),
	};
	return expr.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, plain: string | undefined) => {
		const value = values[braced ?? plain ?? ''];
		if (value === undefined) throw new Error(`${whole} in ${expr} is no variable of ${dashboard.uid}`);
		return value;
	});
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
	return panel.type === 'row';
}
