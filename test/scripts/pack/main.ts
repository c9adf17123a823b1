import {execFile} from 'node:child_process';
import test from 'ava';

const main = new URL('../../../scripts/pack/main.ts', import.meta.url).pathname;

function run(...args: string[]): Promise<{status: number; text: string}> {
	const {promise, resolve} = Promise.withResolvers<{status: number; text: string}>();
	execFile(process.execPath, [main, ...args], (error, stdout, stderr) =>
		resolve({status: Number(error?.code ?? 0), text: stdout + stderr}),
	);
	return promise;
}

test('the packed agent goes by its own name in its usage and in what it complains of', async t => {
	const help = await run('agent', '--help');
	const missing = await run('agent');
	const stray = await run('agent', '--bogus');

	t.regex(help.text, /^Usage: tailprobe-agent agent --config FILE/);
	t.regex(missing.text, /^tailprobe-agent: agent needs --config FILE\.\n\nUsage: tailprobe-agent agent/);
	t.regex(stray.text, /^tailprobe-agent agent: Unknown option/);
	t.deepEqual([help.status, missing.status, stray.status], [0, 64, 64]);
});
