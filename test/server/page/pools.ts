import test from 'ava';
import {noMachines, type PodFacts} from '../../../src/inventory/machine-types.ts';
import type {PoolView} from '../../../src/pools/types.ts';
import {renderPage} from '../../../src/server/page/page.ts';
import {renderPools, renderRented} from '../../../src/server/page/pools.ts';
import {aCheckView, fakeDaemon} from '../../helpers/fake-daemon.ts';
import {asText, nowMs} from '../../helpers/status-page.ts';

const pool = (over: Partial<PoolView> = {}): PoolView => ({
	name: 'june-gpu',
	min: 2,
	usable: 1,
	unusable: 1,
	unknown: 0,
	sinceMs: nowMs - 65_000,
	members: [
		{name: 'june-gpu-2', state: 'unusable', why: 'Its <tunnel> is down'},
		{name: 'june-gpu-1', state: 'usable'},
	],
	...over,
});

const below = (pools: readonly PoolView[]) => fakeDaemon({pools: () => pools, checks: () => [aCheckView()]});

test('a pool below its minimum is what is wrong, even while every check is up', t => {
	const page = renderPage(below([pool()]), nowMs);

	const incidents = asText(page.slice(page.indexOf('id="incidents"'), page.indexOf('id="pools"')));
	t.regex(page, /<title>pool june-gpu: too few GPU machines can be used · 1 of 2 usable · 1 up · tailprobe<\/title>/);
	t.regex(incidents, /pool june-gpu since 22:13:15 UTC \(1 min\)/);
	t.regex(incidents, /june-gpu-2: Its &#60;tunnel&#62; is down\./);
});

test('a pool with enough, or of which nobody knows, is no trouble of its own', t => {
	for (const calm of [pool({usable: 2, unusable: 0, members: []}), pool({unusable: 0, unknown: 1})]) {
		const page = renderPage(below([calm]), nowMs);

		t.regex(page, /<title>all up · tailprobe<\/title>/);
		t.notRegex(page, /Incidents/);
	}
	t.regex(renderPools([pool({unusable: 0, unknown: 1})], noMachines, nowMs).text, /unknown<\/span> 1 of at least 2/);
});

test('commands in the reason of a member stand as code', t => {
	const members = [{name: 'a', state: 'unusable' as const, why: 'Look at `nvidia-smi`'}];

	t.regex(renderPools([pool({members})], noMachines, nowMs).text, /Look at <code>nvidia-smi<\/code>\./);
});

test('what decides and is not told any more has its age beside the pools', t => {
	const machines = {
		...noMachines,
		podsAt: {ms: nowMs - 90_000, isFresh: false},
		instancesAt: {ms: nowMs, isFresh: true},
	};

	t.regex(asText(renderPools([pool()], machines, nowMs).text), /Pools as of 1 min ago/);
	t.notRegex(renderPools([pool()], {...machines, podsAt: {ms: nowMs, isFresh: true}}, nowMs).text, /as of/);
});

test('pods that stand for no node are told with their reason', t => {
	const pod: PodFacts = {
		namespace: 'june',
		name: 'gpu-x',
		phase: 'Pending',
		reason: 'Unschedulable',
		detail: 'no <offer>',
	};

	const text = renderRented(undefined, {...noMachines, podsOutside: [pod]}, nowMs).text;

	t.regex(asText(text), /Pods without a node 1 Pending Unschedulable june\/gpu-x no &#60;offer&#62;/);
});
