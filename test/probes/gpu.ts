import {readFileSync} from 'node:fs';
import test from 'ava';
import {z} from 'zod';
import {runRound} from '../../src/engine/run.ts';
import type {Check, Reading} from '../../src/engine/types.ts';
import {type GpuOptions, gpu} from '../../src/probes/gpu.ts';
import type {Place} from '../../src/probes/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import {CannotLookError} from '../../src/util/errors.ts';
import {aCheck} from '../helpers/checks.ts';
import {fakeSmi, scriptedSmi} from '../helpers/fake-nvidia-smi.ts';

const schema = gpu.options(z);
const target = {name: 'june-gpu-1', address: 'self', via: 'direct', peer: 'june-gpu-1'} as const;
const place: Place = {
	vantage: 'june-gpu-1',
	timeoutMs: 20_000,
	tailnet: {prefixes: ['100.64.0.0/10'], dnsServer: '127.0.0.1', overheadObjectiveSeconds: 0.01},
	allowLoopback: false,
};

function aim(key: string, options: Partial<GpuOptions>): Check {
	return aCheck({key, type: 'gpu', vantage: 'june-gpu-1', target, options: schema.parse(options)});
}

function measure(checks: Check[], there: Place = place): Promise<Map<string, Reading | Error>> {
	if (!gpu.round) throw new Error('gpu measures in rounds');
	return gpu.round.measure(checks, there, AbortSignal.timeout(30_000));
}

test('without options one GPU is expected of nvidia-smi', t => {
	t.deepEqual(schema.parse({}), {expect: 1, command: 'nvidia-smi'});
});

test('options that cannot be are refused', t => {
	for (const options of [
		{expect: -1},
		{expect: 17},
		{expect: 1.5},
		{command: ''},
		{command: '-x'},
		{command: 'nvidia-smi; reboot'},
		{command: 'bin/nvidia-smi'},
		{command: '$(reboot)'},
		{max_temperature: 0},
		{max_memory_used: 1.5},
		{surprise: true},
	])
		t.false(schema.safeParse(options).success, JSON.stringify(options));
	t.true(
		schema.safeParse({command: '/usr/lib/wsl/lib/nvidia-smi', max_temperature: 85, max_memory_used: 0.98}).success,
	);
});

test('all checks of a round share one answer, and each judges it by its own wishes', async t => {
	const {command, log} = scriptedSmi(
		t,
		`case $1 in --help*) echo '"index" "temperature.gpu"' ;; --query*) echo '0, 80' ;; esac`,
	);

	const found = await measure([
		aim('a', {command}),
		aim('b', {command, expect: 2}),
		aim('c', {command, max_temperature: 70}),
	]);

	t.like(found.get('a'), {ok: true, values: {gpus_visible: 1, gpus_expected: 1}});
	t.like(found.get('b'), {ok: false, reason: 'content', facts: {gpu_fault: 'too_few'}});
	t.like(found.get('c'), {ok: false, reason: 'content', facts: {gpu_fault: 'hot'}});
	t.is(readFileSync(log, 'utf8').match(/--query/g)?.length, 1);
});

test('what one check cannot say another may: no GPU is expected here, or one is', async t => {
	const found = await measure([
		aim('none', {command: '/no/such/nvidia-smi', expect: 0}),
		aim('one', {command: '/no/such/nvidia-smi'}),
	]);

	t.true(found.get('none') instanceof CannotLookError);
	t.like(found.get('none'), {reason: 'unsupported'});
	t.like(found.get('one'), {ok: false, reason: 'content'});
});

test('checks of different programs do not share a round', t => {
	const groupOf = (options: Partial<GpuOptions>) => gpu.round?.group(schema.parse(options));

	t.not(groupOf({}), groupOf({command: '/opt/nvidia-smi'}));
	t.is(groupOf({}), groupOf({expect: 8, max_temperature: 80}));
});

test('a hang is down by timeout before the run itself times out, with the sentence of the probe', async t => {
	const {command} = fakeSmi(t, 'hang');
	const check = aim('a', {command});
	const lateness = {begin: () => 0, end: () => 0, runsInFlight: () => 0};

	const [outcome] = await runRound([check], gpu, place, {
		clock: systemClock,
		lateness: lateness as never,
		kind: 'scheduled',
		deadlineMs: 3000,
		stopping: new AbortController().signal,
		onBug: error => t.fail(String(error)),
	});

	t.like(outcome, {verdict: 'down', reason: 'timeout', reading: {facts: {gpu_fault: 'hang'}}});
	t.regex(outcome?.detail ?? '', /nvidia-smi did not answer within .*dmesg/);
});

test('a shell vantage asks by one argv in which nothing is left to quote, and judges by the same wishes', t => {
	const options = schema.parse({expect: 2});
	const shellPlace = {...place, timeoutMs: 5000};
	const command = gpu.shell?.command(target, options, shellPlace);
	if (!command || 'unsupported' in command) throw new Error('there is a command');

	t.deepEqual(command.argv.slice(0, 2), ['sh', '-c']);
	t.true(command.argv.includes('nvidia-smi'));
	t.true(command.argv.join('').length < 16_384);
	const output = {
		status: 0,
		stdout: Buffer.from('tailprobe-gpu fields index,temperature.gpu\n0, 51\ntailprobe-gpu exit 0\n'),
		stderr: '',
		timedOut: false,
		cut: false,
	};
	t.like(gpu.shell?.parse(output, target, options, shellPlace), {
		ok: false,
		reason: 'content',
		values: {gpus_visible: 1, gpus_expected: 2},
	});
	const late = {...output, stdout: Buffer.from(''), status: 124, timedOut: true};
	t.like(gpu.shell?.parse(late, target, options, shellPlace), {ok: false, reason: 'timeout'});
});
