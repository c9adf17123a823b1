import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startProgram, waitFor} from '../../../scripts/bench/processes.ts';

function start(t: ExecutionContext, script: string) {
	const scratch = mkdtempSync(join(tmpdir(), 'tailprobe-test-'));
	const running = startProgram([process.execPath, '--eval', script], {logFile: join(scratch, 'log')});
	t.teardown(async () => {
		await running.stop();
		rmSync(scratch, {recursive: true, force: true});
	});
	return running;
}

test('a program that is paused ends when it is told to, and its id was its own', async t => {
	const running = start(t, 'console.log("here", process.pid); setInterval(() => {}, 1000)');
	const said = () => Promise.resolve(/here (\d+)/.exec(running.lastWords())?.[1]);
	const pid = await waitFor('nothing was said', running, 10_000, said);

	running.pause();
	await running.stop();

	t.is(Number(pid), running.pid);
	t.true(running.ended());
	t.throws(() => process.kill(running.pid, 0), {code: 'ESRCH'});
});

test('waiting for a program that ends tells its last words', async t => {
	const running = start(t, 'console.error("the port is taken"); process.exit(3)');

	await t.throwsAsync(
		waitFor('it did not start', running, 10_000, () => Promise.resolve(undefined)),
		{message: /^it did not start: the process ended\. Its last words: the port is taken$/},
	);
});
