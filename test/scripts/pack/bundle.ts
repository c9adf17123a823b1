import test from 'ava';
import {bundleProgram} from '../../../scripts/pack/bundle.ts';

const agent = 'scripts/pack/main.ts';

test('the agent is bundled with the program of its measuring thread, and with no package that only the daemon needs', async t => {
	const {main, workers, packages} = await bundleProgram(agent);

	t.deepEqual([...workers.keys()], ['local-thread.ts']);
	t.true(main.includes('getAsset'));
	for (const name of ['@kubernetes/client-node', 'express', 'prom-client', 'zod-openapi'])
		t.false(packages.includes(name));
});

test('what is loaded is inside: nothing is required at run time but what Node.js brings', async t => {
	const {main, workers, packages} = await bundleProgram(agent);

	// It is required when the first pattern is used.
	t.true(packages.includes('re2js'));
	for (const text of [main, ...workers.values()]) {
		const required = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].flatMap(([, name]) => name ?? []);
		t.true(required.length > 0);
		t.deepEqual(
			required.filter(name => !isOfNode(name) && !optional.includes(name)),
			[],
		);
		t.notRegex(text, /import\.meta/);
	}
});

test('a package that is not allowed is named, and nothing is bundled', async t => {
	await t.throwsAsync(bundleProgram('src/daemon.ts'), {message: /express.*scripts\/pack\/bundle\.ts does not allow/});
});

/** The package ws goes without them. */
const optional = ['bufferutil', 'utf-8-validate'];

function isOfNode(name: string): boolean {
	return process.getBuiltinModule(name) !== undefined;
}
