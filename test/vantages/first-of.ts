import test from 'ava';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {createFirstOf, type WayStarter} from '../../src/vantages/first-of.ts';
import type {Vantage, VantageState} from '../../src/vantages/types.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const member = {name: 'june-gpu-1', group: 'gpu', address: '100.64.0.7'};
const check = aCheck({vantage: 'june-gpu-1', intervalMs: 1000, timeoutMs: 500});
const noSlots = {overlap: 0, late: 0};

/** A way whose condition the test sets; it remembers what was asked of it. */
function aWay(type: string, condition: VantageState['condition'] = 'starting') {
	const way = {
		type,
		condition,
		unsupported: false,
		detail: `${type} is not there`,
		runs: {started: 0, up: 0, down: 0, unknown: 0},
		threadRestarts: 0,
		intake: undefined as VantageState['intake'] | undefined,
		started: 0,
		stopped: 0,
		assigned: [] as (readonly Check[])[],
		hooks: undefined as undefined | Parameters<WayStarter['start']>[0],
		starter: undefined as unknown as WayStarter,
	};
	way.starter = {
		type,
		start(hooks) {
			way.started++;
			way.hooks = hooks;
			const vantage: Vantage = {
				name: member.name,
				assign: checks => void way.assigned.push(checks),
				run: async asked =>
					anOutcome({
						key: asked.key,
						kind: 'adhoc',
						detail: `by ${type}`,
						...(way.condition === 'gone' ? {verdict: 'unknown', reason: 'vantage'} : {}),
					}),
				state: () => ({
					name: member.name,
					type,
					condition: way.condition,
					...(way.condition === 'gone' ? {detail: way.detail} : {}),
					...(way.unsupported ? {unsupported: true} : {}),
					latenessMs: 0,
					runsInFlight: 0,
					runs: way.runs,
					skippedSlots: noSlots,
					threadRestarts: way.threadRestarts,
					...(way.intake ? {intake: way.intake} : {}),
					facts: {},
				}),
				addresses: () => [],
				stop: async () => void way.stopped++,
			};
			return vantage;
		},
	};
	return way;
}

function start(...ways: ReturnType<typeof aWay>[]) {
	const clock = fakeClock();
	const outcomes: Outcome[] = [];
	const changes: string[] = [];
	const vantage = createFirstOf({
		member,
		ways: ways.map(({starter}) => starter),
		onOutcomes: batch => outcomes.push(...batch),
		onChange: () => changes.push(vantage?.state().type ?? ''),
		clock,
	});
	return {vantage, clock, outcomes, changes};
}

const used = (vantage: Vantage) => vantage.state().ways?.map(({type, inUse, condition}) => [type, inUse, condition]);

test('the first way is used as soon as it works, and the others are not even tried', async t => {
	const agent = aWay('agent');
	const ssh = aWay('ssh');
	const {vantage, clock} = start(agent, ssh);
	vantage.assign([check]);
	t.is(vantage.state().condition, 'starting');

	agent.condition = 'sound';
	await clock.advance(1000);

	t.like(vantage.state(), {condition: 'sound', type: 'agent', group: 'gpu'});
	t.deepEqual(used(vantage), [
		['agent', true, 'sound'],
		['ssh', false, 'idle'],
	]);
	t.deepEqual(agent.assigned.at(-1), [check]);
	t.is(ssh.started, 0);
	t.is((await vantage.run(check, 1000)).detail, 'by agent');
});

test('a sentence that asks is not ended a second time', async t => {
	const agent = aWay('agent', 'gone');
	agent.detail = 'Nothing listens there: does it run?';

	const {vantage} = start(agent);

	t.is(vantage.state().detail, 'june-gpu-1 cannot look: by agent: Nothing listens there: does it run?');
});

test('a way that goes on failing gives way to the next, and takes over again when it is back', async t => {
	const agent = aWay('agent', 'sound');
	const ssh = aWay('ssh', 'sound');
	const {vantage, clock} = start(agent, ssh);
	vantage.assign([check]);
	await clock.advance(1000);

	agent.condition = 'gone';
	await clock.advance(2000);
	t.is(ssh.started, 0, 'it is given some seconds to come back');
	await clock.advance(6000);
	t.like(vantage.state(), {condition: 'sound', type: 'ssh'});
	t.deepEqual(ssh.assigned.at(-1), [check]);

	agent.condition = 'sound';
	await clock.advance(1000);
	t.like(vantage.state(), {condition: 'sound', type: 'agent'});
	t.deepEqual(agent.assigned.at(-1), [check]);
	t.is(ssh.stopped, 1);
});

