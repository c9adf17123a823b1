import test from 'ava';
import {createStandings} from '../../src/vantages/standing.ts';
import {aVantage} from '../helpers/fake-daemon.ts';

const agent = {type: 'agent', inUse: false, condition: 'gone'} as const;
const remote = (over: Parameters<typeof aVantage>[0] = {}) =>
	aVantage({
		name: 'june-gpu-1',
		type: 'remote',
		group: 'gpu',
		condition: 'gone',
		detail: 'june-gpu-1 cannot look: by agent: nothing listens there.',
		ways: [agent],
		...over,
	});

function setUp() {
	let nowMs = 1_700_000_000_000;
	const standings = createStandings({wall: () => nowMs});
	return {standings, pass: (ms: number) => (nowMs += ms)};
}

test('what is reached through the tailnet is not blamed while our own tailscaled is not sound', t => {
	const {standings} = setUp();

	const [, found] = standings.look([{state: aVantage({name: 'cluster', condition: 'sick'})}, {state: remote()}]);

	t.is(found?.behind, 'cluster');
	t.is(found?.detail, 'It is reached through the tailnet, and vantage cluster is sick: nothing can be said of it.');
});

test('a vantage that is only reached through the Kubernetes API has its own trouble', t => {
	const {standings} = setUp();
	const state = remote({ways: [{...agent, type: 'pod'}]});

	const [, found] = standings.look([{state: aVantage({name: 'cluster', condition: 'sick'})}, {state}]);

	t.is(found?.behind, undefined);
	t.is(found?.detail, state.detail);
});

test('a machine that left the tailnet is told so, and what stands in the way of its agent is not', t => {
	const {standings, pass} = setUp();
	const left = {sinceMs: 1_700_000_000_000, graceMs: 300_000};
	pass(20_000);

	const [found] = standings.look([{state: remote(), left}]);

	t.regex(found?.detail ?? '', /headscale has not listed june-gpu-1 for 20 s: it left the tailnet\. .*5 min/);
	t.is(found?.leftSinceMs, left.sinceMs);
});

test('a condition is dated from when it began, and anew when it comes again', t => {
	const {standings, pass} = setUp();
	const look = (condition: 'sound' | 'gone') => standings.look([{state: remote({condition})}])[0]?.sinceMs ?? 0;
	const start = look('gone');

	pass(5000);
	t.is(look('gone'), start);
	pass(5000);
	t.is(look('sound'), start + 10_000);
	pass(5000);
	t.is(look('gone'), start + 15_000);
});
