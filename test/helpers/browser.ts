/** A real Chromium that looks at the page, and hears what it should not do. */

import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type BrowserContext, chromium, type Locator, type Page} from 'playwright-core';

const executablePath = '/usr/bin/chromium';
/** Why there is no browser, as a sentence; undefined where there is one. */
export const lacksBrowser = existsSync(executablePath)
	? undefined
	: `There is no ${executablePath}, so the page is not tried in a browser: install the package chromium.`;

export interface Browser {
	/** Opens a page there and waits until it stands. Its height is 900. */
	open(url: string, options?: {width?: number; colorScheme?: 'light' | 'dark'}): Promise<Page>;
	/** Everything that the pages did and should not: requests to another place, errors, what their policy forbids. */
	offences(): readonly string[];
	close(): Promise<void>;
}

/** Starts one with a profile of its own. `origin`: the only place that pages may ask; it may be told when it is known. */
export async function startBrowser(origin: () => string): Promise<Browser> {
	const profile = mkdtempSync(join(tmpdir(), 'tailprobe-browser-'));
	const context: BrowserContext = await chromium.launchPersistentContext(profile, {
		executablePath,
		headless: true,
		args: [
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
		],
	});
	const offences: string[] = [];
	context.on('request', request => {
		const url = request.url();
		if (!url.startsWith('data:') && new URL(url).origin !== new URL(origin()).origin) offences.push(`asked for ${url}`);
	});
	// What the policy forbids is an error of the console too.
	context.on('console', message => {
		if (['error', 'warning'].includes(message.type())) offences.push(`${message.type()}: ${message.text()}`);
	});
	context.on('weberror', error => offences.push(`threw ${error.error().message}`));
	return {
		async open(url, {width = 1280, colorScheme = 'light'} = {}) {
			const page = await context.newPage();
			await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
			await page.setViewportSize({width, height: 900});
			await page.goto(url, {waitUntil: 'load'});
			return page;
		},
		offences: () => offences,
		async close() {
			await context.close();
			rmSync(profile, {recursive: true, force: true});
		},
	};
}

/** By how many pixels the whole page can be scrolled sideways. */
export function overflowOf(page: Page): Promise<number> {
	return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** All text in there, also what is folded away. */
export async function textOf(place: Locator): Promise<string> {
	return (await place.textContent()) ?? '';
}
