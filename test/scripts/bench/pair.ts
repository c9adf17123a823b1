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

test('an error is the size of the difference to the time between the whole request and the answer', t => {
	const served = aRequest({wholeMs: 100, sentMs: 120.25});
	const run = aRun({reportedMs: 20.75, runMs: 21.25, phasesMs: 20.75, processingMs: 19.5});

	const latency = latencyOf([{run, served}]);

	t.like(latency, {runs: 1, late: 0, served: {p50: 20.25}, reported: {p50: 20.75}, whole: {p50: 21.25}});
	t.is(latency?.wholeError?.p50, 1);
	t.is(latency?.phasesError?.p50, 0.5);
	// Told too low is wrong, too.
	t.is(latency?.processingError?.p50, 0.75);
});

test('runs that the prober calls late count like all others, and the p99 without them stands beside', t => {
	const late = {run: aRun({runMs: 500, late: true}), served: aRequest({})};
	const sound = {run: aRun({runMs: 21}), served: aRequest({})};

	const latency = latencyOf([late, sound]);

	t.like(latency, {runs: 2, late: 1, wholeWithoutLate: {p99: 21}});
	t.true((latency?.whole?.p99 ?? 0) > 490);
});

test('what a prober does not tell is absent', t => {
	const latency = latencyOf([{run: aRun({}), served: aRequest({})}]);

	t.false('wholeError' in (latency ?? {}));
	t.false('processingError' in (latency ?? {}));
});
