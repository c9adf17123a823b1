import test from 'ava';
import {findMismatches, type Window} from '../../../scripts/soak/judge.ts';

const kinds = [
	{name: 'good', deserves: 'up'},
	{name: 'closed', deserves: ['refused']},
] as const;

const calm: Window = {up: new Map(), failures: new Map(), wasKilled: false, targetsLateMs: 0, timeoutMs: 400};

test('deserved verdicts are no mismatches', t => {
	const window = {...calm, up: new Map([['good', 9]]), failures: new Map([['closed refused', 4]])};

	t.deepEqual(findMismatches(kinds, window), []);
});

test('a bad target that is up, a good one that is down, and a wrong reason are told with their number', t => {
	const window = {
		...calm,
		up: new Map([['closed', 1]]),
		failures: new Map([
			['good reset', 2],
			['closed timeout', 3],
			['closed refused', 4],
		]),
	};

	t.deepEqual(findMismatches(kinds, window), [
		{kind: 'good', said: 'reset', runs: 2},
		{kind: 'closed', said: 'up', runs: 1},
		{kind: 'closed', said: 'timeout', runs: 3},
	]);
});

test('only what explains a verdict excuses it', t => {
	const failures = new Map([
		['good late', 1],
		['good vantage', 1],
		['good timeout', 1],
		['good internal', 1],
	]);
	const said = (part: Partial<Window>) => findMismatches(kinds, {...calm, failures, ...part}).map(({said}) => said);

	t.deepEqual(said({}), ['vantage', 'timeout', 'internal']);
	t.deepEqual(said({wasKilled: true}), ['timeout', 'internal']);
	t.deepEqual(said({targetsLateMs: 200}), ['internal']);
});
