import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import {probes} from '../../src/probes/registry.ts';

const folder = new URL('../../docs/probes/', import.meta.url);

test('every probe type has its page, and no page is left of a type that went', t => {
	const pages = readdirSync(folder).filter(name => name.endsWith('.md'));

	t.deepEqual(pages.toSorted(), probes.map(({type}) => `${type}.md`).toSorted());
});

for (const {type} of probes) {
	test(`the examples on the page of ${type} are configurations that load`, t => {
		const page = readFileSync(new URL(`${type}.md`, folder), 'utf8');
		const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1] ?? '');

		t.true(examples.length > 0);
		for (const example of examples) {
			const loaded = parseConfig(withSurroundings(example), `docs/probes/${type}.md`);

			t.deepEqual(loaded.ok ? [] : loaded.mistakes, []);
			t.true(loaded.ok && loaded.config.checks.some(check => check.type === type));
		}
	});
}

/** Checks over nodes need a headscale, which the pages leave out. */
function withSurroundings(example: string): string {
	return /^headscale:/m.test(example)
		? example
		: `headscale: {url: https://headscale.example.com, api_key: {env: KEY}}\n${example}`;
}