test('while no way works the checks are unknown at their slots, with what stands in each way', async t => {
	const agent = aWay('agent', 'gone');
	const pod = aWay('pod', 'gone');
	pod.unsupported = true;
	const {vantage, clock, outcomes} = start(agent, pod);
	vantage.assign([check]);

	await clock.advance(8000);

	t.like(outcomes.at(-1), {key: check.key, kind: 'scheduled', verdict: 'unknown', reason: 'vantage'});
	t.is(outcomes.at(-1)?.detail, 'june-gpu-1 cannot look: by agent: agent is not there; by pod: pod is not there.');
	t.like(vantage.state(), {condition: 'gone', type: 'remote'});
	t.like(
		await vantage.run(check, 1000),
		{
			kind: 'adhoc',
			verdict: 'unknown',
			reason: 'vantage',
			detail: 'by agent',
		},
		'it is tried for whoever asks',
	);
	const {runs} = vantage.state();
	t.true(runs.started >= 7);
	t.is(runs.unknown, runs.started);

	const before = outcomes.length;
	agent.condition = 'sound';
	await clock.advance(3000);
	t.true(outcomes.length <= before + 1, 'from then on the way itself tells');
});

test('when no way can ever work there, that is a fact and no trouble', async t => {
	const pod = aWay('pod', 'gone');
	pod.unsupported = true;
	const {vantage, clock, outcomes} = start(pod);
	vantage.assign([check]);

	await clock.advance(1500);

	t.like(outcomes.at(-1), {verdict: 'unknown', reason: 'unsupported'});
	t.like(vantage.state(), {condition: 'gone', unsupported: true});
	t.deepEqual(used(vantage), [['pod', false, 'unsupported']]);
});

test('the next way is tried at once where the one before cannot work there', async t => {
	const pod = aWay('pod', 'gone');
	pod.unsupported = true;
	const ssh = aWay('ssh', 'sound');
	const {vantage, clock} = start(pod, ssh);

	await clock.advance(0);

	t.like(vantage.state(), {condition: 'sound', type: 'ssh'});
});

test('what a way that was left still says is not heard, and its runs stay counted', async t => {
	const agent = aWay('agent', 'gone');
	const ssh = aWay('ssh', 'sound');
	const {vantage, clock, outcomes} = start(agent, ssh);
	await clock.advance(6000);
	ssh.hooks?.onOutcomes([anOutcome({key: check.key})]);
	ssh.runs = {started: 3, up: 2, down: 0, unknown: 1};
	t.is(outcomes.length, 1);

	agent.condition = 'sound';
	await clock.advance(1000);
	ssh.hooks?.onOutcomes([anOutcome({key: check.key})]);

	t.is(outcomes.length, 1);
	t.like(vantage.state().runs, {started: 3, up: 2, unknown: 1});
});

test('a slot that was told unknown is not told again by an agent that comes back with what it measured meanwhile', async t => {
	const agent = aWay('agent', 'gone');
	const {vantage, clock, outcomes} = start(agent);
	vantage.assign([check]);
	await clock.advance(6000);
	const mourned = outcomes.at(-1) as Outcome;
	t.is(mourned.verdict, 'unknown');
	agent.condition = 'sound';
	await clock.advance(1000);
	outcomes.length = 0;

	const since = mourned.startedAt;
	const measured = [since - 2000, since - 1000, since + 1000].map(startedAt => anOutcome({key: check.key, startedAt}));
	agent.hooks?.onOutcomes(measured);

	t.deepEqual(
		outcomes.map(({startedAt, belated}) => [startedAt - since, belated]),
		[
			[-2000, true],
			[-1000, true],
			[1000, undefined],
		],
	);
});

test('what was counted of a way stays counted while another is used', async t => {
	const agent = aWay('agent', 'sound');
	const pod = aWay('pod', 'sound');
	agent.threadRestarts = 7;
	agent.intake = {rejected: {foreign: 2}, lost: 3};
	const {vantage, clock} = start(agent, pod);
	const counted = () => {
		const {threadRestarts, intake} = vantage.state();
		return {threadRestarts, intake};
	};
	const all = {threadRestarts: 7, intake: {rejected: {foreign: 2}, lost: 3}};
	t.deepEqual(counted(), all);

	agent.condition = 'gone';
	await clock.advance(7000);
	t.is(vantage.state().type, 'pod');
	t.deepEqual(counted(), all);

	agent.condition = 'sound';
	await clock.advance(1000);
	t.is(vantage.state().type, 'agent');
	t.deepEqual(counted(), all);
});

test('whoever watches is told when the way changes, and only then', async t => {
	const agent = aWay('agent', 'sound');
	const {clock, changes} = start(agent);
	await clock.advance(5000);
	const before = changes.length;

	agent.condition = 'gone';
	agent.hooks?.onChange();
	await clock.advance(20_000);

	t.is(changes.length, before + 1);
});

test('after the end nothing runs any more', async t => {
	const agent = aWay('agent', 'gone');
	const {vantage, clock, outcomes} = start(agent);
	vantage.assign([check]);
	await clock.advance(2000);

	await vantage.stop();
	const before = outcomes.length;
	await clock.advance(10_000);

	t.is(agent.stopped, 1);
	t.is(outcomes.length, before);
	t.is(clock.pending(), 0);
});
