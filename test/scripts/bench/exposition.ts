import test from 'ava';
import {countSamples, parseSamples, sumOf} from '../../../scripts/bench/exposition.ts';

const text = `# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x",path="a \\"b\\" {c}"} 3
a_total{kind="y"} 4 1795383693309
b 1.5e-3
`;

test('samples are read with their labels, and only those that are wanted', t => {
	t.deepEqual(
		parseSamples(text, name => name === 'b'),
		[{name: 'b', labels: {}, value: 0.0015}],
	);
	t.is(parseSamples(text)[0]?.labels.path, 'a \\"b\\" {c}');
	t.is(countSamples(text), 3);
});

test('a sum is over the samples whose labels match', t => {
	const samples = parseSamples(text);

	t.is(sumOf(samples, 'a_total'), 7);
	t.is(sumOf(samples, 'a_total', {kind: 'y'}), 4);
	t.is(sumOf(samples, 'nothing'), 0);
});
