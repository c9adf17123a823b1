import test from 'ava';
import type {Reading} from '../../src/engine/types.ts';
import type {SmiAnswer} from '../../src/gpu/answer.ts';
import {chooseFields} from '../../src/gpu/fields.ts';
import {type GpuWishes, judgeGpus} from '../../src/gpu/judge.ts';
import {answerSmi, type GpuMode} from '../../src/lab/fake-gpus.ts';
import {CannotLookError} from '../../src/util/errors.ts';

const wishes: GpuWishes = {expect: 1, command: 'nvidia-smi'};

function answerOf(mode: GpuMode, over: Partial<SmiAnswer> = {}): SmiAnswer {
	const fields = chooseFields(answerSmi(['--help-query-gpu'], mode).stdout);
	const {stdout, exitCode} = answerSmi([`--query-gpu=${fields.join(',')}`], mode);
	return {end: 'exited', exitCode, fields, stdout, stderr: '', seconds: 0.1, ...over};
}

function judge(mode: GpuMode, over: Partial<GpuWishes> = {}): Reading {
	return judgeGpus(answerOf(mode), {...wishes, ...over});
}

for (const mode of [
	'healthy',
	'data-centre',
	'two',
	'old-driver',
	'ancient-driver',
	'new-driver',
	'not-available',
	'mig',
	'hot',
	'full',
	'throttled',
] as const)
	test(`${mode} is up`, t => {
		t.like(judge(mode), {ok: true, values: {gpus_expected: 1, exit_code: 0}});
	});

for (const [mode, reason, fault, exitCode, text] of [
	['mismatch', 'status', 'driver_mismatch', 18, /Restart the container/],
	['no-devices', 'status', 'no_devices', 6, /was given its GPUs/],
	['no-driver', 'status', 'no_driver', 9, /modprobe nvidia/],
	['container', 'status', 'no_access', 255, /access to the devices was lost.*Restart the container/],
	['lost', 'content', 'off_the_bus', 0, /GPU 0000:41:00\.0 is lost, 1 GPU answers.*Reboot the host/],
	['lost-in-row', 'content', 'off_the_bus', 0, /GPU 1 is lost/],
	['garbage', 'content', 'unparsable', 0, /2 lines of it cannot be read/],
	['html', 'content', 'unparsable', 0, /it says: "<!doctype html>"; 0 GPUs answer, wanted 1/],
	['recovery', 'content', 'recovery', 0, /GPU 0 is in a bad state: the driver advises "Reset"/],
	['unknown-error', 'content', 'unreadable', 0, /cannot read its memory\.used: "\[Unknown Error\]"/],
] as const)
	test(`${mode} is down by ${reason}, and says what it means and what to do`, t => {
		const reading = judge(mode);

		t.like(reading, {ok: false, reason, values: {exit_code: exitCode}, facts: {gpu_fault: fault}});
		t.regex(reading.detail ?? '', text);
		t.true((reading.detail ?? '').length <= 300);
		t.regex(reading.detail ?? '', /[.)]$/, 'the sentence is whole');
	});

test('every exit code of the manual has a sentence of its own that is not cut', t => {
	const details = [2, 4, 6, 8, 9, 10, 12, 13, 14, 15, 18].map(exitCode => {
		try {
			return judgeGpus({end: 'exited', exitCode, fields: ['index'], stdout: '', stderr: ''}, wishes).detail ?? '';
		} catch (error) {
			return error instanceof CannotLookError ? error.message : '';
		}
	});

	t.is(new Set(details).size, details.length);
	for (const detail of details) t.regex(detail, /^nvidia-smi ended with \d+: .*\.$/);
});

test('an exit code that nobody knows is told with what was said', t => {
	const answer = {end: 'exited', exitCode: 77, fields: ['index'], stdout: '', stderr: 'Ouch\n'} as const;

	t.regex(judgeGpus(answer, wishes).detail ?? '', /^nvidia-smi ended with 77: "Ouch": .*Run nvidia-smi there by hand/);
});

test('fewer GPUs than expected is down, with those that answer', t => {
	const reading = judge('two', {expect: 4});

	t.like(reading, {
		ok: false,
		reason: 'content',
		values: {gpus_visible: 2, gpus_expected: 4},
		facts: {gpu_fault: 'too_few'},
	});
	t.is(reading.gpus?.length, 2);
	t.regex(reading.detail ?? '', /2 GPUs answer, wanted 4 \(gpu\.expect\)/);
});

