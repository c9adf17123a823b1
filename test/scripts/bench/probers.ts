import test from 'ava';
import {runsOf} from '../../../scripts/bench/cloudprober.ts';
import {addressOf} from '../../../scripts/bench/namespace.ts';
import {readProbe} from '../../../scripts/bench/probe-answer.ts';
import {targetsOf} from '../../../scripts/bench/probers.ts';

function cloudproberSays(seconds: number, total: number, latency: number, success = total): string {
	const line = (probe: string) =>
		`cloudprober 17 ${seconds} labels=ptype=http,probe=${probe},dst=t0 total=${total} success=${success} latency=${latency}.5\n`;
	return line('others') + line('bench');
}

test("blackbox_exporter's answer gives its duration and its processing phase in milliseconds", t => {
	const answer = `probe_success 1
probe_duration_seconds 0.0212
probe_http_duration_seconds{phase="connect"} 0.0002
probe_http_duration_seconds{phase="processing"} 0.0205
`;

	t.deepEqual(readProbe(answer), {reportedMs: 21.2, runMs: 21.2, phasesMs: 20.7, processingMs: 20.5});
	t.is(readProbe(answer.replace('success 1', 'success 0')), undefined);
});

test("a step of cloudprober's counters by one is one run, of the seconds that are asked for", t => {
	const lines = [5, 6, 7, 8].map(total => cloudproberSays(1000 + total, total, total * 21_000)).join('');

	const runs = runsOf(lines, 1007, 1008);

	t.deepEqual(runs, [{path: '/cloudprober/t0', reportedMs: 21}]);
});

test('two runs at once cannot be told apart, and a run that failed has no latency', t => {
	const first = cloudproberSays(1000, 5, 100_000);

	t.deepEqual(runsOf(first + cloudproberSays(1001, 7, 142_000), 0, 9999), []);
	t.deepEqual(runsOf(first + cloudproberSays(1001, 6, 100_000, 5), 0, 9999), []);
});

test('each target has an address and a path of its own', t => {
	const targets = targetsOf('cloudprober', {scheme: 'https', targets: 300});

	t.is(targets[299]?.url, 'https://100.64.1.44:8443/cloudprober/t299');
	t.is(new Set(targets.map(({url}) => new URL(url).host)).size, 300);
	t.is(addressOf(100_000), '100.65.134.161');
});
