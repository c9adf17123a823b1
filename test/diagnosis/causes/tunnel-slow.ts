import test from 'ava';
import {tunnelSlow} from '../../../src/diagnosis/causes/tunnel-slow.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aScene} from '../../helpers/scenes.ts';
import {pastRuns, tunnelUp} from '../../helpers/tunnels.ts';

// The last hour of tunnels in these tests had 13 ms at worst.
const slow = (seconds: number) => pastRuns(Array.from({length: 4}, () => ({values: {tsmp_seconds: seconds}})));

test('far above its last hour is slow', t => {
	const scene = aScene([tunnelUp('june-gpu-1', 'cluster', {}, {tsmp_seconds: 0.08})], {history: slow(0.08)});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'tunnel-slow', effect: 'slows', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /a round trip takes 80\.0 ms, and took at most 13\.0 ms/);
});

test('a direct path that is far is slow without any history', t => {
	const far = tunnelUp('june-gpu-1', 'cluster', {}, {tsmp_seconds: 0.2});

	const finding = tunnelSlow.find(aScene([{...far, strip: []}], {history: slow(0.2)}));

	t.regex(finding?.says ?? '', /takes 200 ms on the direct path/);
});

test('a tunnel that takes longer than what is beneath it, run for run, is slow', t => {
	const facts = {overhead_within: 'false'};
	const values = {tsmp_seconds: 0.025, overhead_seconds: 0.015};
	const scene = aScene([tunnelUp('june-gpu-1', 'cluster', facts, values)], {
		history: pastRuns([{facts, values}, {facts, values}, {values}]),
	});

	t.regex(tunnelSlow.find(scene)?.says ?? '', /takes 15\.0 ms longer than beside it/);
});

test('one slow run is no slow tunnel', t => {
	const scene = aScene([tunnelUp('june-gpu-1', 'cluster', {}, {tsmp_seconds: 0.08})], {history: slow(0.012)});

	t.is(tunnelSlow.find(scene), undefined);
});
