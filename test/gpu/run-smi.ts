import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {type ChildEnd, createSmiRunner} from '../../src/gpu/run-smi.ts';
import {fakeSmi, scriptedSmi} from '../helpers/fake-nvidia-smi.ts';
import {until} from '../helpers/until.ts';

const budgetMs = 20_000;
const never = new AbortController().signal;

function startsOf(log: string): string[] {
	return readFileSync(log, 'utf8').split('\n').filter(Boolean);
}

function isRunning(pid: number): boolean {
	try {
		// A zombie, whose parent has not asked for it yet, runs no more.
		return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return false;
	}
}

/** A process that nothing ends until the test says so. */
function unending(t: ExecutionContext) {
	const end = Promise.withResolvers<ChildEnd>();
	let starts = 0;
	const runner = createSmiRunner(async () => {
		starts++;
		return {ended: end.promise, kill() {}, abandon() {}};
	});
	t.teardown(() => end.resolve({stdout: '', stderr: '', isEndless: false}));
	return {runner, end, starts: () => starts};
}

test('a healthy card answers as a real child process, its CUDA version too', async t => {
	const {command} = fakeSmi(t, 'healthy');

	const answer = await createSmiRunner().ask(command, budgetMs, never);

	t.like(answer, {end: 'exited', exitCode: 0, cudaVersion: '12.8', stderr: ''});
	t.true(answer.fields.includes('clocks_event_reasons.hw_slowdown'));
	t.is(answer.stdout.trim().split(', ').length, answer.fields.length);
	t.true((answer.seconds ?? 0) > 0);
});

test('an older driver is asked for what it knows, and tells its CUDA version at the head of its table', async t => {
	const old = await createSmiRunner().ask(fakeSmi(t, 'old-driver').command, budgetMs, never);
	const ancient = await createSmiRunner().ask(fakeSmi(t, 'ancient-driver').command, budgetMs, never);

	t.like(old, {exitCode: 0, cudaVersion: '11.4'});
	t.true(old.fields.includes('clocks_throttle_reasons.hw_slowdown'));
	t.like(ancient, {exitCode: 0, cudaVersion: '10.1'});
});

test('what the driver knows is asked once, and again when it fails', async t => {
	const {command, log} = scriptedSmi(
		t,
		`case $1 in
			--help*) printf '"index"\\n"uuid"\\n"driver_version"\\n' ;;
			--query*) echo '0, GPU-12345678, 570.1' ;;
			--version) echo 'CUDA Version : 12.8' ;;
		esac`,
	);
	const runner = createSmiRunner();

	await runner.ask(command, budgetMs, never);
	await runner.ask(command, budgetMs, never);
	await runner.ask(command, budgetMs, never);

	const query = '--query-gpu=index,uuid,driver_version --format=csv,noheader,nounits';
	t.deepEqual(startsOf(log), ['--help-query-gpu', query, '--version', query, query]);
});

test('a driver that is exchanged beneath us is asked anew within the same run', async t => {
	const smi = fakeSmi(t, 'healthy');
	const runner = createSmiRunner();
	await runner.ask(smi.command, budgetMs, never);

	smi.become('old-driver');
	const first = await runner.ask(smi.command, budgetMs, never);
	const next = await runner.ask(smi.command, budgetMs, never);

	t.like(first, {exitCode: 0});
	t.true(first.fields.includes('clocks_throttle_reasons.hw_slowdown'));
	t.like(next, {exitCode: 0, cudaVersion: '11.4'});
});

test('who asks while another run is under way gets its answer, and no second process', async t => {
	const {command, log} = scriptedSmi(t, 'sleep 0.3; [ "$1" = --version ] || echo 0');
	const runner = createSmiRunner();

	const answers = await Promise.all([1, 2, 3].map(() => runner.ask(command, budgetMs, never)));

	t.is(startsOf(log).filter(line => line.startsWith('--query')).length, 1);
	t.is(new Set(answers).size, 1);
});

test('one that hangs is ended with all that it started', async t => {
	const {command, log} = scriptedSmi(t, `sleep 600 & echo "child $!" >>"$0.pids"; echo "own $$" >>"$0.pids"; wait`);

	const answer = await createSmiRunner().ask(command, 700, never);

	t.like(answer, {end: 'hung'});
	t.is(startsOf(log).length, 1);
	const pids = startsOf(`${command}.pids`).map(line => Number(line.split(' ')[1]));
	t.is(pids.length, 2);
	await until(() => pids.every(pid => !isRunning(pid)));
});

