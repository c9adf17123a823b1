import {readdir, readFile} from 'node:fs/promises';
import test from 'ava';
import {dashboardFiles, dashboards} from '../../dashboards/source/registry.ts';
import {panelsOf} from '../helpers/dashboard-queries.ts';

const root = new URL('../../', import.meta.url);

test('The files of dashboards/ are what the code says, and there are no others', async t => {
	const files = Object.entries(dashboardFiles());

	for (const [path, text] of files)
		t.is(await readFile(new URL(path, root), 'utf8'), text, `${path}: run npm run docs`);
	const found = (await readdir(new URL('dashboards/', root))).filter(name => name !== 'source').sort();
	t.deepEqual(found, files.map(([path]) => path.replace('dashboards/', '')).sort());
});

test('The addresses of the dashboards stay as alerts know them', t => {
	t.deepEqual(
		dashboards.map(({uid}) => uid),
		['tailprobe-overview', 'tailprobe-tunnels', 'tailprobe-gpu', 'tailprobe-services', 'tailprobe-itself'],
	);
});

for (const dashboard of dashboards) {
	test(`${dashboard.title} is Classic JSON that is installed as it is, and that nobody edits in Grafana`, t => {
		t.true((dashboard.schemaVersion ?? 0) <= 42);
		t.false('__inputs' in dashboard);
		t.false(dashboard.editable);
		t.is(dashboard.id ?? null, null);
		t.deepEqual(dashboard.tags, ['tailprobe']);
		t.not(dashboard.description ?? '', '');
	});

	test(`${dashboard.title} has each id and each title of a panel once`, t => {
		const ids = (dashboard.panels ?? []).map(({id}) => id);
		const titles = panelsOf(dashboard).map(({title}) => title);

		t.is(new Set(ids).size, ids.length);
		t.deepEqual(
			titles.filter((title, index) => titles.indexOf(title) !== index),
			[],
		);
	});

	test(`${dashboard.title} leaves no hole between its panels`, t => {
		const panels = (dashboard.panels ?? []).map(({type, gridPos}) => ({
			type,
			...(gridPos ?? {x: 0, y: 0, w: 0, h: 0}),
		}));
		const end = Math.max(...panels.map(({y, h}) => y + h));

		for (let y = 0; y < end; y++) {
			const covered = panels.filter(each => each.y <= y && y < each.y + each.h).reduce((sum, {w}) => sum + w, 0);
			t.is(covered, 24, `line ${y}`);
		}
	});

	test(`${dashboard.title} has no two panels in one place, and none beyond the 24 columns`, t => {
		const places = (dashboard.panels ?? []).map(({title, gridPos}) => ({
			title,
			...(gridPos ?? {x: 0, y: 0, w: 0, h: 0}),
		}));

		for (const [index, one] of places.entries()) {
			t.true(one.w > 0 && one.h > 0 && one.x + one.w <= 24, `${one.title} at ${one.x}, ${one.w} wide`);
			for (const other of places.slice(index + 1)) {
				const isApart =
					one.x + one.w <= other.x ||
					other.x + other.w <= one.x ||
					one.y + one.h <= other.y ||
					other.y + other.h <= one.y;
				t.true(isApart, `${one.title} and ${other.title} overlap`);
			}
		}
	});
}
