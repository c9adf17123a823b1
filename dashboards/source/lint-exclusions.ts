/** Where the dashboards differ from what Grafana's dashboard-linter wants, and why; in its own notation, for whoever runs it. */

import type {Dashboard, Panel, RowPanel} from '@grafana/grafana-foundation-sdk/dashboard';
import {stringify} from 'yaml';

export interface LintExclusion {
	rule: string;
	/** Series that are let off. */
	series: RegExp;
	reason: string;
}

/** Every exclusion there is: rules of the linter that a query may break by reading such series. */
export const exclusions: readonly LintExclusion[] = [
	{
		rule: 'target-instance-rule',
		series: /^(?:ALERTS|ALERTS_FOR_STATE|\w+:\w+:\w+)$/,
		reason: 'What rules record and alerts that fire are of all replicas together: they have no label instance.',
	},
	{
		rule: 'target-job-rule',
		series: /^(?:ALERTS|ALERTS_FOR_STATE)$/,
		reason:
			'An alert about a job that was never there has no label job, and must be shown all the same: the matcher lets the chosen jobs and none through.',
	},
];

/** The text of the file .lint for these dashboards: an entry for each query that reads such series. */
export function lintExclusions(dashboards: readonly Dashboard[]): string {
	const list = exclusions.map(({rule, series, reason}) => {
		const entries = dashboards.flatMap(dashboard =>
			(dashboard.panels ?? []).flatMap(panel =>
				expressions(panel).flatMap((expr, index) =>
					names(expr).some(name => series.test(name))
						? [{dashboard: dashboard.title, panel: panel.title, targetidx: String(index), reason}]
						: [],
				),
			),
		);
		return [rule, {reason, entries}];
	});
	return `# Written by \`npm run docs\`. Do not edit.\n${stringify({exclusions: Object.fromEntries(list)}, {lineWidth: 0})}`;
}

function expressions(panel: Panel | RowPanel): string[] {
	if (!('targets' in panel)) return [];
	return (panel.targets ?? []).map(target => ('expr' in target && typeof target.expr === 'string' ? target.expr : ''));
}

/** Names before a brace: all series here have matchers. */
function names(expr: string): string[] {
	return [...expr.matchAll(/([\w:]+)\{/g)].map(([, name]) => name ?? '');
}
