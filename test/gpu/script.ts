import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import type {SmiAnswer} from '../../src/gpu/answer.ts';
import {judgeGpus} from '../../src/gpu/judge.ts';
import {createSmiRunner} from '../../src/gpu/run-smi.ts';
import {readScript, smiCommand} from '../../src/gpu/script.ts';
import type {ShellCommand, ShellOutput} from '../../src/probes/types.ts';
import {CannotLookError} from '../../src/util/errors.ts';
import {aFolder, fakeSmi, scriptedSmi} from '../helpers/fake-nvidia-smi.ts';

/** Runs it as a shell vantage would: a deadline with a kill, and bounded output. */
function execute({argv, maxBytes}: ShellCommand, timeout = '20'): ShellOutput {
	const {status, stdout, stderr, error} = spawnSync('timeout', ['-k', '0.2', timeout, ...argv], {maxBuffer: maxBytes});
	const cut = error !== undefined && 'code' in error && error.code === 'ENOBUFS';
	return {status: status ?? 137, stdout, stderr: stderr.toString().slice(0, 4096), timedOut: status === 124, cut};
}

function ask(command: string, timeout?: string): SmiAnswer {
	return readScript(execute(smiCommand(command), timeout), 20_000);
}

const telling = ['data-centre', 'lost', 'mismatch', 'permissions', 'old-driver', 'garbage', 'inforom'] as const;

test('what it says by a script is what it says at home', async t => {
	for (const mode of telling) {
		const {command} = fakeSmi(t, mode);
		const wishes = {expect: 1, command: 'nvidia-smi'};
		const verdictOf = (answer: SmiAnswer) => {
			try {
				const {values, ...reading} = judgeGpus(answer, wishes);
				const {smi_seconds: _, ...comparable} = values;
				return {...reading, values: comparable};
			} catch (error) {
				return String(error);
			}
		};

		const home = verdictOf(await createSmiRunner().ask(command, 20_000, new AbortController().signal));

		t.deepEqual(verdictOf(ask(command)), home, mode);
	}
});

test('one that hangs runs into the deadline there', t => {
	const answer = ask(fakeSmi(t, 'hang').command, '2');

	t.is(answer.end, 'hung');
});

test('output without end is stopped', t => {
	t.is(ask(fakeSmi(t, 'endless').command).end, 'endless');
});

test('a missing program and one that may not be run are told apart', t => {
	const {command} = fakeSmi(t, 'healthy');

	t.is(ask(`${command}-not-there`).end, 'missing');
	t.is(ask('no-such-nvidia-smi').end, 'missing');
});

test('a crash is told by its signal', t => {
	const {command} = scriptedSmi(t, 'case $1 in --help*) ;; *) kill -SEGV $$ ;; esac');

	t.like(ask(command), {end: 'exited', signal: 'signal 11'});
});

test('a last line without its end stays without it', t => {
	const {command} = scriptedSmi(t, `case $1 in --help*) echo '"index"' ;; --query*) printf '0\\n1' ;; esac`);

	t.like(ask(command), {exitCode: 0, stdout: '0\n1'});
});

test('while one hangs in the driver, by two looks, no other is started', t => {
	const {command, log} = scriptedSmi(t, 'echo 0');
	const proc = aFolder(t);
	for (const [pid, stat] of [
		['7', '7 (nvidia-smi) D 1 7 7 0'],
		['8', '8 (sh) S 1 8 8 0'],
		['9', '9 (a) D (nvidia-smi) S 1'],
	] as const) {
		mkdirSync(join(proc, pid));
		writeFileSync(join(proc, pid, 'stat'), `${stat}\n`);
	}

	const answer = readScript(execute(smiCommand(command, proc)), 20_000);

	t.is(answer.end, 'hanging');
	t.is(readFileSync(log, 'utf8'), '');
	t.like(judgeGpus(answer, {expect: 1, command: 'nvidia-smi'}), {ok: false, reason: 'timeout'});
});

test('an nvidia-smi that runs beside ours and is well keeps nobody from asking', t => {
	const {command} = scriptedSmi(t, `case $1 in --help*) echo '"index"' ;; *) echo 0 ;; esac`);
	const proc = aFolder(t);
	mkdirSync(join(proc, '7'));
	writeFileSync(join(proc, '7', 'stat'), '7 (nvidia-smi) R 1 7 7 0\n');

	t.like(readScript(execute(smiCommand(command, proc)), 20_000), {end: 'exited', exitCode: 0, stdout: '0\n'});
});

test('a script of another program gets nothing to run from its arguments', t => {
	const {command, log} = scriptedSmi(
		t,
		`case $1 in --help*) echo '"index" "$(touch '"$0"'.oops)"' ;; *) echo 0 ;; esac`,
	);

	ask(command);

	t.deepEqual(readFileSync(log, 'utf8').split('\n').slice(0, 2), [
		'--help-query-gpu',
		'--query-gpu=index --format=csv,noheader,nounits',
	]);
	t.throws(() => readFileSync(`${command}.oops`), {code: 'ENOENT'});
});

test('output that was cut says nothing, wherever it was cut', t => {
	const whole = execute(smiCommand(fakeSmi(t, 'two').command));
	const end = whole.stdout.indexOf('tailprobe-gpu exit 0\n') + 'tailprobe-gpu exit 0\n'.length;

	for (let length = 0; length < end; length++) {
		const output = {...whole, stdout: whole.stdout.subarray(0, length)};
		const error = t.throws(() => readScript(output, 1000), {instanceOf: CannotLookError}, `cut at ${length}`);
		t.is(error?.reason, 'incomplete');
	}
	t.is(readScript({...whole, stdout: whole.stdout.subarray(0, end)}, 1000).end, 'exited');
});

test('where there is no shell it is unsupported', t => {
	const output = {status: 127, stdout: Buffer.alloc(0), stderr: '', timedOut: false, cut: false};

	t.is(t.throws(() => readScript(output, 1000), {instanceOf: CannotLookError})?.reason, 'unsupported');
});
