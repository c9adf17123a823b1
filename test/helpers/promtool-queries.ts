/** All rules that are shipped, evaluated by promtool over series, and queries that are asked of it then. */

import {spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {stepSeconds} from './alert-world.ts';
import {neededFor, readGroups} from './needed-rules.ts';

/** A query and all that it must give; labels in promtool's notation, `{}` where there are none. */
export interface WantedQuery {
	expr: string;
	samples: ReadonlyArray<{labels: string; value: number}>;
}

/** Whether promtool is installed. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

const directory = fileURLToPath(new URL('../../alerts/', import.meta.url));
const ruleFiles = readdirSync(directory)
	.filter(name => name.endsWith('.yaml'))
	.map(name => join(directory, name));

/**
 * What promtool objects to when the queries are asked so many minutes after the start; '' where each gives what is wanted. Evaluated
 * are all rules, or those on which these alerts and recorded series stand.
 */
export async function askAfter(
	minutes: number,
	series: ReadonlyArray<{series: string; values: string}>,
	queries: readonly WantedQuery[],
	about?: readonly string[],
): Promise<string> {
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-promtool-'));
	try {
		const queried = queries.map(({expr, samples}) => ({expr, eval_time: `${minutes}m`, exp_samples: samples}));
		const tests = [{interval: `${stepSeconds}s`, input_series: series, promql_expr_test: queried}];
		const file = join(scratch, 'test.json');
		const rules = {groups: about && neededFor(about, readGroups(ruleFiles))};
		const rule_files = about ? [join(scratch, 'rules.json')] : ruleFiles;
		// JSON is YAML.
		await writeFile(join(scratch, 'rules.json'), JSON.stringify(rules));
		await writeFile(file, JSON.stringify({rule_files, evaluation_interval: `${stepSeconds}s`, tests}));
		const {exitCode, all} = await execa('promtool', ['test', 'rules', file], {reject: false, all: true});
		return exitCode === 0 ? '' : all;
	} finally {
		await rm(scratch, {recursive: true, force: true});
	}
}
