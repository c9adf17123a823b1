import test from 'ava';
import {headscaleSources, sourceCollector, sourceName} from '../../src/collectors/sources.ts';
import type {Part} from '../../src/headscale/poll.ts';
import type {HeadscaleState} from '../../src/headscale/types.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const nowMs = 1_700_000_000_000;
const intervalMs = 15_000;

test('its rows keep to the rules', t => {
	checkRows(t, sourceCollector);
});

test('a source that was not tried tells nothing', t => {
	t.deepEqual(collect(t, sourceCollector, [{name: 'a', ok: undefined, intervalMs}], nowMs), []);
});

test('a source that works tells when and how long', t => {
	const source = {
		name: 'a',
		ok: true,
		lastSuccessAt: nowMs - 1000,
		lastTriedAt: nowMs - 1000,
		seconds: 0.25,
		intervalMs,
	};

	t.deepEqual(collect(t, sourceCollector, [source], nowMs), [
		'tailprobe_source_last_success_timestamp_seconds{source="a"} 1699999999',
		'tailprobe_source_read_duration_seconds{source="a"} 0.25',
		'tailprobe_source_read_success{source="a"} 1',
	]);
});

test('a source that fails keeps the time of its last success', t => {
	const source = {name: 'a', ok: false, lastSuccessAt: nowMs - 900_000, lastTriedAt: nowMs, seconds: 5, intervalMs};

	t.deepEqual(collect(t, sourceCollector, [source], nowMs), [
		'tailprobe_source_last_success_timestamp_seconds{source="a"} 1699999100',
		'tailprobe_source_read_duration_seconds{source="a"} 5',
		'tailprobe_source_read_success{source="a"} 0',
	]);
});

test('a source that nobody tried for three intervals neither works nor fails', t => {
	const source = {
		name: 'a',
		ok: true,
		lastSuccessAt: nowMs - 45_001,
		lastTriedAt: nowMs - 45_001,
		seconds: 1,
		intervalMs,
	};

	t.deepEqual(collect(t, sourceCollector, [source], nowMs), [
		'tailprobe_source_last_success_timestamp_seconds{source="a"} 1699999954.999',
	]);
});

test('the parts of headscale become sources, the version with its own pace', t => {
	const state: HeadscaleState = {
		health: {triedAt: 5, succeededAt: 4, seconds: 1, error: 'refused', failingSince: 3, value: true},
		nodes: {triedAt: 6, succeededAt: 6, seconds: 2, value: {nodes: [], problems: []}},
		metrics: {},
		version: {},
	};
	const parts: Part[] = ['health', 'nodes', 'version'];

	t.deepEqual(headscaleSources({parts, state: () => state}, {intervalMs, inventoryIntervalMs: 60_000}), [
		{
			name: 'headscale-health',
			ok: false,
			lastSuccessAt: 4,
			lastTriedAt: 5,
			failingSince: 3,
			seconds: 1,
			detail: 'refused',
			intervalMs,
		},
		{name: 'headscale-nodes', ok: true, lastSuccessAt: 6, lastTriedAt: 6, seconds: 2, intervalMs},
		{name: 'headscale-version', ok: undefined, intervalMs: 600_000},
	]);
});

test('inventories have the pace of their schedule, and what this version does not have is no failure', t => {
	const state: HeadscaleState = {
		health: {},
		nodes: {},
		metrics: {},
		version: {},
		preAuthKeys: {triedAt: 5, succeededAt: 5, seconds: 1, value: {keys: [], problems: []}},
		routes: {triedAt: 6, succeededAt: 6, seconds: 2},
	};
	const parts: Part[] = ['preAuthKeys', 'routes', 'users'];

	t.deepEqual(headscaleSources({parts, state: () => state}, {intervalMs, inventoryIntervalMs: 60_000}), [
		{name: 'headscale-pre-auth-keys', ok: true, lastSuccessAt: 5, lastTriedAt: 5, seconds: 1, intervalMs: 60_000},
		{
			name: 'headscale-routes',
			ok: true,
			lastSuccessAt: 6,
			lastTriedAt: 6,
			seconds: 2,
			detail: 'This version of headscale has no such thing.',
			isUnsupported: true,
			intervalMs: 600_000,
		},
		{name: 'headscale-users', ok: undefined, intervalMs: 60_000},
	]);
	t.is(sourceName('apiHealth'), 'headscale-api-health');
});

test('what this version does not have is missing from it while headscale is silent too, and fails where only its own read does', t => {
	const lacking = {triedAt: 9, succeededAt: 6, seconds: 2, failingSince: 8, error: 'It did not answer.'};
	const read = (routes: HeadscaleState['routes']) => {
		const state = (): HeadscaleState => ({health: {}, nodes: {}, metrics: {}, version: {}, ...(routes && {routes})});
		return headscaleSources({parts: ['routes'], state}, {intervalMs, inventoryIntervalMs: 60_000})[0];
	};

	t.deepEqual(read({...lacking, failure: 'unanswered'}), {
		name: 'headscale-routes',
		ok: true,
		lastSuccessAt: 6,
		lastTriedAt: 9,
		seconds: 2,
		detail: 'This version of headscale has no such thing.',
		isUnsupported: true,
		intervalMs: 600_000,
	});
	t.like(read(lacking), {ok: false, failingSince: 8, detail: 'It did not answer.'});
	t.like(read({triedAt: 9, failingSince: 9, error: 'It did not answer.', failure: 'unanswered'}), {ok: false});
});
