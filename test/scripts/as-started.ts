import {readFile} from 'node:fs/promises';
import test from 'ava';
import {nodeEnvironment, nodeFlags} from '../../scripts/as-started.ts';

const root = new URL('../../', import.meta.url);
const textOf = (path: string) => readFile(new URL(path, root), 'utf8');

test('tests and bench start tailprobe with the flags and the environment that users start it with', async t => {
	const variables = Object.entries(nodeEnvironment).map(([name, value]) => `${name}=${value}`);
	const {scripts} = JSON.parse(await textOf('package.json')) as {scripts: Record<string, string>};
	const [shebang] = (await textOf('src/main.ts')).split('\n');

	for (const line of [scripts['tailprobe'], shebang])
		for (const part of [...nodeFlags, ...variables]) t.true(line?.split(' ').includes(part), `${part} in ${line}`);
	t.is(shebang, `#!/usr/bin/env -S ${[...variables, 'node', ...nodeFlags].join(' ')}`);
});
