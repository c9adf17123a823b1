import {readFileSync} from 'node:fs';
import test from 'ava';
import {failures} from '../../scripts/docs/failures.ts';
import {causes} from '../../src/diagnosis/causes/registry.ts';
import {readRuns} from '../helpers/diagnosis-runs.ts';

const page = readFileSync(new URL('../../docs/diagnosis.md', import.meta.url), 'utf8');
const ids = new Set(causes.map(({id}) => id));

test('every failure of the catalogue was named, by a cause of the list that names it rightly', t => {
	const runs = readRuns();

	for (const {id, causes: right} of failures) {
		const own = runs.filter(({failure}) => failure === id);
		t.true(own.length > 0, `${id} was not named by any test: run them with TAILPROBE_RECORD=1`);
		for (const {named} of own) t.true(right.includes(named), `${id} was called ${named}`);
		for (const cause of right) t.true(ids.has(cause), `${cause}, for ${id}, is no cause`);
	}
	t.deepEqual(
		runs.filter(({failure}) => !failures.some(({id}) => id === failure)),
		[],
	);
});

test('every cause has the section that answers link to', t => {
	t.is(ids.size, causes.length);
	for (const id of ids) t.true(page.includes(`\n#### ${id}\n`), id);
});
