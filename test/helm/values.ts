import {readFileSync} from 'node:fs';
import test from 'ava';
import {parse} from 'yaml';
import {chartReadme} from '../../scripts/docs/chart/readme.ts';
import {chartSchema} from '../../scripts/docs/chart/schema.ts';
import {type ChartValue, readChartValues} from '../../scripts/docs/chart/values.ts';

interface Schema {
	type?: string;
	description?: string;
	pattern?: string;
	properties?: Record<string, Schema>;
	additionalProperties?: unknown;
}

const text = readFileSync(new URL('../../helm/tailprobe/values.yaml', import.meta.url), 'utf8');
const values = readChartValues(text);
const schema = chartSchema(text) as Schema;

test('every key of the values is explained by the line above it', t => {
	const explained = new Map(flat(values).map(value => [value.path.join('.'), value]));

	for (const path of keysOf(parse(text))) t.true(explained.has(path), path);
	t.is(explained.get('tailscale.image.tag')?.meaning, 'Tag.');
	t.deepEqual(explained.get('dashboards.labels')?.default, {grafana_dashboard: '1'});
});

test('a comment above no key, and two of them above one, are mistakes', t => {
	t.throws(() => readChartValues('# About nothing.\n\nkey: 1\n'), {message: /About nothing/});
	t.throws(() => readChartValues('# One.\n# Two.\nkey: 1\n'), {message: /Two comments/});
});

test('the schema knows every key with its meaning, and no other', t => {
	for (const value of flat(values)) {
		const node = value.path.reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema);
		t.is(node?.description, value.meaning, value.path.join('.'));
		if (value.children.length > 0) t.is(node?.additionalProperties, false, value.path.join('.'));
	}
	t.is(schema.additionalProperties, false);
	t.deepEqual(
		Object.keys(schema.properties ?? {}).filter(key => !values.some(({path}) => path[0] === key)),
		['global', 'enabled'],
	);
});

test('the configuration is judged by the schema of the program', t => {
	const config = schema.properties?.config;

	t.is(config?.additionalProperties, false);
	t.is(config?.properties?.headscale?.properties?.url?.type, 'string');
	t.true('checks' in (config?.properties ?? {}));
});

test('patterns are such as Go can read, in which helm holds them against values', t => {
	const patterns = patternsIn(schema);

	t.true(patterns.length > 50);
	for (const pattern of patterns) {
		t.notRegex(pattern, /\\u|\(\?[=!<]/, pattern);
		for (const [, most] of pattern.matchAll(/\{\d*,?(\d+)\}/g)) t.true(Number(most) <= 1000, pattern);
	}
});

test('the table of the README is put below its mark, however often', t => {
	const once = chartReadme(
		'# The chart\n\nWords.\n\n<!-- Generated from here on by `npm run docs`. -->\nstale words',
		text,
	);

	const twice = chartReadme(once, text);

	t.is(twice, once);
	t.true(once.startsWith('# The chart\n\nWords.\n'));
	t.true(once.includes('| `service.port` | `9753` | Its port. |'));
	t.false(once.includes('stale words'));
});

function flat(all: readonly ChartValue[]): ChartValue[] {
	return all.flatMap(value => [value, ...flat(value.children)]);
}

/** Paths of all keys, down to what is the reader's as a whole. */
function keysOf(value: unknown, above = ''): string[] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
	return Object.entries(value).flatMap(([key, inner]) => {
		const path = above === '' ? key : `${above}.${key}`;
		return [path, ...(/(?:labels|resources)$/.test(path) ? [] : keysOf(inner, path))];
	});
}

function patternsIn(node: unknown): string[] {
	if (Array.isArray(node)) return node.flatMap(patternsIn);
	if (typeof node !== 'object' || node === null) return [];
	return Object.entries(node).flatMap(([key, value]) =>
		key === 'pattern' && typeof value === 'string' ? [value] : patternsIn(value),
	);
}
