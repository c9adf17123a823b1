/** A tailnet of a thousand nodes with ten targets each, in a real browser. */

import test from 'ava';
import {createApp, startServer} from '../../src/server/app.ts';
import type {CheckView} from '../../src/server/types.ts';
import {type Browser, overflowOf, startBrowser, textOf} from '../helpers/browser.ts';
import {browserTest, canBrowse} from '../helpers/browser-test.ts';
import {aNode, aNodeView, fakeDaemon} from '../helpers/fake-daemon.ts';
import {downView, view} from '../helpers/status-page.ts';

let url = '';
let close = async () => {};
let browser: Browser;

const names = Array.from({length: 1000}, (_, at) => `gpu-${String(at).padStart(4, '0')}`);
const kinds = ['tunnel', 'tts', 'stt', 'ssh', 'metrics', 'dns', 'http', 'ws', 'tls', 'gpu'];
const lost = 'gpu-0777';

function everyCheck(): CheckView[] {
	const now = Date.now();
	return names.flatMap(name =>
		kinds.map(kind => {
			const made = name === lost ? downView(kind, name, now - 60_000) : view(kind, name);
			return {...made, check: {...made.check, target: {...made.check.target, peer: name}}};
		}),
	);
}

if (canBrowse) {
	test.before(async () => {
		const checks = everyCheck();
		const nodes = names.map((name, at) => aNodeView({node: aNode({id: String(at + 1), name})}));
		const app = createApp(fakeDaemon({checks: () => checks, nodes: () => nodes}), {
			listenHost: '127.0.0.1',
			log: () => {},
		});
		const server = await startServer(app, {host: '127.0.0.1', port: 0});
		close = () => server.close();
		url = server.url;
		browser = await startBrowser(() => url);
	});
	test.after.always(async () => {
		await browser?.close();
		await close();
	});
}

browserTest('what is broken stands first, and the page stays small', async t => {
	const page = await browser.open(url);

	const first = await textOf(page.getByRole('region', {name: /^Incidents/}));
	t.true(first.includes(lost));
	t.is(await overflowOf(page), 0);
	const elements = await page.evaluate<number>(`document.querySelectorAll('*').length`);
	t.true(elements < 15_000, `${elements} elements`);
	await page.close();
});

browserTest('the filter finds one node among the thousand, and the rest is left out', async t => {
	const page = await browser.open(url);

	await page.getByRole('searchbox').fill('gpu-0421');
	await page.getByRole('button', {name: 'Filter'}).click();
	const node = page.getByRole('link', {name: 'gpu-0421'}).first();
	await node.waitFor();

	t.false((await textOf(page.getByRole('region', {name: /^Checks/}).first())).includes('gpu-0420'));
	await node.click();
	await page.getByRole('heading', {level: 1, name: /gpu-0421/}).waitFor();
	t.is(
		await page
			.getByRole('region', {name: /^Checks of it/})
			.first()
			.getByRole('row')
			.count(),
		kinds.length + 1,
	);
	await page.close();
});

browserTest('nothing was asked of anybody else, and nothing was forbidden or went wrong', t => {
	t.deepEqual(browser.offences(), []);
});
