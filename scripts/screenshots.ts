/**
 * Makes docs/images anew: the page in health and under three faults, as a real Chromium shows it before the embedded lab. Run by hand
 * after the page changed: `node scripts/screenshots.ts`. It takes three minutes, as the last hour should show something.
 */

import {mkdirSync, writeFileSync} from 'node:fs';
import {startDaemon} from '../src/daemon.ts';
import {startLab} from '../src/lab/lab.ts';
import {createLog} from '../src/util/log.ts';
import {lacksBrowser, startBrowser} from '../test/helpers/browser.ts';
import {until} from '../test/helpers/until.ts';
import {toPalettePng} from './palette-png.ts';

interface Shot {
	name: string;
	fault?: string;
	/** Relative to the status page. */
	path: string;
	/** What must be on the page. */
	shows: RegExp;
	/** Pixels. */
	height: number;
}

const shots: readonly Shot[] = [
	{name: 'health', path: '', shows: /^tailprobe\s/, height: 1000},
	{
		name: 'tunnel-down',
		fault: 'gpu2-dead-but-online',
		path: 'checks/tunnel%2Fcluster%2Fjune-gpu-00000002',
		shows: /does not answer|silent|froze|frozen/i,
		height: 1000,
	},
	{name: 'service-down', fault: 'livekit-down', path: '', shows: /does not listen/, height: 1000},
	{name: 'headscale-frozen', fault: 'headscale-frozen', path: '', shows: /headscale/, height: 1000},
];

const folder = new URL('../docs/images/', import.meta.url);
const bytesAtMost = 120_000;
const historyMs = 90_000;

if (lacksBrowser !== undefined) throw new Error(lacksBrowser);
const lab = await startLab({quiet: true, ports: 'preferred'});
const daemon = await startDaemon({
	configText: lab.config,
	allowLoopback: true,
	listen: {host: '127.0.0.1', port: 0},
	log: createLog({level: 'error', format: 'text'}),
});
const browser = await startBrowser(() => daemon.url);
const isUp = () => {
	const checks = daemon.view.checks();
	return checks.some(({check}) => check.type === 'gpu') && checks.every(({verdict}) => verdict === 'up');
};

try {
	mkdirSync(folder, {recursive: true});
	await until(isUp, 60_000);
	await new Promise(resolve => setTimeout(resolve, historyMs));
	for (const shot of shots) await take(shot);
} finally {
	await browser.close();
	await daemon.stop();
	await lab.stop();
}

async function take({name, fault, path, shows, height}: Shot): Promise<void> {
	await until(isUp, 60_000);
	if (fault !== undefined) await lab.break(fault);
	const page = await browser.open(new URL(path, daemon.url).href);
	await page.setViewportSize({width: 1280, height});
	// The page asks for itself again; until then it may still be well.
	await page.getByRole('heading', {name: shows}).first().waitFor({timeout: 40_000});
	if (fault !== undefined) await new Promise(resolve => setTimeout(resolve, 15_000));
	const png = toPalettePng(await page.screenshot());
	await page.close();
	await lab.heal();
	if (png.length > bytesAtMost) throw new Error(`${name}.png has ${png.length} bytes, more than ${bytesAtMost}`);
	writeFileSync(new URL(`${name}.png`, folder), png);
	console.log(`${name}.png: ${png.length} bytes`);
}