test('the GPUs that answer are kept beside a lost one, and even then it is down when enough are left', t => {
	const reading = judge('lost', {expect: 1});

	t.like(reading, {ok: false, reason: 'content'});
	t.like(reading.gpus?.[0], {index: 0, model: 'NVIDIA GeForce RTX 4090'});
});

test('a corrupt infoROM with whole rows is a remark and no fault', t => {
	const reading = judge('inforom');

	t.like(reading, {ok: true, values: {exit_code: 14}});
	t.regex(reading.facts.nvidia_smi_said ?? '', /infoROM is corrupted/);
	t.like(judge('inforom', {expect: 2}), {ok: false, reason: 'status', facts: {gpu_fault: 'inforom'}});
});

test('heat and full memory are faults only where a limit is set', t => {
	t.like(judge('hot', {max_temperature: 90}), {ok: false, reason: 'content', facts: {gpu_fault: 'hot'}});
	t.true(judge('hot', {max_temperature: 93}).ok);
	t.like(judge('full', {max_memory_used: 0.95}), {ok: false, reason: 'content', facts: {gpu_fault: 'full'}});
	t.true(judge('full', {max_memory_used: 0.99}).ok);
});

test('an nvidia-smi that hangs is down by timeout, and whole rows of it are kept', t => {
	const {stdout, fields} = answerOf('two');
	const half = stdout.slice(0, stdout.indexOf('\n') + 40);
	const hung = judgeGpus({end: 'hung', fields, stdout: half, stderr: '', seconds: 9.7}, wishes);
	const hanging = judgeGpus({end: 'hanging', fields: [], stdout: '', stderr: '', hangingSeconds: 300}, wishes);

	t.like(hung, {ok: false, reason: 'timeout', facts: {gpu_fault: 'hang'}, values: {gpus_visible: 1, smi_seconds: 9.7}});
	t.regex(hung.detail ?? '', /did not answer within 9\.7 s.*dmesg/);
	t.like(hanging, {ok: false, reason: 'timeout', values: {gpus_visible: 0}});
	t.regex(hanging.detail ?? '', /of 300 s ago still hangs in the driver and cannot be ended, so no other is started/);
});

test('output without end is down, and nothing of it is believed', t => {
	const answer = answerOf('two', {end: 'endless'});

	t.like(judgeGpus(answer, wishes), {ok: false, reason: 'content', gpus: [], facts: {gpu_fault: 'endless'}});
});

test('a crash is down by status', t => {
	const answer = {end: 'exited', signal: 'SIGSEGV', fields: ['index'], stdout: '', stderr: ''} as const;

	t.like(judgeGpus(answer, wishes), {ok: false, reason: 'status', facts: {gpu_fault: 'failed'}});
});

test('without an nvidia-smi a machine that must have GPUs is down, and any other is unknown', t => {
	const missing = {end: 'missing', fields: [], stdout: '', stderr: ''} as const;

	const reading = judgeGpus(missing, {...wishes, expect: 2});
	t.like(reading, {ok: false, reason: 'content', facts: {gpu_fault: 'no_program'}});
	t.regex(reading.detail ?? '', /There is no nvidia-smi here, but 2 GPUs are expected/);
	const error = t.throws(() => judgeGpus(missing, {...wishes, expect: 0}), {instanceOf: CannotLookError});
	t.is(error?.reason, 'unsupported');
});

test('a machine that need not have a GPU is up when its driver sees none', t => {
	t.like(judge('no-devices', {expect: 0}), {ok: true, values: {gpus_visible: 0, exit_code: 6}});
	t.like(judge('mismatch', {expect: 0}), {ok: false, reason: 'status'});
});

test('what we may not ask is unknown, not down', t => {
	for (const answer of [answerOf('permissions'), {end: 'forbidden', fields: [], stdout: '', stderr: ''} as const]) {
		const error = t.throws(() => judgeGpus(answer, wishes), {instanceOf: CannotLookError});
		t.is(error?.reason, 'denied');
	}
});

test('what a hostile nvidia-smi says reaches no sentence raw', t => {
	const stderr = `\u001b[31m\u202e${'x'.repeat(100_000)}\n`;

	const {detail = '', facts} = judgeGpus({end: 'exited', exitCode: 1, fields: ['index'], stdout: '', stderr}, wishes);

	t.true(detail.length <= 300);
	t.true((facts.nvidia_smi_said ?? '').length <= 160);
	t.notRegex(detail + facts.nvidia_smi_said, /[\u0000-\u001f\u202e]/);
});
