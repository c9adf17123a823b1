/** Everything of helm/tailprobe that is made of something else: what a chart carries along, because helm sees no file outside of it. */

import {chartReadme} from './readme.ts';
import {chartSchema} from './schema.ts';

/** What the files are made of. */
export interface ChartSources {
	/** values.yaml. */
	values: string;
	/** README.md as it is. */
	readme: string;
	/** The files of rules, by name. */
	alerts: Readonly<Record<string, string>>;
	/** The dashboards as `dashboardFiles` has them, by path. */
	dashboards: Readonly<Record<string, string>>;
}

/** The files by path. */
export function chartFiles({values, readme, alerts, dashboards}: ChartSources): Record<string, string> {
	const named = (path: string) => path.slice(path.lastIndexOf('/') + 1);
	return {
		[`${chart}/values.schema.json`]: `${JSON.stringify(chartSchema(values))}\n`,
		[`${chart}/README.md`]: chartReadme(readme, values),
		[`${chart}/files/defaults.yaml`]: values,
		...Object.fromEntries(Object.entries(alerts).map(([name, text]) => [`${chart}/files/alerts/${name}`, text])),
		...Object.fromEntries(
			Object.entries(dashboards)
				.filter(([path]) => path.endsWith('.json'))
				.map(([path, text]) => [`${chart}/files/dashboards/${named(path)}`, `${JSON.stringify(JSON.parse(text))}\n`]),
		),
	};
}

const chart = 'helm/tailprobe';
