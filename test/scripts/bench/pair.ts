import test from 'ava';
import {latencyOf, pairRuns} from '../../../scripts/bench/pair.ts';
import type {ReportedRun, ServedRequest} from '../../../scripts/bench/types.ts';

function aRequest(over: Partial<ServedRequest>): ServedRequest {
	return {path: '/p/t0', acceptedWallMs: 1000, acceptedMs: 10, wholeMs: 11, sentMs: 31, ...over};
}

function aRun(over: Partial<ReportedRun>): ReportedRun {
	return {path: '/p/t0', startedWallMs: 1000, reportedMs: 21, ...over};
}

test('a run finds the request of its path that was accepted next to its start, and no other run gets that', t => {
	const requests = [aRequest({acceptedWallMs: 2003}), aRequest({acceptedWallMs: 1002}), aRequest({path: '/p/t1'})];
	const runs = [aRun({}), aRun({startedWallMs: 2000}), aRun({startedWallMs: 2004})];

	const pairs = pairRuns(runs, requests, 500);

	t.deepEqual(
		pairs.map(({run, served}) => [run.startedWallMs, served.acceptedWallMs]),
		[
			[1000, 1002],
			[2000, 2003],
		],
	);
});

test('a run whose request is further away than it can be is left out', t => {
	t.deepEqual(pairRuns([aRun({startedWallMs: 1600})], [aRequest({})], 500), []);
});

test('a run with a number finds the request of that number, whenever it came', t => {
	const requests = [aRequest({number: 1}), aRequest({number: 2, acceptedWallMs: 99_000})];

	const pairs = pairRuns([{path: '/p/t0', number: 2, reportedMs: 21}], requests, 500);

	t.deepEqual(
		pairs.map(({served}) => served.number),
		[2],
	);
});

test('errors are what was reported above the time between the whole request and the answer', t => {
	const served = aRequest({wholeMs: 100, sentMs: 120.25});
	const run = aRun({reportedMs: 20.75, runMs: 21.25, processingMs: 20.5});

	const latency = latencyOf([{run, served}]);

	t.like(latency, {runs: 1, late: 0, served: {p50: 20.25}, reported: {p50: 20.75}, reportedError: {p50: 0.5}});
	t.is(latency?.runError?.p50, 1);
	t.is(latency?.processingError?.p50, 0.25);
});

test('runs that the prober calls late are counted and move no latency', t => {
	const late = {run: aRun({reportedMs: 500, late: true}), served: aRequest({})};
	const sound = {run: aRun({}), served: aRequest({})};

	t.like(latencyOf([late, sound]), {runs: 1, late: 1, reported: {p99: 21}});
	t.is(latencyOf([late]), undefined);
});

test('what a prober does not tell is absent', t => {
	const latency = latencyOf([{run: aRun({}), served: aRequest({})}]);

	t.false('runError' in (latency ?? {}));
	t.false('processingError' in (latency ?? {}));
});
