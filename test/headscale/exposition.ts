import {readFileSync} from 'node:fs';
import test from 'ava';
import {ExpositionError, parseExposition} from '../../src/headscale/exposition.ts';

const recorded = (version: string) =>
	readFileSync(new URL(`../fixtures/headscale/${version}/metrics.prom`, import.meta.url), 'utf8');

/** The one sample of a text. */
function sampleOf(text: string) {
	const [family] = parseExposition(text).values();
	return family?.samples[0];
}

for (const [version, families] of [
	['0.23.0', 14],
	['0.26.1', 14],
	['0.29.2', 11],
	['0.30-dev', 52],
] as const) {
	test(`headscale ${version}: every sample of the recording is read into its family`, t => {
		const text = recorded(version);

		const parsed = parseExposition(text);

		const samples = [...parsed.values()].flatMap(family => family.samples);
		t.is(parsed.size, families);
		t.is(samples.length, text.split('\n').filter(line => line !== '' && !line.startsWith('#')).length);
		t.true([...parsed.values()].every(family => family.type !== 'untyped' && family.samples.length > 0));
		t.true(samples.every(sample => Number.isFinite(sample.value)));
	});
}

test('a histogram keeps its buckets, sum and count together', t => {
	const text = '# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\nh_other 1\n';

	const families = parseExposition(text);

	t.deepEqual([...families.keys()], ['h', 'h_other']);
	t.deepEqual(
		families.get('h')?.samples.map(sample => [sample.name, sample.labels.le, sample.value]),
		[
			['h_bucket', '0.5', 1],
			['h_bucket', '+Inf', 2],
			['h_sum', undefined, 3],
			['h_count', undefined, 2],
		],
	);
});

test('a summary keeps its quantiles, sum and count together', t => {
	const families = parseExposition('# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 3\ns_count 2\n');

	t.is(families.get('s')?.samples.length, 3);
});

test('a counter that ends like a part of a histogram is a family of its own', t => {
	const families = parseExposition(
		'# TYPE x counter\nx 1\n# TYPE x_count counter\nx_count 2\n# TYPE y gauge\ny_sum 1\n',
	);

	t.deepEqual([...families.keys()], ['x', 'x_count', 'y', 'y_sum']);
});

// What promtool check metrics takes, and what it reads there.
for (const [line, value, labels] of [
	['a 1', 1, {}],
	['a 1 1700000000000', 1, {}],
	['a 1 -5', 1, {}],
	['a{} 1', 1, {}],
	['a{b="c",} 1', 1, {b: 'c'}],
	['a {b="c"} 1', 1, {b: 'c'}],
	['  a  {  b  =  "c"  ,  d="e"  }   1', 1, {b: 'c', d: 'e'}],
	['a{b="c"}1', 1, {b: 'c'}],
	['a{b="q\\"\\\\\\n"} 1', 1, {b: 'q"\\\n'}],
	['a{b="\\\\n"} 1', 1, {b: '\\n'}],
	['a{b="}{,= #"} 1', 1, {b: '}{,= #'}],
	['a{b=""} 1', 1, {b: ''}],
	['a{b="ünï☃"} 1', 1, {b: 'ünï☃'}],
	['a:b 1', 1, {}],
	['a\t1\t5', 1, {}],
	['a NaN', Number.NaN, {}],
	['a nan', Number.NaN, {}],
	['a +Inf', Number.POSITIVE_INFINITY, {}],
	['a -inf', Number.NEGATIVE_INFINITY, {}],
	['a Infinity', Number.POSITIVE_INFINITY, {}],
	['a 1.8446744073709552e+19', 2 ** 64, {}],
	['a .5', 0.5, {}],
	['a 5.', 5, {}],
	['a +5', 5, {}],
] as const) {
	test(`${JSON.stringify(line)} is read`, t => {
		const sample = sampleOf(`${line}\n`);

		t.is(sample?.value, value);
		t.deepEqual(sample?.labels, labels);
	});
}

// What promtool check metrics refuses.
for (const text of [
	'<!doctype html>\n',
	'{"status":"pass"}\n',
	'a\n',
	'a abc\n',
	'a 0x10\n',
	'a 0x1p-2\n',
	'a 1_000\n',
	'a 1 1.5\n',
	'a 1 2 3\n',
	'a 1\r\n',
	'1a 1\n',
	'a"b" 1\n',
	'a{b:c="d"} 1\n',
	'a{b="c" 1\n',
	'a{b="c\nd"} 1\n',
	'a{b="\\x"} 1\n',
	'a{,} 1\n',
	'a{b="c",,} 1\n',
	'a{b="c"}\n',
	'a 1 # {b="c"} 1\n',
]) {
	test(`${JSON.stringify(text)} is refused`, t => {
		t.throws(() => parseExposition(text), {instanceOf: ExpositionError, message: /Line \d/});
	});
}

test('a text that ends within a line is refused, for its last number may be cut', t => {
	t.throws(() => parseExposition('a 1\nb 12'), {instanceOf: ExpositionError, message: /end in the middle of line 2/});
});

test('the line that is wrong is named and shown shortly', t => {
	const error = t.throws(() => parseExposition(`a 1\n\n# comment\n${'\u001b'}[31m${'x'.repeat(1000)}\n`));

	t.regex(error?.message ?? '', /^Line 4 of the metrics.*\[31mx+…"\.$/);
	t.true((error?.message.length ?? 999) < 200);
});

test('comments, blank lines and families without samples are no trouble', t => {
	t.deepEqual(
		[...parseExposition('\n#\n# hello\n# HELP a\n# TYPE a counter\n  \n')],
		[['a', {type: 'counter', samples: []}]],
	);
	t.is(parseExposition('').size, 0);
});

test('labels of any name are only labels', t => {
	t.deepEqual(Object.entries(sampleOf('a{__proto__="x"} 1\n')?.labels ?? {}), [['__proto__', 'x']]);
});

test('the amount is bounded', t => {
	t.throws(() => parseExposition('a 1\n'.repeat(50_001)), {message: /more than 50000 samples/});
	t.throws(() => parseExposition(`a{b="${'x'.repeat(70_000)}"} 1\n`), {message: /longer than 65536/});
	t.throws(() => parseExposition(`a{${'b="c",'.repeat(101)}} 1\n`), {instanceOf: ExpositionError});
});

test('no line takes more than linear time', t => {
	const startedAt = performance.now();

	for (const line of [
		`a ${'1'.repeat(60_000)}x`,
		`a${' '.repeat(60_000)}y z`,
		`a{b="${'\\\\'.repeat(30_000)}`,
		`a{${' '.repeat(60_000)}`,
		`# TYPE${' '.repeat(60_000)}`,
		'a'.repeat(60_000),
	]) {
		t.throws(() => parseExposition(`${line}\nx\n`));
	}

	// Backtracking over such a line takes seconds.
	t.true(performance.now() - startedAt < 1000);
});

test('too many labels in all are refused', t => {
	const labels = Array.from({length: 100}, (_, i) => `l${i}="v"`).join();
	const text = (lines: number) => `a{${labels}} 1\n`.repeat(lines);

	t.notThrows(() => parseExposition(text(600)));
	t.throws(() => parseExposition(text(601)), {message: /more than 60000 labels/});
});
