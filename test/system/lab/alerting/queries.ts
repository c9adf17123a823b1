/** What dashboards and rules ask Prometheus: the queries of panels as a viewer sends them, and the series that rules start from. */

import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parser} from '@prometheus-io/lezer-promql';
import {readRules} from '../../../helpers/alert-cases.ts';

/** A query of a panel. */
export interface PanelQuery {
	/** The dashboard. */
	uid: string;
	/** The panel's title. */
	panel: string;
	refId: string;
	/** With its variables. */
	expr: string;
	/** What each variable is while all of its values are chosen. */
	all: Readonly<Record<string, string>>;
}

const directory = fileURLToPath(new URL('../../../../dashboards/', import.meta.url));

interface Panel {
	title?: string;
	targets?: ReadonlyArray<{refId: string; expr?: string}>;
	panels?: readonly Panel[];
}

interface DashboardFile {
	uid: string;
	panels: readonly Panel[];
	templating: {list: ReadonlyArray<{name: string; allValue?: string; query?: string}>};
}

/** Every query of every panel of dashboards/. */
export function panelQueries(): PanelQuery[] {
	return readdirSync(directory)
		.filter(name => name.endsWith('.json'))
		.sort()
		.flatMap(name => {
			const {uid, panels, templating} = JSON.parse(readFileSync(join(directory, name), 'utf8')) as DashboardFile;
			const all = Object.fromEntries(templating.list.map(({name, allValue}) => [name, allValue ?? '.*']));
			return panels
				.flatMap(panel => [panel, ...(panel.panels ?? [])])
				.flatMap(({title = '', targets = []}) =>
					targets.flatMap(({refId, expr}) => (expr === undefined ? [] : [{uid, panel: title, refId, expr, all}])),
				);
		});
}

/** The query as Prometheus gets it while everything is chosen, but for the variables given. */
export function filledIn({expr, all}: PanelQuery, given: Readonly<Record<string, string>> = {}): string {
	const fixed: Readonly<Record<string, string>> = {
		...all,
		...{__rate_interval: '1m', __interval: '15s', __range: '5m', __range_s: '300'},
		...given,
	};
	return expr.replaceAll(/\$\{?(\w+)(?::\w+)?\}?/g, (whole, name: string) => fixed[name] ?? whole);
}

/** Every selector of metrics in the expressions of these rule files, each once, in order. */
export function ruleSelectors(files: readonly string[]): string[] {
	const found = files.flatMap(file => readRules(file)).flatMap(({expr}) => selectorsIn(expr));
	return [...new Set(found)].sort();
}

function selectorsIn(expr: string): string[] {
	const selectors: string[] = [];
	parser.parse(expr).iterate({
		enter: ({name, from, to}) => {
			if (name === 'VectorSelector') selectors.push(expr.slice(from, to));
		},
	});
	return selectors;
}
