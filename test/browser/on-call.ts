/** What somebody does who was just woken, in a real browser before the embedded lab. */

import test from 'ava';
import type {Page} from 'playwright-core';
import {type Browser, overflowOf, startBrowser, textOf} from '../helpers/browser.ts';
import {browserTest, canBrowse} from '../helpers/browser-test.ts';
import {until} from '../helpers/until.ts';
import {type WatchedLab, watchLab} from '../helpers/watched-lab.ts';

let watched: WatchedLab;
let browser: Browser;

if (canBrowse) {
	test.before(async t => {
		t.timeout(120_000);
		watched = await watchLab();
		browser = await startBrowser(() => watched.daemon.url);
	});
	test.afterEach.always(async t => {
		t.timeout(120_000);
		await watched.healAll();
	});
	test.after.always(async () => {
		await browser?.close();
		await watched?.stop();
	});
}

/** Until something that the lab does is on the page. */
const soon = {timeout: 30_000};

const incident = (page: Page, title: RegExp) => page.getByRole('heading', {level: 3, name: title});

/** Waits until the page has asked for itself and shows what came. */
async function refreshed(page: Page): Promise<void> {
	const clock = page.locator('main time').first();
	const before = await textOf(clock);
	await until(async () => (await textOf(clock)) !== before);
}

browserTest(
	'a service that dies appears by itself, is opened, explained, probed from elsewhere, asked afresh, and closes when it is back',
	async t => {
		const page = await browser.open(watched.daemon.url);
		await page.evaluate('window.isTheSame = true');
		t.is(await page.getByRole('region', {name: 'Incidents'}).count(), 0);

		await watched.lab.break('livekit-down');
		await incident(page, /The service does not listen/).waitFor(soon);
		await page
			.getByRole('region', {name: /^Incidents/})
			.getByText(/livekit refuses connections to port \d+, while its tunnel is up/)
			.waitFor(soon);
		t.true(await page.evaluate<boolean>('window.isTheSame'), 'the page was not loaded anew');
		t.regex(await page.title(), /down/);

		await page
			.getByRole('link', {name: /ladder and history of/})
			.first()
			.click();
		await page.getByRole('heading', {level: 1, name: /down .* livekit from /}).waitFor(soon);
		t.true(await incident(page, /The service does not listen/).isVisible());
		const ladder = page.getByRole('region', {name: /^Ladder/}).getByRole('listitem');
		t.true((await ladder.filter({hasText: /^\s*holds\s*tunnel/}).count()) > 0);
		t.regex(await textOf(ladder.filter({hasText: /^\s*broken/}).first()), /connection.*refused/s);
		t.regex(await textOf(page.getByRole('textbox', {name: /Whether a program listens/}).first()), /ss -ltnp/);

		await page.getByRole('combobox', {name: 'from'}).selectOption('june-gpu-00000002');
		await page.getByRole('combobox', {name: /as the check/}).selectOption('audio');
		await page.getByRole('button', {name: 'Probe now'}).click();
		await page.getByRole('heading', {level: 1, name: /down .*livekit.* from june-gpu-00000002/}).waitFor(soon);
		const phases = page.getByRole('region', {name: 'Phases'});
		t.regex(await textOf(phases), /resolve.*connect/s);
		t.regex(await textOf(page.getByRole('main')), /refused/);

		await page.goBack();
		await page.getByRole('button', {name: 'Ask afresh'}).click();
		await page
			.getByText(/^Asked afresh at /)
			.first()
			.waitFor(soon);
		t.true(await incident(page, /The service does not listen/).isVisible());

		await page.getByRole('link', {name: 'tailprobe', exact: true}).click();
		await incident(page, /The service does not listen/).waitFor(soon);
		await watched.lab.heal();
		await incident(page, /The service does not listen/).waitFor({...soon, state: 'detached'});
		t.is(await page.getByRole('region', {name: /^Incidents/}).count(), 0);
		await page.close();
	},
);

