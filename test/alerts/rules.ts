/** Every alert under promtool: it fires when it should, not before, resolves, and is silent where there is nothing; each under every way of scraping. */

import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';
import {inventoryNames} from '../../src/collectors/inventory-rows.ts';
import {absentTest, promtoolTests, readRules, type ScrapeKind, scrapes} from '../helpers/alert-cases.ts';
import {neededFor, readGroups} from '../helpers/needed-rules.ts';
import {allCases} from './cases/all.ts';

const directory = fileURLToPath(new URL('../../alerts/', import.meta.url));
const ruleFiles = readdirSync(directory)
	.filter(name => name.endsWith('.yaml') && !name.startsWith('alertmanager'))
	.map(name => join(directory, name));
const rules = ruleFiles.flatMap(file => readRules(file));
const alerts = [...new Set(rules.flatMap(({alert}) => alert ?? []))].sort();

// Links first, as alerts stand on them; without an order promtool takes another one in each run.
const groups = readGroups(ruleFiles).toSorted(
	(a, b) => Number(b.name === 'tailprobe-links') - Number(a.name === 'tailprobe-links'),
);

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
// One after another: each takes more than a core, and some hold many hours of series.
const promtoolTest = hasPromtool ? test.serial : test.serial.skip;

test('every alert has a case in which it fires', t => {
	const tried = new Set(allCases.filter(({fires}) => fires.length > 0).map(({alert}) => alert));

	t.deepEqual(
		alerts.filter(alert => !tried.has(alert)),
		[],
	);
});

// What only learns from it whether a node left, and of which pool it is, is tried with all of them at once in replicas.ts.
test('every alert about the inventory has a case in which it fires on while another replica takes that over', t => {
	const tried = new Set(
		allCases
			.filter(one => one.fires.length > 0 && promtoolTests(one, rules, 'leased').length > 0)
			.map(({alert}) => alert),
	);
	const isAbout = (alert: string) =>
		neededFor([alert], groups)
			.filter(({name}) => name !== 'tailprobe-links')
			.flatMap(group => group.rules.flatMap(({expr}) => expr.match(/[\w:]+/g) ?? []))
			.some(word => inventoryNames.has(word));

	t.deepEqual(
		alerts.filter(alert => isAbout(alert) && !tried.has(alert)),
		[],
	);
});

const kinds = Object.keys(scrapes) as ScrapeKind[];
for (const one of allCases)
	promtoolTest(
		`${one.alert} ${one.fires.length > 0 ? 'fires in time and resolves' : 'is silent'}: ${one.title}`,
		async t => {
			const tests = kinds.flatMap(kind => promtoolTests(one, rules, kind));

			t.is(await promtool(tests, [one.alert]), '');
		},
	);

promtoolTest('no alert but the watchdog and that of absence fires where nothing is exported', async t => {
	const silent = alerts.filter(alert => !['TailprobeWatchdog', 'TailprobeAbsent'].includes(alert));

	t.is(await promtool([absentTest(silent)], silent), '');
});

promtoolTest('promtool finds nothing to object to in the files', t => {
	const {status, stdout, stderr} = spawnSync(
		'promtool',
		['check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles],
		{
			encoding: 'utf8',
		},
	);

	t.is(status, 0, stdout + stderr);
});

/** '' where all tests pass, otherwise what promtool says. */
async function promtool(tests: readonly unknown[], about: readonly string[]): Promise<string> {
	const scratch = mkdtempSync(join(tmpdir(), 'tailprobe-rules-'));
	try {
		// JSON is YAML.
		const ruleFile = join(scratch, 'rules.json');
		const needed = neededFor(about, groups);
		writeFileSync(ruleFile, JSON.stringify({groups: needed}));
		const file = join(scratch, 'test.json');
		const shared = {rule_files: [ruleFile], evaluation_interval: '15s', group_eval_order: needed.map(({name}) => name)};
		writeFileSync(file, JSON.stringify({...shared, tests}));
		const {exitCode, all} = await execa('promtool', ['test', 'rules', file], {all: true, reject: false});
		return exitCode === 0 ? '' : all;
	} finally {
		rmSync(scratch, {recursive: true, force: true});
	}
}
