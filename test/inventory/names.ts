import test from 'ava';
import {cleanNodeName, cleanNodeNames} from '../../src/inventory/names.ts';

const hostile = [
	'"><img src=x>\n',
	'-oProxyCommand=x',
	'../../etc/passwd',
	'$(reboot)',
	'a b',
	'',
	'....',
	'---',
	'JUNE',
	'under_score',
	'a-',
	'-a',
	'a.b',
	'\u202enode',
	'nöde',
	'x'.repeat(64),
	'x'.repeat(100_000),
	'a\u0000b',
	'__proto__',
];

for (const label of ['a', 'june-gpu-00000001', '0', 'a1-b2', 'x'.repeat(63)]) {
	test(`the label ${label} stays as it is`, t => {
		t.deepEqual(cleanNodeName(label, '7'), {name: label, resolvable: true});
	});
}

for (const raw of hostile) {
	test(`${JSON.stringify(raw).slice(0, 40)} (${raw.length}) becomes harmless and is not resolved`, t => {
		const {name, resolvable} = cleanNodeName(raw, '7');

		t.false(resolvable);
		t.regex(name, /^[A-Za-z0-9_][A-Za-z0-9._-]*-7$/);
		t.true(name.length <= 42);
	});
}

test('names in a list are unique, and the first label wins', t => {
	const names = cleanNodeNames([
		{id: '1', rawName: 'gpu'},
		{id: '2', rawName: 'gpu'},
		{id: '3', rawName: 'gpu!'},
		{id: '4', rawName: 'GPU'},
	]);

	t.deepEqual(names.get('1'), {name: 'gpu', resolvable: true});
	t.deepEqual(names.get('2'), {name: 'gpu-2', resolvable: false});
	t.deepEqual(names.get('3'), {name: 'gpu--3', resolvable: false});
	t.deepEqual(names.get('4'), {name: 'GPU-4', resolvable: false});
});

test('a made-up name never takes the label of another node, wherever it stands in the list', t => {
	const names = cleanNodeNames([
		{id: '5', rawName: 'gpu'},
		{id: '6', rawName: 'gpu'},
		{id: '7', rawName: 'gpu-6'},
		{id: '8', rawName: 'x!'},
		{id: '9', rawName: 'x--8'},
	]);

	t.deepEqual(names.get('7'), {name: 'gpu-6', resolvable: true});
	t.deepEqual(names.get('9'), {name: 'x--8', resolvable: true});
	t.is(new Set([...names.values()].map(({name}) => name)).size, 5);
	t.deepEqual(names.get('6'), {name: 'gpu-6-6', resolvable: false});
});

test('hostile names of one list stay apart', t => {
	const names = cleanNodeNames(hostile.map((rawName, index) => ({id: String(index), rawName})));

	t.is(new Set([...names.values()].map(({name}) => name)).size, hostile.length);
});
