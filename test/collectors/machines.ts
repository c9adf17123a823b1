import test from 'ava';
import {type MachineReadings, machineCollector, machinesAtMost} from '../../src/collectors/machines.ts';
import {anInstanceView, aPodFacts} from '../helpers/machine-scenes.ts';
import {checkRows, collect} from '../helpers/samples.ts';

function readings(part: Partial<MachineReadings['machines']>, vantages: MachineReadings['vantages'] = []) {
	return {machines: {byNode: new Map(), instancesOutside: [], podsOutside: [], ...part}, vantages};
}

/** Labels in the order of the row: node, instance, namespace, pod, node of the cluster, vantage. */
function rowsOf(t: Parameters<typeof collect>[0], given: MachineReadings): string[] {
	return collect(t, machineCollector, given, 0).map(line =>
		[...line.matchAll(/="([^"]*)"/g)].map(([, value]) => (value === '' ? '-' : value)).join(' '),
	);
}

test('its rows keep to the rules', t => {
	checkRows(t, machineCollector);
});

test('a node stands beside its instance, its pod and its vantage, each empty where there is none', t => {
	const pod = aPodFacts({namespace: 'june', name: 'tts-0', node: 'vast-gpu'});
	const byNode = new Map([
		['june-gpu-1', {instance: anInstanceView({id: '7'}), pod}],
		['june-gpu-2', {gpus: {count: 1}}],
	]);
	const vantages = [
		{name: 'gpu-host', peer: 'june-gpu-1'},
		{name: 'second-way', peer: 'june-gpu-1'},
		{name: 'elsewhere', peer: 'livekit'},
		{name: 'gone', peer: ''},
	];

	t.deepEqual(rowsOf(t, readings({byNode}, vantages)), [
		'- - - - - gone',
		'june-gpu-1 7 june tts-0 vast-gpu gpu-host',
		'june-gpu-2 - - - - -',
		'livekit - - - - elsewhere',
	]);
});

test('an instance without a node is told with its pod; one whose node left is told once, and without that', t => {
	const left = anInstanceView({id: '8'});
	const lost = anInstanceView({id: '9', pod: 'june/stt-0'});
	const bare = anInstanceView({id: '10'});

	const rows = rowsOf(
		t,
		readings(
			{
				byNode: new Map([['june-gpu-8', {instance: left}]]),
				instancesOutside: [left, lost, bare],
				podsOutside: [aPodFacts({namespace: 'june', name: 'stt-0', node: 'vast-gpu'})],
			},
			[{name: 'june-gpu-8', peer: 'june-gpu-8'}],
		),
	);

	t.deepEqual(rows, ['- 10 - - - -', '- 8 - - - june-gpu-8', '- 9 june stt-0 vast-gpu -']);
});

test('the number of machines is bounded', t => {
	const byNode = new Map(Array.from({length: machinesAtMost + 1}, (_, at) => [`node-${at}`, {}]));

	t.is(rowsOf(t, readings({byNode})).length, machinesAtMost);
});
