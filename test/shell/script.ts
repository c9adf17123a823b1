import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {type FrameResult, readFrames} from '../../src/shell/frames.ts';
import {buildScript, type ScriptCommand, type ScriptPlan} from '../../src/shell/script.ts';

const token = '0123456789abcdef0123456789abcdef';
const hostile = '$(echo x)`id`\n\'" -n';

const commands: ScriptCommand[] = [
	{argv: ['printf', '%s', hostile], maxBytes: 100, limitSeconds: 5},
	{argv: ['sh', '-c', 'echo trouble >&2; exit 3'], maxBytes: 100, limitSeconds: 5},
	{argv: ['sleep', '20'], maxBytes: 100, limitSeconds: 1},
	{argv: ['no-such-program'], maxBytes: 100, limitSeconds: 5},
	{argv: ['cat'], input: hostile, maxBytes: 100, limitSeconds: 5},
	{argv: ['sh', '-c', 'while :; do echo y; done'], maxBytes: 3000, limitSeconds: 5},
	{
		argv: ['sh', '-c', 'head -c 30000 /dev/zero; head -c 9000 /dev/zero >&2; printf end >&2'],
		maxBytes: 40_000,
		limitSeconds: 5,
	},
	{argv: ['printf', '%s', `${token} end 8`], maxBytes: 100, limitSeconds: 5},
];

interface Run {
	results: readonly FrameResult[];
	stdout: Buffer;
	stderr: string;
}

function run(plan: Partial<ScriptPlan>, shell: readonly string[] = ['sh'], env: NodeJS.ProcessEnv = process.env): Run {
	const whole = {token, commands, lanes: 4, deadlineSeconds: 8, ...plan};
	const script = env === process.env ? buildScript(whole) : buildScript(whole).replace(/PATH=\$PATH:\S+/, 'PATH=$PATH');
	const [program = '', ...first] = shell;
	const {stdout, stderr} = spawnSync(program, [...first, '-s'], {input: script, env, maxBuffer: 10_000_000});
	return {results: readFrames(stdout, whole).results, stdout, stderr: stderr.toString()};
}

function isWhole(t: ExecutionContext, {results, stderr}: Run): void {
	const ran = results.map(result => (result.kind === 'ran' ? result.output : undefined));
	t.deepEqual(
		results.map(({kind}) => kind),
		Array(commands.length).fill('ran'),
	);
	t.is(ran[0]?.stdout.toString(), hostile);
	t.like(ran[1], {status: 3, stderr: 'trouble\n', timedOut: false});
	t.true(ran[2]?.timedOut);
	t.is(ran[3]?.status, 127);
	t.is(ran[4]?.stdout.toString(), hostile);
	t.like(ran[5], {cut: true, timedOut: false});
	t.is(ran[5]?.stdout.length, 3000);
	t.like(ran[6], {status: 0, cut: false});
	t.is(ran[6]?.stdout.length, 30_000);
	t.true(ran[6]?.stderr.endsWith('end'));
	t.true((ran[6]?.stderr.length ?? 0) <= 4000);
	t.is(ran[7]?.stdout.toString(), `${token} end 8`);
	t.is(stderr, '');
}

