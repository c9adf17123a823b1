/** Where panels lead: to the status page, to the runbooks, to the other dashboards. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {type DashboardLink, DashboardLinkBuilder, DashboardLinkType} from '@grafana/grafana-foundation-sdk/dashboard';

export type Link = Builder<DashboardLink>;

/** Where a link takes what it needs from: the columns of a table, or the labels of a line. */
export type From = 'columns' | 'labels';

/** All dashboards of tailprobe as links at the head, which keep the time and the choices. */
export const dashboardLinks: readonly Link[] = [
	new DashboardLinkBuilder('tailprobe')
		.type(DashboardLinkType.Dashboards)
		.tags(['tailprobe'])
		.asDropdown(false)
		.includeVars(true)
		.keepTime(true),
	new DashboardLinkBuilder('Status page')
		.type(DashboardLinkType.Link)
		.url(`\${page}/`)
		.icon('external link')
		.tooltip('What tailprobe shows itself, with the diagnosis of every link')
		.targetBlank(true),
];

/** A link of a value or panel. */
export function link(title: string, url: string, inNewTab = true): Link {
	return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(inNewTab);
}

/** The status page of one link, which has the labels check, vantage and target. */
export function checkPage(from: From): Link {
	const part = (name: string) => label(from, name);
	return link('Status page of this link', `\${page}/checks/${part('check')}%2F${part('vantage')}%2F${part('target')}`);
}

/** The status page of one node, named by the label `name`. */
export function nodePage(from: From, name = 'peer'): Link {
	return link('Status page of this node', `\${page}/nodes/${label(from, name)}`);
}

/** Another dashboard with one of its variables set from a label. */
export function dashboardPage(title: string, uid: string, variable: string, from: From, name = variable): Link {
	return link(
		title,
		`/d/${uid}?\${__url_time_range}&\${datasource:queryparam}&var-${variable}=${label(from, name)}`,
		false,
	);
}

/** The runbook of one alert. */
export function runbook(alert: string): Link {
	return link(`Runbook ${alert}`, `\${runbooks}/${runbookFile(alert)}`);
}

/** The name of an alert's file in docs/runbooks. */
export function runbookFile(alert: string): string {
	return `${alert.toLowerCase()}.md`;
}

function label(from: From, name: string): string {
	return from === 'columns' ? `\${__data.fields.${name}:percentencode}` : `\${__field.labels.${name}:percentencode}`;
}
