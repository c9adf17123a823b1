import test from 'ava';
import {type CheckFacts, checkCollector} from '../../src/collectors/checks.ts';
import {checkRows, collect} from '../helpers/samples.ts';

function facts(part: Partial<CheckFacts> = {}): CheckFacts {
	return {name: 'tts', type: 'http', via: 'tailnet', critical: true, intervalMs: 15_000, ...part};
}

test('its rows keep to the rules', t => {
	checkRows(t, checkCollector);
});

test('a check tells what it is and how often it runs, and promises only what is promised', t => {
	const promised = facts({name: 'livekit', objectiveMs: 100, availabilityObjective: 0.995});
	const closed = facts({name: 'public', type: 'tcp', via: 'direct', expect: 'unreachable', critical: false});

	const lines = collect(t, checkCollector, [promised, closed], 0);

	t.deepEqual(lines, [
		'tailprobe_check_availability_objective_ratio{check="livekit"} 0.995',
		'tailprobe_check_info{check="livekit",type="http",via="tailnet",expect="answer",critical="true"} 1',
		'tailprobe_check_info{check="public",type="tcp",via="direct",expect="unreachable",critical="false"} 1',
		'tailprobe_check_interval_seconds{check="livekit"} 15',
		'tailprobe_check_interval_seconds{check="public"} 15',
		'tailprobe_check_latency_objective_seconds{check="livekit"} 0.1',
	]);
});
