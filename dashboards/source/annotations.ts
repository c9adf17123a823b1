/** Marks on the time axis of every panel: pages, and incidents as the diagnosis names them. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {type AnnotationQuery, AnnotationQueryBuilder} from '@grafana/grafana-foundation-sdk/dashboard';
import {DataqueryBuilder} from '@grafana/grafana-foundation-sdk/prometheus';
import {bad, warning} from './looks.ts';
import {firing, series} from './series.ts';
import {dataSource} from './variables.ts';

export const annotations: ReadonlyArray<Builder<AnnotationQuery>> = [
	annotation(
		'Critical alerts',
		firing('severity="critical"'),
		bad,
		'{{alertname}}',
		'{{check}} {{vantage}} {{target}} {{peer}} {{pool}}',
	),
	annotation('Incidents', `max by (cause) (${series('tailprobe_incidents')}) > 0`, warning, 'incident', '{{cause}}'),
];

function annotation(name: string, expr: string, color: string, title: string, text: string): Builder<AnnotationQuery> {
	return new AnnotationQueryBuilder()
		.name(name)
		.datasource(dataSource)
		.enable(true)
		.hide(false)
		.iconColor(color)
		.target(new DataqueryBuilder().expr(expr).refId('Anno').range())
		.expr(expr)
		.step('15s')
		.titleFormat(title)
		.textFormat(text);
}
