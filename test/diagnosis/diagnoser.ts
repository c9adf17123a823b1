import test from 'ava';
import type {DepartedNode} from '../../src/diagnosis/departed.ts';
import {createDiagnoser} from '../../src/diagnosis/diagnoser.ts';
import type {Outcome} from '../../src/engine/types.ts';
import {createExposition} from '../../src/metrics/exposition.ts';
import type {CheckView, DiagnoseRequest} from '../../src/server/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import {createLog} from '../../src/util/log.ts';
import type {Vantage} from '../../src/vantages/types.ts';
import {aNode, aNodeView, anOutcome, aReading, fakeDaemon} from '../helpers/fake-daemon.ts';
import {aLink, aTunnel, isDown, isUp} from '../helpers/scenes.ts';

const links = ['tts', 'stt', 'llm', 'vad', 'asr'].map(name => aLink({name, target: {name, peer: name}}));

/** A daemon that remembers everything as up, and a vantage on which `refused` is refused now. */
function setUp(checks: readonly CheckView[] = links.map(link => isUp(link)), left?: DepartedNode) {
	const nodes = [...links.map(({name}) => name), 'june-gpu-1'].map(name => aNodeView({node: aNode({name})}));
	const state = {checks, nodes, runs: 0, aborted: 0, hold: undefined as Promise<void> | undefined};
	const lines: Record<string, unknown>[] = [];
	const exposition = createExposition();
	const vantage = {
		name: 'cluster',
		async run({key, type}: {key: string; type: string}, _deadlineMs: number, signal?: AbortSignal): Promise<Outcome> {
			state.runs++;
			signal?.addEventListener('abort', () => state.aborted++, {once: true});
			await state.hold;
			if (type === 'tunnel') return anOutcome({key, kind: 'adhoc', reading: aReading()});
			if (type === 'icmp')
				return anOutcome({key, kind: 'adhoc', verdict: 'unknown', reason: 'late', detail: 'Our thread was late.'});
			return anOutcome({key, kind: 'adhoc', verdict: 'down', reason: 'refused', detail: 'It was refused.'});
		},
	} as unknown as Vantage;
	const {diagnose} = createDiagnoser({
		exposition,
		log: createLog({level: 'info', format: 'json'}, {
			write: (line: string) => lines.push(JSON.parse(line)),
			isTTY: false,
		} as never),
		...(left ? {departed: {look() {}, find: text => (text === left.name ? left : undefined)}} : {}),
		source: () =>
			fakeDaemon({
				checks: () => state.checks,
				nodes: () => state.nodes,
				...(left ? {listedNodes: () => ({nodes: state.nodes.map(({node}) => node)})} : {}),
			}),
		tools: {
			clock: systemClock,
			vantages: () => [vantage],
			prefixes: () => ['100.64.0.0/10'],
			refreshHeadscale: () => undefined,
			askPeer: async () => undefined,
			askBigPings: async () => undefined,
			onBug() {},
		},
	});
	return {
		state,
		lines,
		ask: (subject: string, part: Partial<DiagnoseRequest> = {}) => diagnose({subject, caller: 'test', ...part}),
		async metrics() {
			let text = '';
			for await (const piece of exposition.render()) text += piece;
			return text;
		},
	};
}

test('what is found now is told, not what was remembered', async t => {
	const {ask} = setUp([isUp(aLink()), isUp(aTunnel())]);

	const answer = await ask('tts june-gpu-1');

	t.like(answer, {
		kind: 'diagnosed',
		diagnosis: {verdict: 'down', cause: {id: 'service-refused'}, asked: {looks: 2}},
	});
});

test('a run that could not look is told, and what was known stands', async t => {
	const ping = aLink({name: 'ping', type: 'icmp', target: {address: 'june-gpu-1'}});

	const answer = await setUp([isDown(ping, 'timeout'), isUp(aTunnel())]).ask('ping june-gpu-1');

	t.like(answer, {kind: 'diagnosed', diagnosis: {verdict: 'down'}});
	t.true(
		answer.kind === 'diagnosed' &&
			answer.unasked.includes(
				'ping june-gpu-1 from cluster could not be looked at now: Our thread was late. Its last run stands.',
			),
	);
});

test('who asked for what, and what came of it, is logged and counted', async t => {
	const {ask, lines, metrics} = setUp();

	await ask('tts tts', {caller: 'anna', callerAddress: '100.64.0.9'});

	t.like(lines.at(-1), {
		msg: 'diagnosis',
		caller: 'anna',
		address: '100.64.0.9',
		subject: 'tts/cluster/tts',
		verdict: 'down',
		cause: 'service-refused',
	});
	t.regex(await metrics(), /tailprobe_diagnoses_total\{verdict="down"\} 1\n/);
	t.regex(await metrics(), /tailprobe_diagnoses_total\{verdict="unknown"\} 0\n/);
});

