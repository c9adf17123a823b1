/**
 * Writes docs/metrics.md, docs/blackbox.md, docs/config.md and docs/config.schema.json from the catalogue and the schemas, and the tables at the end of
 * each page of docs/probes, of docs/diagnosis.md and of docs/alerts.md, and the dashboards of dashboards/*.json from their source, and what the
 * chart carries along of all that (scripts/docs/chart/files.ts).
 * With --check it only compares, and fails where a file is not what it would write.
 */

import {readdir, readFile, writeFile} from 'node:fs/promises';
import {dashboardFiles} from '../dashboards/source/registry.ts';
import {probes} from '../src/probes/registry.ts';
import {type AlertRun, alertsPage} from './docs/alerts-page.ts';
import {blackboxPage} from './docs/blackbox-page.ts';
import {chartFiles} from './docs/chart/files.ts';
import {configPage, configSchema} from './docs/config-page.ts';
import {diagnosisPage, type NamedRun} from './docs/diagnosis-page.ts';
import {metricsPage} from './docs/metrics-page.ts';
import {probePage} from './docs/probe-page.ts';

const pages: Record<string, string> = {
	'docs/metrics.md': metricsPage(),
	'docs/blackbox.md': blackboxPage(),
	'docs/config.md': configPage(),
	...dashboardFiles(),
	'docs/config.schema.json': `${JSON.stringify(configSchema(), null, '\t')}\n`,
};
for (const probe of probes) {
	const path = `docs/probes/${probe.type}.md`;
	pages[path] = probePage(probe, await readFile(new URL(`../${path}`, import.meta.url), 'utf8').catch(() => ''));
}
const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8').catch(() => '');
pages['docs/diagnosis.md'] = diagnosisPage(
	await read('docs/diagnosis.md'),
	JSON.parse((await read('docs/diagnosis-runs.json')) || '[]') as NamedRun[],
);
const ruleFiles = (await readdir(new URL('../alerts/', import.meta.url))).filter(name => name.endsWith('.yaml')).sort();
const alerts = Object.fromEntries(
	await Promise.all(ruleFiles.map(async (name): Promise<[string, string]> => [name, await read(`alerts/${name}`)])),
);
pages['docs/alerts.md'] = alertsPage(
	await read('docs/alerts.md'),
	alerts,
	JSON.parse((await read('docs/alert-runs.json')) || '[]') as AlertRun[],
);
const [values, readme] = await Promise.all([read('helm/tailprobe/values.yaml'), read('helm/tailprobe/README.md')]);
Object.assign(pages, chartFiles({values, readme, alerts, dashboards: dashboardFiles()}));
const checking = process.argv.includes('--check');
const stale: string[] = [];

for (const [path, text] of Object.entries(pages)) {
	const url = new URL(`../${path}`, import.meta.url);
	if (!checking) await writeFile(url, text);
	else if ((await readFile(url, 'utf8').catch(() => '')) !== text) stale.push(path);
}
if (stale.length > 0) {
	process.stderr.write(`${stale.join(', ')}: not what the code says; run \`npm run docs\`.\n`);
	process.exitCode = 1;
}
