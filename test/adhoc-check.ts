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
	names: ['tts', 'derp', 'later'],
	checks: [of('tts', 'a', 'gpu-1'), of('tts', 'a', 'gpu-2'), of('tts', 'b', 'gpu-1'), of('derp', 'b', 'headscale')],
	vantages: ['a', 'b', 'c'],
};

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

for (const [what, asked, field, detail] of [
	['check', {check: 'moon'}, 'check', 'There is no check named moon; there are tts, derp, later.'],
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

test('a check whose nodes are not listed yet has no targets, but exists', t => {
	t.regex((find({check: 'later'}) as {detail: string}).detail, /^The check later has no targets here at present/);
});
