/**
 * Draws the dashboards for docs/images/dashboards from what a real Prometheus answers to their queries, as a picture that says so:
 * `node scripts/draw-dashboards.ts PROMETHEUS_URL FOLDER [MINUTES]`. It shows the last minutes, 15 unless told otherwise.
 */

import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {lacksBrowser, startBrowser} from '../test/helpers/browser.ts';
import {type DashboardJson, fillVariables} from './draw/dashboard-json.ts';
import {drawPage} from './draw/page.ts';
import {ask, type Series, type Window} from './draw/prometheus.ts';
import {toPalettePng} from './palette-png.ts';

const [server, folder, minutes = '15'] = process.argv.slice(2);
if (server === undefined || folder === undefined || !(Number(minutes) >= 1))
	throw new Error('usage: node scripts/draw-dashboards.ts PROMETHEUS_URL FOLDER [MINUTES]');
if (lacksBrowser !== undefined) throw new Error(lacksBrowser);

const stepSeconds = 15;
const source = new URL('../dashboards/', import.meta.url);
const end = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds;
const window: Window = {start: end - Number(minutes) * 60, end, step: stepSeconds};

mkdirSync(folder, {recursive: true});
const browser = await startBrowser(() => 'http://127.0.0.1/');
try {
	for (const file of readdirSync(source).filter(name => name.endsWith('.json'))) {
		const dashboard: DashboardJson = JSON.parse(readFileSync(new URL(file, source), 'utf8'));
		const {page, height} = drawPage(dashboard, await askAll(dashboard, server), window);
		const tab = await browser.open('about:blank', {width: 1400, colorScheme: 'dark'});
		await tab.setViewportSize({width: 1400, height});
		await tab.setContent(page);
		const png = toPalettePng(await tab.screenshot());
		await tab.close();
		const picture = join(folder, file.replace(/\.json$/, '.png'));
		writeFileSync(picture, png);
		console.log(`${picture}: ${png.length} bytes`);
	}
} finally {
	await browser.close();
}

async function askAll(dashboard: DashboardJson, prometheus: string) {
	const seconds = {step: window.step, range: window.end - window.start};
	const answers = new Map<number, Map<string, Series[]>>();
	for (const [at, panel] of dashboard.panels.entries()) {
		const ofPanel = new Map<string, Series[]>();
		for (const {refId, expr, instant = false} of panel.targets ?? []) {
			const filled = fillVariables(expr, dashboard.templating.list, seconds);
			ofPanel.set(refId, await ask(prometheus, filled, window, instant));
		}
		answers.set(at, ofPanel);
	}
	return answers;
}
