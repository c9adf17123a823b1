import test from 'ava';
import {findConfigured, type Known} from '../src/adhoc-check.ts';
import type {AdhocRequest} from '../src/server/types.ts';
import {aCheck} from './helpers/checks.ts';

function of(name: string, vantage: string, target: string) {
	const address = `http://${target}:8000/?token=x`;
	return aCheck({
		key: `${name}/${vantage}/${target}`,
		name,
		vantage,
		target: {...aCheck().target, name: target, address},
	});
}

const known: Known = {
	configured: [
		{name: 'tts'},
		{name: 'derp'},
		{name: 'later'},
		{name: 'gpu', from: ['rented']},
		{name: 'webhook', from: ['lent']},
	],
	checks: [
		of('tts', 'a', 'gpu-1'),
		of('tts', 'a', 'gpu-2'),
		of('tts', 'b', 'gpu-1'),
		of('derp', 'b', 'headscale'),
		ofItself('b'),
		ofItself('c'),
	],
	gone: new Set(),
	vantages: ['a', 'b', 'c'],
	groups: ['rented', 'lent'],
	membersOf: group => (group === 'rented' ? ['b', 'c'] : []),
};

/** A check that looks at the machine of its vantage. */
function ofItself(vantage: string) {
	const target = {...aCheck().target, name: vantage, address: 'self'};
	return aCheck({key: `gpu/${vantage}/${vantage}`, name: 'gpu', type: 'gpu', vantage, target});
}

function find(over: Partial<AdhocRequest>) {
	return findConfigured({target: '', module: 'http_2xx', caller: 'test', ...over}, known);
}

test('the only target of a check needs no name', t => {
	t.like(find({check: 'derp'}), {key: 'derp/b/headscale'});
});

test('a target is chosen by its name or its address, from the first vantage that has it or the one asked for', t => {
	t.like(find({check: 'tts', target: 'gpu-2'}), {key: 'tts/a/gpu-2'});
	t.like(find({check: 'tts', target: 'http://gpu-1:8000/?token=x'}), {key: 'tts/a/gpu-1'});
	t.like(find({check: 'tts', target: 'gpu-1', from: 'b'}), {key: 'tts/b/gpu-1', vantage: 'b'});
	t.like(find({check: 'tts', target: 'gpu-2', from: 'c'}), {key: 'tts/a/gpu-2', vantage: 'c'});
});

test('a vantage that is gone is only meant where nobody else has the target, or where it is named', t => {
	const ask = {target: 'gpu-1', module: '', caller: 'test', check: 'tts'};
	const aGone = {...known, gone: new Set(['a'])};

	t.like(findConfigured(ask, aGone), {key: 'tts/b/gpu-1'});
	t.like(findConfigured({...ask, target: 'gpu-2'}, aGone), {key: 'tts/a/gpu-2'});
	t.like(findConfigured({...ask, from: 'a'}, aGone), {key: 'tts/a/gpu-1'});
});

for (const [what, asked, field, detail] of [
	['check', {check: 'moon'}, 'check', 'There is no check named moon; there are tts, derp, later, gpu, webhook.'],
	['vantage', {check: 'derp', from: 'moon'}, 'from', 'There is no vantage named moon; there are a, b, c.'],
	[
		'target',
		{check: 'tts', target: 'http://x/?token=secret'},
		'target',
		'The check tts has no target http://x/?…; it has gpu-1, gpu-2.',
	],
	['missing target', {check: 'tts'}, 'target', 'The check tts has 2 targets, so name one: gpu-1, gpu-2.'],
	[
		'host name',
		{check: 'derp', hostname: 'x'},
		'hostname',
		'A check has its own host name: leave out the hostname parameter.',
	],
] as const)
	test(`a wrong ${what} is refused with what there is`, t => {
		t.deepEqual(find(asked), {kind: 'bad_request', field, detail});
	});

test('a vantage that is named has what it is to look at, where that is one target', t => {
	t.like(find({check: 'gpu', from: 'b'}), {key: 'gpu/b/b'});
	t.like(find({check: 'tts', from: 'b'}), {key: 'tts/b/gpu-1'});
	t.regex(
		(find({check: 'tts', from: 'a'}) as {detail: string}).detail,
		/has 2 targets from a, so name one: gpu-1, gpu-2/,
	);
	t.regex((find({check: 'gpu'}) as {detail: string}).detail, /has 2 targets, so name one: b, c/);
});

test('nobody looks at the machine of another', t => {
	t.is(
		(find({check: 'gpu', from: 'b', target: 'c'}) as {detail: string}).detail,
		'The check gpu looks at the machine that it runs on, so c cannot be looked at from b.',
	);
	t.is(
		(find({check: 'gpu', from: 'a'}) as {detail: string}).detail,
		'The check gpu looks at the machine that it runs on, and does not run from a; it runs from b, c.',
	);
});

test('a name that stands for several machines is refused with those that are known', t => {
	t.is(
		(find({check: 'tts', from: 'rented', target: 'gpu-1'}) as {detail: string}).detail,
		'rented stands for several machines: name one of b, c.',
	);
	t.is(
		(find({check: 'tts', from: 'lent', target: 'gpu-1'}) as {detail: string}).detail,
		'lent stands for several machines, and none of them is known yet.',
	);
});

test('a check whose machines are not known yet has no targets for that reason', t => {
	t.is(
		(find({check: 'webhook'}) as {detail: string}).detail,
		'The check webhook runs nowhere at present: no machine of the vantage lent is known yet.',
	);
});

test('a check whose nodes are not listed yet has no targets, but exists', t => {
	t.regex((find({check: 'later'}) as {detail: string}).detail, /^The check later has no targets here at present/);
});
