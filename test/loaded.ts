/** What the threads load before anybody asks for more: each package costs megabytes, for as long as the daemon runs. */

import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const root = new URL('../src/', import.meta.url).href;

/** What is imported (`import:…`) and required (`require:…`) by name while the file of ours is imported. */
async function loadedBy(file: string): Promise<string[]> {
	const watching = `
		import {registerHooks} from 'node:module';
		const names = new Set();
		registerHooks({
			resolve(name, context, next) {
				const ours = context.parentURL?.startsWith(${JSON.stringify(root)});
				if (ours && !name.startsWith('.')) names.add((context.conditions.includes('import') ? 'import:' : 'require:') + name);
				return next(name, context);
			},
		});
		// A thread's file complains that it is run by none.
		await import(${JSON.stringify(root + file)}).catch(() => {});
		process.stdout.write(JSON.stringify([...names]));
	`;
	const {stdout} = await run(process.execPath, ['--input-type=module', '--eval', watching]);
	return JSON.parse(stdout) as string[];
}

function packagesOf(names: readonly string[]): string[] {
	return names.map(name => name.replace(/^\w+:/, '')).filter(name => !name.startsWith('node:'));
}

test('the measuring thread begins without any package', async t => {
	const names = await loadedBy('vantages/local-thread.ts');

	t.true(names.includes('import:node:worker_threads'));
	t.deepEqual(packagesOf(names), []);
});

test('the daemon begins with the packages that every configuration needs', async t => {
	const names = await loadedBy('daemon.ts');

	t.deepEqual(packagesOf(names).toSorted(), ['express', 'node-cron', 'pino', 'yaml', 'zod']);
});

test('an agent begins with the packages that its configuration and its log need', async t => {
	const names = await loadedBy('agent/agent.ts');

	t.deepEqual(packagesOf(names).toSorted(), ['node-cron', 'pino', 'yaml', 'zod']);
	t.false(names.includes('import:node:http'));
});

test('nothing of the daemon imports node:http, which would load all that its names stand for', async t => {
	const names = await loadedBy('daemon.ts');

	t.true(names.includes('import:node:https'));
	t.false(names.includes('import:node:http'));
});