test('whole rows of one that then hangs are kept', async t => {
	const {command} = scriptedSmi(t, `case $1 in --help*) echo '"index"' ;; *) echo 0; sleep 600 ;; esac`);

	const answer = await createSmiRunner().ask(command, 3000, never);

	t.like(answer, {end: 'hung', stdout: '0\n', fields: ['index']});
});

test('while one hangs that nothing can end no other is started, and afterwards one is', async t => {
	const {runner, end, starts} = unending(t);

	const first = await runner.ask('nvidia-smi', 50, never);
	const second = await runner.ask('nvidia-smi', 50, never);

	t.like(first, {end: 'hung'});
	t.like(second, {end: 'hanging'});
	t.true((second.hangingSeconds ?? 0) > 0);
	t.is(starts(), 1);
	end.resolve({exitCode: 0, stdout: '', stderr: '', isEndless: false});
	await until(async () => (await runner.ask('nvidia-smi', 50, never)).end !== 'hanging');
	t.true(starts() > 1);
});

test('a run that is cut short ends the process that nobody waits for', async t => {
	const {command} = scriptedSmi(t, `echo "own $$" >"$0.pids"; exec sleep 600`);
	const stop = new AbortController();

	const asking = createSmiRunner().ask(command, budgetMs, stop.signal);
	await until(() => {
		try {
			return startsOf(`${command}.pids`).length === 1;
		} catch {
			return false;
		}
	});
	stop.abort(new Error('we are ending'));

	await t.throwsAsync(asking, {message: 'we are ending'});
	const pid = Number(startsOf(`${command}.pids`)[0]?.split(' ')[1]);
	await until(() => !isRunning(pid));
});

test('output without end is stopped at a bound, from the lab and from a shell that ignores it', async t => {
	const lab = await createSmiRunner().ask(fakeSmi(t, 'endless').command, budgetMs, never);
	const shell = scriptedSmi(t, `trap '' PIPE; case $1 in --help*) ;; *) while :; do echo "0, 1, 2, 3"; done ;; esac`);

	const stubborn = await createSmiRunner().ask(shell.command, budgetMs, never);

	for (const answer of [lab, stubborn]) {
		t.like(answer, {end: 'endless'});
		t.true(answer.stdout.length <= 262_144);
	}
});

test('what is missing and what may not be run are told apart', async t => {
	const {command} = fakeSmi(t, 'healthy');

	t.like(await createSmiRunner().ask(`${command}-not-there`, budgetMs, never), {end: 'missing'});
	t.like(await createSmiRunner().ask(`${command}.mode`, budgetMs, never), {end: 'forbidden'});
});

test('a crash is told by its signal', async t => {
	const {command} = scriptedSmi(t, `kill -SEGV $$`);

	const answer = await createSmiRunner().ask(command, budgetMs, never);

	t.like(answer, {end: 'exited', signal: 'SIGSEGV'});
});

test.serial('nvidia-smi gets nothing of our environment but what it needs', async t => {
	const given = {AGENT_SECRET: 'x', NVIDIA_API_KEY: 'y', NVIDIA_VISIBLE_DEVICES: 'all', LC_ALL: 'de_DE.UTF-8'};
	const before = Object.fromEntries(Object.keys(given).map(name => [name, process.env[name]]));
	t.teardown(() => {
		for (const [name, value] of Object.entries(before))
			if (value === undefined) delete process.env[name];
			else process.env[name] = value;
	});
	Object.assign(process.env, given);

	const {command} = scriptedSmi(t, 'env');
	const {stdout} = await createSmiRunner().ask(command, budgetMs, never);

	const names = stdout.split('\n').map(line => line.split('=', 1)[0] ?? '');
	const allowed = ['PATH', 'HOME', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_DRIVER_CAPABILITIES'];
	// What a shell adds by itself stays out of it.
	const others = names.filter(name => !['', ...allowed, 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name));
	t.deepEqual(others.toSorted(), ['LC_ALL', 'NVIDIA_VISIBLE_DEVICES']);
	t.true(stdout.includes('LC_ALL=C\n'));
});
