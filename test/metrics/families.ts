import test from 'ava';
import {createHistogram, createNumbers} from '../../src/metrics/families.ts';
import {labelSet, noLabels} from '../../src/metrics/label-set.ts';
import type {MetricDef} from '../../src/metrics/types.ts';

const gauge: MetricDef = {name: 'tailprobe_state', type: 'gauge', help: 'A state.', labels: ['peer', 'state']};
const counter: MetricDef = {name: 'tailprobe_runs_total', type: 'counter', help: 'Runs.', labels: []};
const histogram: MetricDef = {name: 'tailprobe_seconds', type: 'histogram', help: 'Times.', labels: ['peer', 'rung']};
const peer = labelSet({peer: 'a'});

/** The lines of the series alone. */
function linesOf(family: {render(): Generator<string>}): string[] {
	return [...family.render()]
		.join('')
		.split('\n')
		.filter(line => line !== '' && !line.startsWith('#'));
}

test('the last label may be told apart from the others, whose text is shared', t => {
	const family = createNumbers(gauge);

	family.set(peer, 1, 'up');
	family.set(peer, 0, 'down');
	family.set(labelSet({peer: 'b', state: 'up'}), 2);
	family.remove(peer, 'down');

	t.deepEqual(linesOf(family), ['tailprobe_state{peer="a",state="up"} 1', 'tailprobe_state{peer="b",state="up"} 2']);
});

test('a long family comes in pieces, all of the moment when it began', t => {
	const family = createNumbers(gauge);
	const peers = Array.from({length: 3000}, (_, at) => labelSet({peer: `node-${at}`}));
	for (const [at, labels] of peers.entries()) for (const state of ['up', 'down']) family.set(labels, at, state);

	const rendering = family.render();
	const pieces = [rendering.next().value ?? ''];
	for (const labels of peers) family.set(labels, -1, 'down');
	family.remove(labelSet({peer: 'node-2999'}), 'up');
	pieces.push(...rendering);
	const lines = pieces.join('').split('\n');

	t.true(pieces.length > 2);
	t.true(pieces.every(piece => piece.length < 65_536 && piece.endsWith('\n')));
	t.is(lines.length, 2 + 6000 + 1);
	t.false(lines.some(line => line.endsWith(' -1')));
	t.is(new Set(lines.slice(2, -1).map(line => line.split(' ')[0])).size, 6000);
});

test('labels that the row has not are a mistake of ours', t => {
	const family = createNumbers(gauge);

	for (const labels of [{peer: 'a'}, {state: 'up'}, {node: 'a', state: 'up'}, {peer: 'a', state: 'up', x: 'y'}])
		t.throws(() => family.set(labelSet(labels), 1), {instanceOf: TypeError, message: /has the labels peer,state/});
	t.throws(() => family.set(labelSet({peer: 'a', state: 'up'}), 1, 'up'), {instanceOf: TypeError});
	t.deepEqual(linesOf(family), []);
});

test('a series is either filed whole or with its last label told apart, never both', t => {
	const family = createNumbers(gauge);
	family.set(peer, 1, 'up');
	family.set(labelSet({peer: 'b', state: 'up'}), 2);
	const wrong = {instanceOf: TypeError, message: /tailprobe_state has the series .* already/};

	t.throws(() => family.set(labelSet({peer: 'a', state: 'up'}), 5), wrong);
	t.throws(() => family.set(labelSet({peer: 'b'}), 5, 'up'), wrong);

	t.deepEqual(linesOf(family), ['tailprobe_state{peer="a",state="up"} 1', 'tailprobe_state{peer="b",state="up"} 2']);
});

test('label values that are one in UTF-8 are one series', t => {
	const family = createNumbers(gauge);

	for (const half of ['\ud800', '\udc01', '\ufffd']) {
		family.set(labelSet({peer: half, state: 'up'}), 1);
		family.set(peer, 2, half);
	}
	const lines = linesOf(family);
	family.remove(peer, '\ud801');

	t.deepEqual(lines, ['tailprobe_state{peer="\ufffd",state="up"} 1', 'tailprobe_state{peer="a",state="\ufffd"} 2']);
	t.deepEqual(linesOf(family), lines.slice(0, 1));
});

test('a counter without labels begins at zero, and none goes down', t => {
	const family = createNumbers(counter);
	const before = linesOf(family);

	family.inc(noLabels);
	family.inc(noLabels, 2);

	t.deepEqual(before, ['tailprobe_runs_total 0']);
	t.deepEqual(linesOf(family), ['tailprobe_runs_total 3']);
	t.throws(() => family.inc(noLabels, -1), {instanceOf: RangeError});
	t.throws(() => family.inc(noLabels, Number.NaN), {instanceOf: RangeError});
});

test('numbers that are none are written as the format has them', t => {
	const family = createNumbers(gauge);

	family.set(peer, Number.NaN, 'a');
	family.set(peer, Number.POSITIVE_INFINITY, 'b');
	family.set(peer, Number.NEGATIVE_INFINITY, 'c');
	family.set(peer, 1e-7, 'd');

	t.deepEqual(
		linesOf(family).map(line => line.split(' ')[1]),
		['NaN', '+Inf', '-Inf', '1e-7'],
	);
});

test('the buckets of a histogram count all that is not above their edge', t => {
	const family = createHistogram(histogram, [0.1, 1]);

	for (const seconds of [0.05, 0.1, 0.5, 7]) family.observe(peer, seconds, 'tsmp');

	t.deepEqual(linesOf(family), [
		'tailprobe_seconds_bucket{peer="a",rung="tsmp",le="0.1"} 2',
		'tailprobe_seconds_bucket{peer="a",rung="tsmp",le="1"} 3',
		'tailprobe_seconds_bucket{peer="a",rung="tsmp",le="+Inf"} 4',
		'tailprobe_seconds_sum{peer="a",rung="tsmp"} 7.65',
		'tailprobe_seconds_count{peer="a",rung="tsmp"} 4',
	]);
});

test('a histogram begins with zeros, once', t => {
	const family = createHistogram(histogram, [0.1]);

	family.begin(peer, 'tsmp');
	t.deepEqual(linesOf(family), [
		'tailprobe_seconds_bucket{peer="a",rung="tsmp",le="0.1"} 0',
		'tailprobe_seconds_bucket{peer="a",rung="tsmp",le="+Inf"} 0',
		'tailprobe_seconds_sum{peer="a",rung="tsmp"} 0',
		'tailprobe_seconds_count{peer="a",rung="tsmp"} 0',
	]);

	family.observe(peer, 7, 'tsmp');
	family.begin(peer, 'tsmp');
	t.is(linesOf(family).at(-1), 'tailprobe_seconds_count{peer="a",rung="tsmp"} 1');
});
