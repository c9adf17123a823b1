import test from 'ava';
import {chooseFields, mostGpus} from '../../src/gpu/fields.ts';
import {parseCudaVersion, parseSmi, type SmiRows} from '../../src/gpu/parse.ts';
import {answerSmi, type GpuMode, gpuModes} from '../../src/lab/fake-gpus.ts';

const fields = chooseFields(answerSmi(['--help-query-gpu'], 'healthy').stdout);

function outputOf(mode: GpuMode): {stdout: string; asked: readonly string[]} {
	const asked = chooseFields(answerSmi(['--help-query-gpu'], mode).stdout);
	return {stdout: answerSmi([`--query-gpu=${asked.join(',')}`], mode).stdout, asked};
}

function parse(mode: GpuMode): SmiRows {
	const {stdout, asked} = outputOf(mode);
	return parseSmi(stdout, '', asked);
}

/** The row of the healthy card with other cells. */
function rowWith(over: Record<string, string>): string {
	const cells = outputOf('healthy').stdout.trim().split(', ');
	return `${fields.map((field, at) => over[field] ?? cells[at]).join(', ')}\n`;
}

test('a consumer card is read in base units', t => {
	const {gpus, lost, remarks, badRows} = parse('healthy');

	t.deepEqual([lost, remarks, badRows], [[], [], 0]);
	t.like(gpus[0]?.gpu, {
		index: 0,
		uuid: 'GPU-3d2a1c5e-8b47-4f60-9c1d-5a7e90b2f413',
		model: 'NVIDIA GeForce RTX 4090',
		driverVersion: '570.133.07',
		busId: '00000000:01:00.0',
		values: {
			utilization_ratio: 0.37,
			memory_total_bytes: 24_564 * 1_048_576,
			temperature_celsius: 58,
			power_watts: 214.37,
			sm_clock_hertz: 2_520_000_000,
			performance_state: 2,
			unreadable_fields: 0,
		},
		flags: {sw_power_cap: false, recovery_needed: false},
	});
	t.false('memory_temperature_celsius' in (gpus[0]?.gpu.values ?? {}));
	t.false('ecc_enabled' in (gpus[0]?.gpu.flags ?? {}));
});

test('every whole percent becomes the same ratio that a person would write', t => {
	for (let percent = 0; percent <= 100; percent++) {
		const {gpus} = parseSmi(rowWith({'utilization.gpu': String(percent)}), '', fields);
		t.is(gpus[0]?.gpu.values.utilization_ratio, percent / 100);
	}
});

test('N/A, Not Supported, no permission and an empty cell are absent, never zero', t => {
	const {gpus} = parse('not-available');
	const {values} = gpus[0]?.gpu ?? {values: {}};

	for (const name of [
		'memory_controller_utilization_ratio',
		'fan_ratio',
		'power_limit_watts',
		'power_watts',
		'memory_free_bytes',
		'sm_clock_hertz',
	])
		t.false(name in values, name);
	t.is(gpus[0]?.gpu.values.unreadable_fields, 0);
	t.deepEqual(gpus[0]?.unreadable, []);
});

test('an Unknown Error is told, and by name where every GPU has that field', t => {
	const {gpus} = parse('unknown-error');

	t.is(gpus[0]?.gpu.values.unreadable_fields, 2);
	t.deepEqual(gpus[0]?.unreadable, [{field: 'memory.used', said: '[Unknown Error]'}]);
});

test('a lost GPU is named, and the others are kept', t => {
	t.like(parse('lost'), {lost: ['GPU 0000:41:00.0'], badRows: 0});
	t.deepEqual(
		parse('lost').gpus.map(({gpu}) => gpu.index),
		[0],
	);
	t.like(parse('lost-in-row'), {lost: ['GPU 1'], badRows: 0});
	t.is(parse('lost-in-row').gpus.length, 1);
});

for (const [text, name] of [
	['Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error', 'GPU 1'],
	[
		'Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU',
		'GPU 0000:02:00.0',
	],
	['Unable to determine the device handle for gpu 0000:CB:00.0: Unknown Error', 'GPU 0000:CB:00.0'],
	['GPU 00000000:0A:00.0 has fallen off the bus.', 'GPU 00000000:0A:00.0'],
	['GPU is lost', 'a GPU'],
] as const)
	test(`"${text}" tells of a lost GPU, on both channels once`, t => {
		t.deepEqual(parseSmi('', text, fields).lost, [name]);
		t.deepEqual(parseSmi(`${text}\n`, `${text}\n`, fields).lost, [name]);
	});