for (const shell of [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']]) {
	test(`${shell.join(' ')} runs every command within its limit and tells what came of it`, t => {
		isWhole(t, run({}, shell));
	});
}

test('the tools of busybox alone are enough', t => {
	const folder = mkdtempSync(join(tmpdir(), 'busybox-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	for (const tool of ['sh', 'head', 'tail', 'base64', 'timeout', 'sleep', 'true', 'cat', 'printf'])
		symlinkSync('/bin/busybox', join(folder, tool));

	isWhole(t, run({}, ['/bin/busybox', 'sh'], {PATH: folder}));
});

test('without base64 and timeout the answers are the same, where the programs end by themselves', t => {
	const folder = mkdtempSync(join(tmpdir(), 'bare-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	for (const tool of ['sh', 'head', 'tail', 'od', 'tr', 'sleep', 'printf'])
		symlinkSync('/bin/busybox', join(folder, tool));
	const [first] = commands;
	if (!first) return t.fail();

	const {results} = run({commands: [first]}, ['/bin/busybox', 'sh'], {PATH: folder});

	const [result] = results;
	t.is(result?.kind === 'ran' ? result.output.stdout.toString() : result?.kind, hostile);
});

test('a command that nothing can end does not hold the round: the others are told, and it is stuck', t => {
	const folder = mkdtempSync(join(tmpdir(), 'stuck-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	for (const tool of ['sh', 'head', 'tail', 'base64', 'sleep', 'printf'])
		symlinkSync('/bin/busybox', join(folder, tool));
	// There is no timeout here.
	const [first, , sleeping] = commands;
	if (!first || !sleeping) return t.fail();
	const endless = {...sleeping, argv: ['sh', '-c', 'echo $$ >"$0"; exec sleep 50', join(folder, 'pid')]};

	const {results} = run({commands: [endless, first, first], lanes: 2, deadlineSeconds: 2}, ['/bin/busybox', 'sh'], {
		PATH: folder,
	});

	t.deepEqual(
		results.map(({kind}) => kind),
		['stuck', 'ran', 'cut'],
	);
	const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
	t.true(pid > 0 && process.kill(pid), 'it still ran when the script was over');
});

test('what could not end in time is not begun', t => {
	const [first] = commands;
	if (!first) return t.fail();
	const long = {argv: ['sleep', '2.2'], maxBytes: 10, limitSeconds: 3};

	const {results} = run({commands: [long, {...first, limitSeconds: 3}], lanes: 1, deadlineSeconds: 4});

	t.deepEqual(
		results.map(({kind}) => kind),
		['ran', 'not_begun'],
	);
});

test('wherever the output is cut, what is told is the truth or nothing', t => {
	const few = commands.filter((_command, at) => at !== 2 && at !== 6);
	const {stdout, results} = run({commands: few});
	const whole = results.map(result => JSON.stringify(result));

	for (let length = 0; length < stdout.length; length++) {
		const cut = readFrames(stdout.subarray(0, length), {token, commands: few});
		for (const [at, result] of cut.results.entries())
			if (result.kind !== 'cut' && JSON.stringify(result) !== whole[at])
				t.fail(`byte ${length}: ${JSON.stringify(result)}`);
		if (cut.ended) t.fail(`byte ${length} of ${stdout.length} cannot be the end`);
	}
	t.true(stdout.length > 1000);
});

test('a line that is lost in the middle, or turned, is missed and never read over', t => {
	const few = commands.filter((_command, at) => at !== 2);
	const {stdout, results} = run({commands: few});
	const whole = results.map(result => JSON.stringify(result));
	const lines = stdout.toString('latin1').split('\n');

	for (const at of lines.keys()) {
		const lost = lines.toSpliced(at, 1).join('\n');
		const spoiled = lines.with(at, `x${lines[at]}`).join('\n');
		for (const text of [lost, spoiled]) {
			const found = readFrames(Buffer.from(text, 'latin1'), {token, commands: few}).results;
			for (const [index, result] of found.entries())
				if (result.kind === 'ran' && JSON.stringify(result) !== whole[index]) t.fail(`line ${at} of ${lines.length}`);
		}
	}
	t.true(lines.length > 50);
});

test('wherever the script itself is cut, nothing of it runs', t => {
	const script = buildScript({token, commands: commands.slice(0, 2), lanes: 2, deadlineSeconds: 3});

	for (const length of [10, 200, 700, Math.floor(script.length / 2), script.length - 30, script.length - 3]) {
		const {stdout} = spawnSync('sh', ['-s'], {input: script.slice(0, length)});
		t.is(stdout.toString(), '', String(length));
	}
});

test('words that come again are written once', t => {
	const long = `%{http_code} ${'x'.repeat(200)}`;
	const same = Array.from({length: 10}, () => ({argv: ['printf', '%s', long], maxBytes: 1000, limitSeconds: 2}));

	const script = buildScript({token, commands: same, lanes: 4, deadlineSeconds: 5});

	t.is(script.split(long).length, 2);
	const {results} = run({commands: same});
	t.true(results.every(result => result.kind === 'ran' && result.output.stdout.toString() === long));
});
