import {inspect} from 'node:util';
import test from 'ava';
import {matchesGlob, type NodeSelector, selectNodes} from '../../src/inventory/select.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';

const aNode = (name: string, more: Partial<TailnetNode> = {}): TailnetNode => ({
	id: name,
	name,
	resolvable: true,
	addresses: ['100.64.0.1'],
	owner: 'june',
	tags: [],
	...more,
});

const nodes = [
	aNode('june-orchestrator'),
	aNode('livekit', {owner: 'media', ephemeral: false}),
	aNode('june-gpu-1', {ephemeral: true}),
	aNode('june-gpu-2', {ephemeral: true, owner: '', tags: ['tag:gpu', 'tag:vast']}),
	aNode('june-gpu-old', {owner: '', tags: ['tag:gpu']}),
];

for (const [selector, names] of [
	[{}, ['june-orchestrator', 'livekit', 'june-gpu-1', 'june-gpu-2', 'june-gpu-old']],
	[{name: 'june-gpu-*'}, ['june-gpu-1', 'june-gpu-2', 'june-gpu-old']],
	[{name: 'june-gpu-?'}, ['june-gpu-1', 'june-gpu-2']],
	[{name: ['livekit', '*-orch*']}, ['june-orchestrator', 'livekit']],
	[{name: 'gpu'}, []],
	[{name: []}, []],
	[{tags: ['tag:gpu']}, ['june-gpu-2', 'june-gpu-old']],
	[{tags: ['vast', 'other']}, ['june-gpu-2']],
	[{owner: 'june'}, ['june-orchestrator', 'june-gpu-1']],
	[{owner: ['june', 'media']}, ['june-orchestrator', 'livekit', 'june-gpu-1']],
	[{owner: ''}, []],
	[{ephemeral: true}, ['june-gpu-1', 'june-gpu-2']],
	[{ephemeral: false}, ['livekit']],
	[{name: 'june-gpu-*', exclude: ['*-old', 'june-gpu-1']}, ['june-gpu-2']],
	[{name: 'june-gpu-*', exclude: '*-old'}, ['june-gpu-1', 'june-gpu-2']],
	[{name: 'june-*', owner: 'june', ephemeral: true}, ['june-gpu-1']],
	[{name: undefined, tags: undefined}, ['june-orchestrator', 'livekit', 'june-gpu-1', 'june-gpu-2', 'june-gpu-old']],
] as [NodeSelector, string[]][]) {
	test(`the selector ${inspect(selector)} means ${names.join(', ') || 'nothing'}`, t => {
		t.deepEqual(
			selectNodes(nodes, selector).map(node => node.name),
			names,
		);
	});
}

for (const [text, glob, matches] of [
	['june-gpu-1', 'june-gpu-1', true],
	['june-gpu-1', 'june-gpu-*', true],
	['june-gpu-', 'june-gpu-*', true],
	['june-gpu', 'june-gpu-*', false],
	['a', '*', true],
	['', '*', true],
	['', '', true],
	['a', '', false],
	['', '?', false],
	['ab', '?', false],
	['abc', 'a?c', true],
	['abcbcd', 'a*bcd', true],
	['abcbc', 'a*bcd', false],
	['aXbXc', 'a*b*c', true],
	['JUNE', 'june', true],
	['june', 'JU*', true],
	['a.b', 'a?b', true],
	['axb', 'a.b', false],
	['a+b', 'a+b', true],
	['a[b]', 'a[b]', true],
	['aaa', '**a', true],
] as [string, string, boolean][]) {
	test(`"${text}" ${matches ? 'matches' : 'does not match'} ${glob}`, t => {
		t.is(matchesGlob(text, glob), matches);
	});
}

test('a glob full of stars stays quick', t => {
	const startedAt = performance.now();

	t.false(matchesGlob('a'.repeat(5000), `${'a*'.repeat(100)}b`));

	t.true(performance.now() - startedAt < 1000);
});
