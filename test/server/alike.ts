import test from 'ava';
import {describeAlike, findAlike} from '../../src/server/alike.ts';
import {sayAlike} from '../../src/server/say-alike.ts';
import {aCheck, aCheckView, anOutcome, fakeDaemon, someTime} from '../helpers/fake-daemon.ts';

const {target} = aCheck();

test('alike is what the same vantage has of the same address, or of the same name and type; the same type first', t => {
	const run = aCheck({
		key: 'adhoc',
		name: 'adhoc',
		target: {...target, name: 'adhoc', address: 'https://headscale.lab'},
	});
	const there = {...target, name: 'headscale', address: 'https://headscale.lab/'};
	const checks = [
		aCheck({name: 'derp', type: 'derp', target: there}),
		aCheck({name: 'web', target: there}),
		aCheck({name: 'elsewhere', vantage: 'gpu', target: there}),
		aCheck({name: 'other', target: {...there, address: 'https://headscale.lab/key'}}),
	];
	const byName = aCheck({target: {...target, address: 'gpu-1'}});
	const named = [
		aCheck({target: {...target, name: 'gpu-1'}}),
		aCheck({type: 'tcp', target: {...target, name: 'gpu-1'}}),
	];

	t.deepEqual(
		findAlike(run, checks).map(({name}) => name),
		['web', 'derp'],
	);
	t.deepEqual(findAlike(byName, named), named.slice(0, 1));
});

test('over a bare name stands first the tunnel check of that node, which tells whether it is reachable, and how to run it', t => {
	const aim = (address: string) => aCheck({name: 'adhoc', target: {name: 'adhoc', address, via: 'tailnet', peer: ''}});
	const node = {name: 'gpu-1', address: '100.64.0.7', via: 'tailnet', peer: 'gpu-1'} as const;
	const http = (name: string) => aCheck({name, target: {...node, address: `http://gpu-1:${name}/`}});
	const tunnel = aCheck({name: 'tunnel', type: 'tunnel', target: node});
	const other = aCheck({
		name: 'tunnel',
		type: 'tunnel',
		target: {...node, name: 'gpu-2', address: '100.64.0.8', peer: 'gpu-2'},
	});
	const checks = [http('1'), http('2'), http('3'), other, tunnel];
	const views = checks.map((check, at) => aCheckView({check: {...check, key: `${at}`}, verdict: 'up', ran: true}));
	const named = (run: ReturnType<typeof aCheck>) => findAlike(run, checks).map(({name}) => name);

	const told = describeAlike(aim('gpu-1'), fakeDaemon({checks: () => views}));

	t.deepEqual(sayAlike(told, someTime, 'http://127.0.0.1:9754').slice(0, 3), [
		'check tunnel tells whether this node is reachable at all: up since 22:13 UTC',
		'run it now: tailprobe probe --url http://127.0.0.1:9754 --check tunnel gpu-1',
		'check 1 has this target: up since 22:13 UTC',
	]);
	t.regex(sayAlike(told, someTime, 'http://127.0.0.1:9753')[1] ?? '', /: tailprobe probe --check tunnel gpu-1$/);
	t.deepEqual(named(aim('100.64.0.7')), ['tunnel']);
	t.deepEqual(named(aim('http://gpu-1:8080/')), []);
	t.deepEqual(named(aim('gpu-1:8080')), []);
	t.deepEqual(named(aim('192.0.2.1')), []);
});

test('a check is so since the first run of a row without a break', t => {
	const at = (startedAt: number, verdict: 'up' | 'down') => anOutcome({startedAt, verdict});
	const recent = [at(someTime + 3, 'up'), at(someTime + 2, 'up'), at(someTime + 1, 'down')];
	const since = (daemon: Parameters<typeof fakeDaemon>[0]) => describeAlike(aCheck(), fakeDaemon(daemon))[0];

	t.is(since({history: () => ({recent, failures: []})})?.since, '2023-11-14T22:13:20.002Z');
	t.is(
		since({checks: () => [aCheckView({verdict: 'down', downSince: someTime + 1})]})?.since,
		'2023-11-14T22:13:20.001Z',
	);
	t.deepEqual(since({checks: () => [aCheckView({ran: false, verdict: 'unknown'})]}), {
		name: 'orchestrator',
		target: 'june-orchestrator',
		type: 'http',
	});
});

test('of a check that nobody can look at now, what was known before is told', t => {
	const lost = aCheckView({
		verdict: 'unknown',
		unknownSince: {ms: someTime + 60_000, atLeast: false},
		downSince: someTime,
		downReason: 'timeout',
	});

	const told = describeAlike(aCheck(), fakeDaemon({checks: () => [lost]}));

	t.like(told[0], {since: '2023-11-14T22:14:20.000Z', downSince: '2023-11-14T22:13:20.000Z', downReason: 'timeout'});
	t.deepEqual(sayAlike(told, someTime), [
		'check orchestrator has this target: unknown since 22:14 UTC, was down since 22:13 UTC (timeout)',
	]);
});

test('at most three checks are told', t => {
	const checks = ['a', 'b', 'c', 'd', 'e'].map(name => ({name, target: 'x', type: 'http'}));

	t.deepEqual(sayAlike(checks, someTime), [
		'check a has this target',
		'check b has this target',
		'check c has this target',
		'2 more checks have it',
	]);
});
