import test from 'ava';
import {type MetricsRead, runsOf} from '../../../scripts/bench/cloudprober.ts';
import {addressOf} from '../../../scripts/bench/namespace.ts';
import {readProbe} from '../../../scripts/bench/probe-answer.ts';
import {targetsOf} from '../../../scripts/bench/probers.ts';

function cloudproberSays(atWallMs: number, total: number, latency: number, success = total): MetricsRead {
	const labels = '{ptype="http",probe="bench",dst="t0:8000"}';
	const other = '{ptype="http",probe="others",dst="t0:8000"}';
	return {
		atWallMs,
		text: `total${labels} ${total}\nsuccess${labels} ${success}\nlatency${labels} ${latency}\ntotal${other} 9\n`,
	};
}

test("blackbox_exporter's answer gives its duration and its processing phase in milliseconds", t => {
	const answer = `probe_success 1
probe_duration_seconds 0.0212
probe_http_duration_seconds{phase="connect"} 0.0002
probe_http_duration_seconds{phase="processing"} 0.0205
`;

	t.deepEqual(readProbe(answer), {reportedMs: 21.2, runMs: 21.2, processingMs: 20.5});
	t.is(readProbe(answer.replace('success 1', 'success 0')), undefined);
});

test("a step of cloudprober's counters by one is one run, told between two reads", t => {
	const runs = runsOf([cloudproberSays(1000, 5, 100_000), cloudproberSays(1500, 6, 121_000)]);

	t.deepEqual(runs, [{path: '/cloudprober/t0', startedWallMs: 1229, reportedMs: 21}]);
});

test('two runs at once cannot be told apart, and a run that failed has no latency', t => {
	t.deepEqual(runsOf([cloudproberSays(1000, 5, 100_000), cloudproberSays(1500, 7, 142_000)]), []);
	t.deepEqual(runsOf([cloudproberSays(1000, 5, 100_000), cloudproberSays(1500, 6, 100_000, 5)]), []);
});

test('each target has an address and a path of its own', t => {
	const targets = targetsOf('cloudprober', {scheme: 'https', targets: 300});

	t.is(targets[299]?.url, 'https://100.64.1.44:8443/cloudprober/t299');
	t.is(new Set(targets.map(({url}) => new URL(url).host)).size, 300);
	t.is(addressOf(100_000), '100.65.134.161');
});
