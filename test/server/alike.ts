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

test('at most three checks are told', t => {
	const checks = ['a', 'b', 'c', 'd', 'e'].map(name => ({name, target: 'x', type: 'http'}));

	t.deepEqual(sayAlike(checks, someTime), [
		'check a has this target',
		'check b has this target',
		'check c has this target',
		'2 more checks have it',
	]);
});
