/** A file that was written and not registered does nothing, and nobody notices: so folders are held against their registries. */

import {readdirSync} from 'node:fs';
import test from 'ava';
import {catalogue} from '../src/metrics/catalogue.ts';
import {probes} from '../src/probes/registry.ts';
import {routes} from '../src/server/routes/registry.ts';

function filesOf(folder: string, except: readonly string[] = []): string[] {
	const names = readdirSync(new URL(`../src/${folder}/`, import.meta.url)).filter(name => name.endsWith('.ts'));
	return names.filter(name => name !== 'registry.ts' && name !== 'types.ts' && !except.includes(name));
}

async function exportsOf(folder: string, file: string): Promise<Record<string, unknown>> {
	return (await import(`../src/${folder}/${file}`)) as Record<string, unknown>;
}

test('every probe file is registered under its name', t => {
	const written = filesOf('probes').map(name => name.replace('.ts', '').replaceAll('-', '_'));

	t.deepEqual(probes.map(({type}) => type).toSorted(), written.toSorted());
});

test('every probe has a test of its name', t => {
	const tests = new Set(readdirSync(new URL('probes/', import.meta.url)));

	t.deepEqual(
		filesOf('probes').filter(name => !tests.has(name)),
		[],
	);
});

test('every route that a file exports is registered', async t => {
	const registered = new Set<unknown>(routes);
	for (const file of filesOf('server/routes')) {
		const made = Object.entries(await exportsOf('server/routes', file)).filter(([name]) => name.endsWith('Route'));

		t.true(made.length > 0, file);
		for (const [name, route] of made) t.true(registered.has(route), `${name} of ${file}`);
	}
});

test('every metric that a collector declares is in the catalogue', async t => {
	const known = new Set(catalogue.flatMap(({metrics}) => metrics.map(({name}) => name)));
	for (const file of filesOf('collectors', ['own.ts', 'inventory-rows.ts'])) {
		const collectors = Object.values(await exportsOf('collectors', file)).filter(isCollector);

		t.true(collectors.length > 0, file);
		for (const {metrics} of collectors) for (const {name} of metrics) t.true(known.has(name), `${name} of ${file}`);
	}
});

function isCollector(value: unknown): value is {metrics: readonly {name: string}[]} {
	return typeof value === 'object' && value !== null && 'collect' in value && 'metrics' in value;
}