browserTest('a headscale that froze shows how old its lists are, not that there is nothing', async t => {
	const page = await browser.open(watched.daemon.url);
	const nodes = page.getByRole('region', {name: /^Nodes/}).first();
	t.regex(await textOf(nodes), /livekit/);

	await watched.lab.break('headscale-frozen');
	const frozen = page
		.getByRole('listitem')
		.filter({has: incident(page, /headscale/)})
		.first();
	await frozen.waitFor(soon);

	t.regex(await textOf(frozen), /headscale/);
	t.regex(await textOf(frozen), /last read/);
	t.regex(await textOf(nodes), /livekit/, 'what was known stays');
	t.is(
		await page
			.getByRole('region', {name: /^Checks/})
			.first()
			.getByRole('link', {name: 'down'})
			.count(),
		0,
	);
	await page.close();
});

browserTest('by the keyboard alone one gets to the cause, its details and the form, and keeps the place', async t => {
	await watched.lab.break('livekit-down');
	const page = await browser.open(watched.daemon.url);
	await incident(page, /The service does not listen/).waitFor(soon);
	// Of regions that only scroll their id, as all of a table is their text.
	const focused = () =>
		page.evaluate<string>(`(() => {
			const {activeElement: at} = document;
			const isNamedByText = at?.matches('a, summary, button, code');
			return isNamedByText ? at.textContent.trim() : (at?.getAttribute('name') ?? at?.id ?? '');
		})()`);
	const seen: string[] = [];
	const tabTo = async (wanted: RegExp) => {
		for (let presses = 0; presses < 150; presses++) {
			await page.keyboard.press('Tab');
			const here = await focused();
			seen.push(here);
			if (wanted.test(here)) return;
		}
		t.fail(`the keyboard does not lead to ${wanted}, only to ${[...new Set(seen)].join(' | ')}`);
	};

	await tabTo(/^Skip to the checks$/);
	await tabTo(/^ss -ltnp/);
	await tabTo(/^\d+ checks? down.* for it$/);
	await tabTo(/^What was seen, and what to try next$/);
	await page.keyboard.press('Enter');
	await page.getByText(/nothing listens on that port/).waitFor(soon);
	await refreshed(page);
	await refreshed(page);

	t.is(await focused(), 'What was seen, and what to try next', 'a refresh leaves the focus where it was');
	t.true(await page.getByText(/nothing listens on that port/).isVisible(), 'and what was opened open');
	await tabTo(/^ladder and history of/);
	await tabTo(/^target$/);
	await page.keyboard.type('livekit');
	await tabTo(/^check$/);
	await page.keyboard.type('audio');
	await tabTo(/^from$/);
	await tabTo(/^Probe now$/);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', {level: 1, name: /down .*livekit/}).waitFor(soon);
	t.pass();
	await page.close();
});

browserTest('on a phone no page is wider than the screen, in the dark all of it can be read', async t => {
	await watched.lab.break('livekit-down');
	const {url} = watched.daemon;
	const page = await browser.open(url, {width: 360, colorScheme: 'dark'});
	await incident(page, /The service does not listen/).waitFor(soon);
	const check = await page
		.getByRole('link', {name: /ladder and history of/})
		.first()
		.getAttribute('href');

	for (const path of ['', check ?? '', 'nodes/livekit', './?all=checks', 'checks/none']) {
		await page.goto(new URL(path, url).href);
		await page.getByRole('heading', {level: 1}).waitFor(soon);

		t.is(await overflowOf(page), 0, path);
		const [text, ground] = await page.evaluate<[string, string]>(
			`[getComputedStyle(document.querySelector('h1')).color, getComputedStyle(document.body).backgroundColor]`,
		);
		t.true(brightness(ground) < 60, `dark: the ground of ${path || '/'} is ${ground}`);
		t.true(brightness(text) > 150, `dark: the text of ${path || '/'} is ${text}`);
	}
	await page.emulateMedia({colorScheme: 'light'});
	const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
	t.true(brightness(ground) > 200, `light: ${ground}`);
	await page.close();
});

browserTest('all the while nothing was asked of anybody else, and nothing was forbidden or went wrong', t => {
	// Pages of what there is not are 404 on purpose.
	const offences = browser.offences().filter(told => !told.includes('404'));

	t.deepEqual(offences, []);
});

/** Of a colour as browsers write it, 0 to 255. */
function brightness(colour: string): number {
	const parts = [...colour.matchAll(/[\d.]+/g)].slice(0, 3).map(([part]) => Number(part));
	return parts.reduce((sum, part) => sum + part, 0) / 3;
}