test('an unknown name costs nothing', async t => {
	const {ask, state, lines} = setUp();

	const answer = await ask('moon');

	t.like(answer, {kind: 'bad_request', field: 'subject'});
	t.is(state.runs, 0);
	t.is(lines.length, 0);
});

test('those who ask for the same at the same time share one asking', async t => {
	const {ask, state, lines} = setUp();
	const end = Promise.withResolvers<void>();
	state.hold = end.promise;

	const asked = [ask('tts tts', {caller: 'a'}), ask('tts/cluster/tts', {caller: 'b'}), ask('tts tts', {caller: 'a'})];
	const runs = state.runs;
	end.resolve();
	const answers = await Promise.all(asked);

	t.true(runs > 0);
	t.is(state.runs, runs);
	t.deepEqual(new Set(answers.map(({kind}) => kind)), new Set(['diagnosed']));
	t.is(lines.filter(({shared}) => shared === true).length, 2);
});

test('more at a time than four in all, or one for a caller, are told to wait', async t => {
	const {ask, state} = setUp();
	const end = Promise.withResolvers<void>();
	state.hold = end.promise;
	const held = [ask('tts tts', {callerKey: 'a'})];

	const second = await ask('stt stt', {callerKey: 'a'});
	held.push(ask('stt stt', {callerKey: 'b'}), ask('llm llm', {callerKey: 'c'}), ask('vad vad', {callerKey: 'd'}));
	const fifth = await ask('asr asr', {callerKey: 'e'});
	end.resolve();
	await Promise.all(held);
	const later = await ask('asr asr', {callerKey: 'a'});

	t.like(second, {
		kind: 'busy',
		detail: 'A diagnosis of yours is under way, which is the limit for one caller. Try again in some seconds.',
	});
	t.like(fifth, {kind: 'busy', detail: '4 diagnoses are under way, which is the limit. Try again in some seconds.'});
	t.is(later.kind, 'diagnosed');
});

test('it goes on while somebody waits for it, and ends when the last one left', async t => {
	const {ask, state} = setUp();
	state.hold = new Promise(() => {});
	const [first, second] = [new AbortController(), new AbortController()];

	const asked = [ask('tts tts', {signal: first.signal}), ask('tts tts', {signal: second.signal})];
	first.abort();
	const afterOne = state.aborted;
	second.abort();
	await Promise.all(asked);

	t.is(afterOne, 0);
	t.true(state.aborted > 0);
	state.hold = undefined;
	t.is((await ask('stt stt')).kind, 'diagnosed');
});

test('who comes right after the last one left has an asking of his own', async t => {
	const {ask, state, lines} = setUp();
	state.hold = new Promise(() => {});
	const first = new AbortController();
	const left = ask('tts tts', {caller: 'a', signal: first.signal});
	first.abort();
	state.hold = undefined;

	const [answer] = await Promise.all([ask('tts tts', {caller: 'a'}), left]);

	t.like(answer, {kind: 'diagnosed', diagnosis: {cause: {id: 'service-refused'}, asked: {looks: 1}}});
	t.false(lines.some(({shared}) => shared === true));
});

test('a check that is planned no more since its node left is still told of', async t => {
	const {ask, state} = setUp([isUp(aLink())]);
	const end = Promise.withResolvers<void>();
	state.hold = end.promise;

	const asked = ask('tts june-gpu-1');
	state.checks = [];
	state.nodes = [];
	end.resolve();
	const answer = await asked;

	t.like(answer, {kind: 'diagnosed', diagnosis: {subject: {kind: 'check'}, verdict: 'down', asked: {looks: 1}}});
});

test('a node that left is told as what it is, and nobody knows how it is', async t => {
	const {ask, state} = setUp([], {
		name: 'gpu2',
		addresses: ['100.64.0.9'],
		leftAtMs: Date.now() - 600_000,
		checks: [isUp(aTunnel({target: {name: 'gpu2', peer: 'gpu2', address: 'gpu2'}}))],
	});
	state.nodes = [];

	const answer = await ask('gpu2');

	t.like(answer, {
		kind: 'diagnosed',
		diagnosis: {subject: {kind: 'node', node: 'gpu2'}, verdict: 'unknown', cause: {id: 'node-left'}},
	});
	t.true(answer.kind === 'diagnosed' && /^gpu2 left the tailnet 10 min ago\./.test(answer.diagnosis.cause?.says ?? ''));
});
