/** Queries of panels: over time, now, and now as rows of a table. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {type Dataquery, DataqueryBuilder, PromQueryFormat} from '@grafana/grafana-foundation-sdk/prometheus';
import {dataSource} from './variables.ts';

export type Target = Builder<Dataquery>;

/** A query over the time range; `legend` may hold `{{label}}`. */
export function overTime(expr: string, legend: string, refId = 'A'): Target {
	return base(expr, refId).range().legendFormat(legend);
}

/** A query for the end of the time range. */
export function now(expr: string, legend: string, refId = 'A'): Target {
	return base(expr, refId).instant().legendFormat(legend);
}

/** A query for the end of the time range whose labels become columns; its value is the column `Value`, or `Value #B` with several queries. */
export function rows(expr: string, refId = 'A'): Target {
	return base(expr, refId).instant().format(PromQueryFormat.Table);
}

/** Buckets of a classic histogram over the time range, for a heatmap: `expr` keeps the label le. */
export function buckets(expr: string, refId = 'A'): Target {
	return base(expr, refId).range().format(PromQueryFormat.Heatmap).legendFormat('{{le}}');
}

function base(expr: string, refId: string): DataqueryBuilder {
	return new DataqueryBuilder().datasource(dataSource).expr(expr).refId(refId);
}
