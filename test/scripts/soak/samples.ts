import test from 'ava';
import {readSamples, sumOf} from '../../../scripts/soak/samples.ts';

test('samples are read by name, with their labels, and summed by some of them', t => {
	const text = [
		'# TYPE tailprobe_check_runs_total counter',
		'tailprobe_check_runs_total{check="a",verdict="up"} 3',
		'tailprobe_check_runs_total{check="b",verdict="up"} 4',
		'tailprobe_check_runs_total{check="b",verdict="down"} 1',
		'tailprobe_series 12',
		'other_total 99',
	].join('\n');

	const samples = readSamples(text, new Set(['tailprobe_check_runs_total', 'tailprobe_series']));

	t.is(samples.length, 4);
	t.is(sumOf(samples, 'tailprobe_check_runs_total'), 8);
	t.is(sumOf(samples, 'tailprobe_check_runs_total', {verdict: 'up'}), 7);
	t.is(sumOf(samples, 'tailprobe_series'), 12);
	t.is(sumOf(samples, 'other_total'), 0);
});
