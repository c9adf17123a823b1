import test from 'ava';
import type {Logger} from 'pino';
import type {Outcome} from '../../src/engine/types.ts';
import type {Transition} from '../../src/sinks/history.ts';
import {createTransitionLog} from '../../src/sinks/log.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';

function aLog() {
	const lines: [level: string, message: string, fields: Record<string, unknown>][] = [];
	const write = (level: string) => (fields: Record<string, unknown>, message: string) =>
		lines.push([level, message, fields]);
	const timers = new Set<() => void>();
	const clock = {
		after(_delayMs: number, call: () => void) {
			timers.add(call);
			return () => timers.delete(call);
		},
	};
	const log = {info: write('info'), warn: write('warn')} as unknown as Logger;
	const passTime = () => {
		for (const call of timers) call();
		timers.clear();
	};
	return {lines, passTime, transitions: createTransitionLog(log, clock)};
}

const checkNamed = (name: string, vantage = 'cluster') => aCheck({key: `${name}/${vantage}`, name, vantage});

function change(from: Transition['from'], to: Transition['to'], part: Partial<Outcome> = {}): Transition {
	return {from, to, outcome: anOutcome({verdict: to, ...part}), sinceMs: 1_700_000_000_000};
}
const lost = change('up', 'unknown', {reason: 'vantage', detail: 'Our own network is gone.'});
const back = change('unknown', 'up');

test('checks that cannot be looked at for the sake of the vantage are one line with their number', t => {
	const {lines, passTime, transitions} = aLog();

	for (const name of ['a', 'b', 'c']) transitions.tell(checkNamed(name), lost);
	t.deepEqual(lines, []);
	passTime();

	t.is(lines.length, 1);
	t.like(lines[0], {0: 'warn', 1: 'checks cannot be looked at'});
	t.like(lines[0]?.[2], {
		vantage: 'cluster',
		count: 3,
		checks: ['a june-orchestrator', 'b june-orchestrator', 'c june-orchestrator'],
		since: '2023-11-14T22:13:20.000Z',
		detail: 'Our own network is gone.',
	});
});

test('ten of them are named, and how many more there are', t => {
	const {lines, passTime, transitions} = aLog();

	for (let at = 1; at <= 15; at++) transitions.tell(checkNamed(`c${at}`), lost);
	passTime();

	const checks = lines[0]?.[2].checks as string[];
	t.deepEqual(checks.slice(-2), ['c10 june-orchestrator', 'and 5 more']);
	t.is(checks.length, 11);
});

test('so are those that are up again after that, and each vantage has its own line', t => {
	const {lines, passTime, transitions} = aLog();

	for (const vantage of ['cluster', 'gpu']) {
		transitions.tell(checkNamed('a', vantage), back);
		transitions.tell(checkNamed('b', vantage), back);
	}
	passTime();

	t.deepEqual(
		lines.map(([level, message, {vantage, count}]) => [level, message, vantage, count]),
		[
			['info', 'checks are up, and can be looked at again', 'cluster', 2],
			['info', 'checks are up, and can be looked at again', 'gpu', 2],
		],
	);
});

test('a single one has the line that it always had', t => {
	const {lines, passTime, transitions} = aLog();

	transitions.tell(checkNamed('a'), lost);
	passTime();

	t.like(lines[0], {0: 'warn', 1: 'check cannot be looked at'});
	t.like(lines[0]?.[2], {check: 'a', from: 'up', to: 'unknown', reason: 'vantage'});
});

test('a check that is down, was down, or cannot be looked at for a reason of its own is told at once', t => {
	const {lines, transitions} = aLog();

	transitions.tell(checkNamed('a'), change('up', 'down', {reason: 'timeout'}));
	transitions.tell(checkNamed('b'), {...back, downForMs: 61_000});
	transitions.tell(checkNamed('c'), change('new', 'unknown', {reason: 'unsupported'}));

	t.deepEqual(
		lines.map(([, message, {check}]) => [message, check]),
		[
			['check is down', 'a'],
			['check is up', 'b'],
			['check cannot be looked at', 'c'],
		],
	);
});

test('who is back before the loss was told is not told at all, and who is down meanwhile only as down', t => {
	const {lines, passTime, transitions} = aLog();

	transitions.tell(checkNamed('a'), lost);
	transitions.tell(checkNamed('a'), back);
	transitions.tell(checkNamed('b'), lost);
	transitions.tell(checkNamed('b'), change('unknown', 'down', {reason: 'refused'}));
	passTime();

	t.deepEqual(
		lines.map(([, message, {check}]) => [message, check]),
		[['check is down', 'b']],
	);
});

test('what still waits is written at the end, once', t => {
	const {lines, passTime, transitions} = aLog();
	transitions.tell(checkNamed('a'), lost);
	transitions.tell(checkNamed('b'), lost);

	transitions.flush();
	passTime();

	t.is(lines.length, 1);
});
