import test from 'ava';
import {latencySeconds, measuredSeconds} from '../../src/engine/latency.ts';
import {aCheck, anOutcome, aReading} from '../helpers/checks.ts';

test('what was measured are the phases, without what stands around them', t => {
	const reading = aReading({phases: {resolve: 0.5, connect: 0.25, processing: 0.125}});

	t.is(measuredSeconds(anOutcome({durationMs: 5000, reading})), 0.875);
	t.is(latencySeconds(aCheck(), anOutcome({durationMs: 5000, reading})), 0.875);
});

test('of a run without phases it is all of it', t => {
	t.is(measuredSeconds(anOutcome({durationMs: 20})), 0.02);
	t.is(measuredSeconds(anOutcome({durationMs: 20, reading: aReading({phases: {}})})), 0.02);
});

test('types with round trips have those', t => {
	const reading = aReading({phases: {resolve: 0.001}, values: {rtt_seconds: 0.25, disco_seconds: 0.5}});

	t.is(latencySeconds(aCheck({type: 'icmp'}), anOutcome({reading})), 0.25);
	t.is(latencySeconds(aCheck({type: 'stun'}), anOutcome({reading})), 0.25);
	t.is(latencySeconds(aCheck({type: 'tunnel'}), anOutcome({reading})), 0.5);
	t.is(latencySeconds(aCheck({type: 'tunnel'}), anOutcome()), undefined);
});

test('only a run that was up and not late has a latency', t => {
	t.is(latencySeconds(aCheck(), undefined), undefined);
	t.is(latencySeconds(aCheck(), anOutcome({verdict: 'down'})), undefined);
	t.is(latencySeconds(aCheck(), anOutcome({late: true})), undefined);
});