test('a model with commas in its name stays one cell', t => {
	const {gpus} = parseSmi(rowWith({name: 'NVIDIA RTX, the 4090, D'}), '', fields);

	t.like(gpus[0]?.gpu, {model: 'NVIDIA RTX, the 4090, D', busId: '00000000:01:00.0'});
});

test('what the driver advises is kept unless it is None', t => {
	t.like(parse('recovery').gpus[0], {recovery: 'Reset', gpu: {flags: {recovery_needed: true}}});
	t.is(parse('healthy').gpus[0]?.recovery, undefined);
	t.false('recovery_needed' in (parse('old-driver').gpus[0]?.gpu.flags ?? {}));
});

test('reasons for throttling are read under both names, and are absent where there are none', t => {
	t.is(parse('throttled').gpus[0]?.gpu.flags.sw_power_cap, true);
	t.is(parse('old-driver').gpus[0]?.gpu.flags.sw_power_cap, false);
	t.false('sw_power_cap' in (parse('ancient-driver').gpus[0]?.gpu.flags ?? {}));
});

test('failure texts are remarks and no GPUs', t => {
	for (const mode of ['mismatch', 'no-devices', 'no-driver', 'container', 'permissions', 'html'] as const) {
		const {gpus, remarks} = parse(mode);
		t.deepEqual(gpus, [], mode);
		t.true(remarks.length > 0, mode);
	}
});

test('lines that begin like rows and are none are counted, and never become GPUs', t => {
	t.like(parse('garbage'), {gpus: [], badRows: 2});
	const withoutUuid = rowWith({uuid: '<script>'});
	const twice = rowWith({}).repeat(2);
	const strangeIndex = rowWith({index: '999'});

	t.like(parseSmi(withoutUuid, '', fields), {gpus: [], badRows: 1});
	t.like(parseSmi(strangeIndex, '', fields), {gpus: [], badRows: 1});
	t.is(parseSmi(twice, '', fields).gpus.length, 1);
	t.is(parseSmi(twice, '', fields).badRows, 1);
});

test('a cut output never yields a GPU that is not in the whole', t => {
	const modes = gpuModes.filter(mode => parse(mode).gpus.length > 0);
	for (const mode of modes) {
		const {stdout, asked} = outputOf(mode);
		const whole = parseSmi(stdout, '', asked).gpus.map(row => JSON.stringify(row));
		for (let end = 0; end < stdout.length; end++) {
			const {gpus} = parseSmi(stdout.slice(0, end), '', asked);
			if (!gpus.every(row => whole.includes(JSON.stringify(row)))) t.fail(`${mode} cut at ${end}`);
		}
	}
	t.true(modes.length >= 10);
});

test('more GPUs than any machine has are passed over', t => {
	const rows = Array.from({length: 40}, (_, index) => rowWith({index: String(index)})).join('');

	const {gpus, isCapped} = parseSmi(rows, '', fields);

	t.is(gpus.length, mostGpus);
	t.true(isCapped);
});

test('of a million lines, a line of ten megabytes and terminal escapes little is kept, and no GPU', t => {
	const many = parseSmi('0, what\n'.repeat(1_000_000), 'x\n'.repeat(100_000), fields);
	const long = parseSmi(`0, ${'a, '.repeat(3_500_000)}\n`, '', fields);
	const longName = parseSmi(rowWith({name: 'x'.repeat(10_000_000)}), '', fields);
	const coloured = parseSmi('\u001b[31m\u001b[2JNo devices were found\u001b[0m\n', '', fields);

	t.deepEqual([many.gpus, long.gpus, longName.gpus], [[], [], []]);
	t.true(many.remarks.length <= 8);
	t.deepEqual(coloured.remarks, ['No devices were found']);
});

test('the CUDA version is read from what any driver writes, and from nothing else', t => {
	t.is(parseCudaVersion('CUDA Version        : 12.8\n'), '12.8');
	t.is(parseCudaVersion(answerSmi(['--version'], 'new-driver').stdout), '13.3');
	t.is(parseCudaVersion('| NVIDIA-SMI 610.57.04   KMD Version: 610.57.04   CUDA UMD Version: 13.3 |'), '13.3');
	t.is(parseCudaVersion(answerSmi([], 'old-driver').stdout), '11.4');
	t.is(parseCudaVersion('CUDA Version: N/A'), undefined);
	t.is(parseCudaVersion('CUDA Version: ERR!'), undefined);
});
