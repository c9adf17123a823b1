import test from 'ava';
import {findIncidents} from '../../src/diagnosis/incidents.ts';
import type {CheckView, Outcome} from '../../src/server/types.ts';
import {aNode, aNodeView} from '../helpers/fake-daemon.ts';
import {type Around, aLink, aTunnel, aWorld, isDown, isUp, someTime} from '../helpers/scenes.ts';
import {pastRuns, relayed, tunnelUp} from '../helpers/tunnels.ts';

const told = (checks: readonly CheckView[], around: Around = {}) =>
	findIncidents(aWorld(checks, around)).map(({state, id, checks: concerned}) => [state, id, concerned.length]);

/** Its last run, after another that took as long. */
const took = (part: CheckView, seconds: number): CheckView => ({
	...part,
	last: {...(part.last as Outcome), durationMs: seconds * 1000},
});
const oneDay = 86_400;

test('what works as wanted is no incident', t => {
	const checks = [tunnelUp('june-gpu-1'), tunnelUp('june-gpu-2'), isUp(aLink({objectiveMs: 200}))];

	t.deepEqual(told(checks), []);
});

test('a certificate that ends soon is an incident of that port', t => {
	const ends = isUp(aLink(), {values: {tls_earliest_cert_expiry_seconds: someTime / 1000 + oneDay}});
	const lasts = isUp(aLink({name: 'stt', target: {address: 'https://june-gpu-1:8001/'}}), {
		values: {tls_earliest_cert_expiry_seconds: someTime / 1000 + 60 * oneDay},
	});

	t.deepEqual(told([ends, lasts, tunnelUp('june-gpu-1')]), [
		['degraded', 'certificate-soon port 8000 on june-gpu-1', 1],
	]);
});

test('a node that answers and is called offline is an incident', t => {
	const node = aNodeView({
		node: aNode({name: 'june-gpu-1', online: false}),
		tunnels: [],
		disagreement: 'offline_but_reachable',
	});

	t.deepEqual(told([tunnelUp('june-gpu-1')], {nodes: () => [node]}), [
		['degraded', 'node-listed-offline node june-gpu-1', 1],
	]);
});

test('tunnels of one vantage that all go by the relay are one incident with all of them', t => {
	const names = Array.from({length: 120}, (_, at) => `june-gpu-${at}`);

	t.deepEqual(told(names.map(name => tunnelUp(name, 'cluster', relayed))), [
		['degraded', 'udp-blocked vantage cluster', 120],
	]);
});

test('one tunnel that goes by the relay is an incident of its node, unless that was its very first run', t => {
	const one = tunnelUp('june-gpu-1', 'cluster', relayed);
	const checks = [one, tunnelUp('june-gpu-2')];
	const [last] = [one.last as Outcome];

	t.deepEqual(told(checks, {history: pastRuns([{facts: relayed}, {facts: relayed}])}), [
		['degraded', 'udp-blocked node june-gpu-1', 1],
	]);
	t.deepEqual(told(checks, {history: pastRuns([{facts: relayed}, {facts: {path: 'direct'}}])}), [], 'only just');
	t.deepEqual(told(checks, {history: () => ({recent: [last], failures: []})}), [], 'the first');
});

test('one lost ping is no incident, and loss that goes on is, also where the last run lost nothing', t => {
	const runs = (lost: readonly number[]) =>
		pastRuns(Array.from({length: 20}, (_, at) => ({values: {pings_sent: 3, pings_lost: lost[at] ?? 0}})));

	t.deepEqual(told([tunnelUp('june-gpu-1')], {history: runs([1])}), []);
	t.deepEqual(told([tunnelUp('june-gpu-1')], {history: runs([0, 1, 2, 0, 1])}), [
		['degraded', 'tunnel-lossy node june-gpu-1', 1],
	]);
});

test('one slow answer is no incident, and two in a row are', t => {
	const slow = took(isUp(aLink({objectiveMs: 200}), {phases: {processing: 0.9}}), 0.9);
	const before = (seconds: number) => (key: string) => {
		const last = {...(slow.last as Outcome), key};
		return {
			recent: [
				last,
				{
					...last,
					startedAt: last.startedAt - 15_000,
					durationMs: seconds * 1000,
					reading: {...last.reading, ok: true, values: {}, facts: {}, phases: {processing: seconds}},
				},
			],
			failures: [],
		};
	};

	t.deepEqual(told([slow], {history: before(0.02)}), []);
	t.deepEqual(told([slow], {history: before(0.8)}), [['degraded', 'service-slow port 8000 on june-gpu-1', 1]]);
});

test('a GPU that slows itself down is an incident of its machine', t => {
	const gpu = isUp(aLink({name: 'gpu', type: 'gpu', target: {address: 'june-gpu-1'}}), {
		gpus: [{index: 0, values: {temperature_celsius: 91}, flags: {hw_thermal_slowdown: true}, facts: {}}],
	} as object);

	t.deepEqual(told([gpu]), [['degraded', 'gpu-throttled node june-gpu-1', 1]]);
});

test('what a dead machine has beside is told with it, and others are asked all the same', t => {
	const dead = isDown(aTunnel(), 'timeout');
	const other = tunnelUp('june-gpu-2', 'cluster', relayed);

	const incidents = told([dead, other, tunnelUp('june-gpu-3')]);

	t.deepEqual(
		incidents.map(([state, id]) => [state, id]),
		[
			['down', 'node june-gpu-1'],
			['degraded', 'udp-blocked node june-gpu-2'],
		],
	);
});
