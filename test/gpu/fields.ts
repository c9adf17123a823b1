import test from 'ava';
import {
	chooseFields,
	leastFields,
	numberFields,
	stateFields,
	throttleFields,
	wantedFields,
} from '../../src/gpu/fields.ts';
import {answerSmi} from '../../src/lab/fake-gpus.ts';

function helpOf(mode: 'healthy' | 'old-driver' | 'ancient-driver'): string {
	return answerSmi(['--help-query-gpu'], mode).stdout;
}

test('a new driver is asked for its event reasons, an older one for its throttle reasons, an ancient one for neither', t => {
	const reasonsOf = (mode: 'healthy' | 'old-driver' | 'ancient-driver') =>
		new Set(chooseFields(helpOf(mode)).flatMap(field => /^clocks_\w+_reasons/.exec(field) ?? []));

	t.deepEqual(reasonsOf('healthy'), new Set(['clocks_event_reasons']));
	t.deepEqual(reasonsOf('old-driver'), new Set(['clocks_throttle_reasons']));
	t.deepEqual(reasonsOf('ancient-driver'), new Set());
});

test('a field that is only part of a known name is not asked for', t => {
	const fields = chooseFields('"index"\n"uuid" or "gpu_uuid"\n"temperature.gpu.tlimit"\n"memory.total"\n');

	t.deepEqual(fields, ['index', 'uuid', 'memory.total']);
});

test('what does not tell its fields is asked for the least ones', t => {
	t.is(chooseFields('nvidia-smi: command not understood'), leastFields);
	t.is(chooseFields(''), leastFields);
});

test('help without end is read to a bound', t => {
	t.is(chooseFields(`${'"x" '.repeat(1_000_000)}"index"`), leastFields);
});

test('no name is there twice, and the free text comes before what is counted from the end', t => {
	const names = [...numberFields.map(({value}) => value), ...[...stateFields, ...throttleFields].map(({flag}) => flag)];
	const asked = wantedFields.flat();

	t.is(new Set(names).size, names.length);
	t.is(new Set(asked).size, asked.length);
	t.deepEqual(asked.slice(0, 3), ['index', 'uuid', 'name']);
});
