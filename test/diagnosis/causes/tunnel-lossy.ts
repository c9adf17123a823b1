import test from 'ava';
import {tunnelLossy} from '../../../src/diagnosis/causes/tunnel-lossy.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aReading} from '../../helpers/fake-daemon.ts';
import {aScene, aTunnel, isDown} from '../../helpers/scenes.ts';
import {aFresh, listed, pastRuns, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const lossy = (lost: number) =>
	pastRuns(Array.from({length: 10}, (_, at) => ({values: {pings_sent: 3, pings_lost: at < lost ? 1 : 0}})));

test('many lost pings over the last runs slow the tunnel', t => {
	const {cause} = nameCauses(aScene([tunnelUp('june-gpu-1')], {history: lossy(6)}));

	t.like(cause, {id: 'tunnel-lossy', effect: 'slows', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(
		cause?.says ?? '',
		/6 of the last 30 pings from cluster to june-gpu-1 through the tunnel were lost \(20 %\), the last one 3 s ago/,
	);
});

test('a tunnel that is down for its loss is broken by it', t => {
	const check = isDown(aTunnel(), 'loss', '2 of 3 TSMP pings were lost.', {
		facts: {disco: 'answered', tsmp: 'answered'},
		values: {pings_sent: 3, pings_lost: 2},
	});

	t.like(nameCauses(aScene([check], {history: lossy(8), nodes: listed('june-gpu-1')})).cause, {
		id: 'tunnel-lossy',
		effect: 'breaks',
	});
});

test('single lost pings are none, nor is silence', t => {
	t.is(tunnelLossy.find(aScene([tunnelUp('june-gpu-1')], {history: lossy(2)})), undefined);
	t.is(tunnelLossy.find(aScene([tunnelDown('june-gpu-1')], {history: lossy(6)})), undefined);
});

test('what just began is told where it was looked at now, and is no more than likely', t => {
	const tunnel = tunnelUp('june-gpu-1');
	const {last} = tunnel;
	if (!last) return t.fail();
	const fresh = aFresh({
		outcomes: new Map([
			[tunnel.check.key, {...last, reading: {...aReading(), values: {pings_sent: 3, pings_lost: 1}}}],
		]),
	});

	t.like(tunnelLossy.find(aScene([tunnel], {history: lossy(1), fresh})), {effect: 'slows', confidence: 'likely'});
	t.is(tunnelLossy.find(aScene([tunnel], {history: lossy(0), fresh})), undefined, 'one run of four');
});

test('of what is nearly over nothing is certain', t => {
	const runs = [0, 0, 1, 0, 1, 1, 1, 1].map(lost => ({values: {pings_sent: 3, pings_lost: lost}}));

	const found = tunnelLossy.find(aScene([tunnelUp('june-gpu-1')], {history: pastRuns(runs)}));

	t.is(found?.confidence, 'likely');
	t.regex(found?.says ?? '', /the last one 33 s ago/);
});

test('a loss that is over, and an outage that is over, are no loss', t => {
	const sound = Array.from({length: 4}, () => ({values: {pings_sent: 3, pings_lost: 0}}));
	const over = pastRuns([...sound, ...Array.from({length: 6}, () => ({values: {pings_sent: 3, pings_lost: 1}}))]);
	const outage = (key: string) => {
		const kept = lossy(0)(key);
		const down = kept.recent.map(run => ({
			...run,
			verdict: 'down' as const,
			reason: 'timeout' as const,
			reading: {ok: false, values: {pings_sent: 3, pings_lost: 3}, facts: {}},
		}));
		return {...kept, recent: [...kept.recent.slice(0, 3), ...down]};
	};

	t.is(tunnelLossy.find(aScene([tunnelUp('june-gpu-1')], {history: over})), undefined);
	t.is(tunnelLossy.find(aScene([tunnelUp('june-gpu-1')], {history: outage})), undefined);
});
