/** What a viewer chooses at the head of a dashboard. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {DataSourceRef} from '@grafana/grafana-foundation-sdk/common';
import {
	DatasourceVariableBuilder,
	QueryVariableBuilder,
	TextBoxVariableBuilder,
	VariableHide,
	type VariableModel,
	VariableRefresh,
	VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {series} from './series.ts';

export type Variable = Builder<VariableModel>;

/** The data source that was chosen, for panels and queries. */
export const dataSource: DataSourceRef = {type: 'prometheus', uid: `\${datasource}`};

/** Those that every dashboard has, in front of its own. */
export const commonVariables: readonly Variable[] = [
	new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
	choice('cluster', 'Cluster', 'label_values(tailprobe_build_info, cluster)', '.*'),
	choice('job', 'Job', 'label_values(tailprobe_build_info{cluster=~"$cluster"}, job)', '.+'),
	choice(
		'instance',
		'Instance',
		'label_values(tailprobe_build_info{cluster=~"$cluster", job=~"$job"}, instance)',
		'.+',
	),
];

/** Where links lead: the base address of tailprobe's status page, and of the runbooks. Hidden; set by the URL or when the file is installed. */
export const addressVariables: readonly Variable[] = [
	address('page', 'Status page', 'https://tailprobe.example.com'),
	address('runbooks', 'Runbooks', 'https://runbooks.example.com/tailprobe'),
];

/** From where something was looked at. */
export function vantageVariable(metric: string): Variable {
	return labelVariable('vantage', 'Vantage', metric);
}

/**
 * A choice of several values of the label `name` of a metric.
 * @param mayBeEmpty Series without a value of the label are shown too while all are chosen.
 */
export function labelVariable(name: string, label: string, metric: string, mayBeEmpty = false): Variable {
	return choice(name, label, `label_values(${series(metric)}, ${name})`, mayBeEmpty ? '.*' : '.+');
}

/** The matcher for the label of a variable that `labelVariable` made. */
export function chosen(name: string): string {
	return `${name}=~"$${name}"`;
}

function choice(name: string, label: string, query: string, allValue: string): Variable {
	return new QueryVariableBuilder(name)
		.label(label)
		.datasource(dataSource)
		.query(query)
		.definition(query)
		.refresh(VariableRefresh.OnTimeRangeChanged)
		.sort(VariableSort.NaturalAsc)
		.multi(true)
		.includeAll(true)
		.allValue(allValue)
		.current({selected: true, text: ['All'], value: ['$__all']});
}

function address(name: string, label: string, url: string): Variable {
	return new TextBoxVariableBuilder(name)
		.label(label)
		.hide(VariableHide.HideVariable)
		.defaultValue(url)
		.current({selected: true, text: url, value: url});
}
