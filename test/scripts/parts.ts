import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {execa} from 'execa';

const script = fileURLToPath(new URL('../../scripts/parts.ts', import.meta.url));
/** Builds what it is asked for at once. */
const quickGo = `#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo program > "$2"
`;

test('a build is announced before it begins, because it takes long; what is there is not built again', async t => {
	const directory = mkdtempSync(join(tmpdir(), 'tailprobe-parts-'));
	t.teardown(() => rmSync(directory, {recursive: true, force: true}));
	mkdirSync(join(directory, 'bin'));
	writeFileSync(join(directory, 'bin', 'go'), quickGo, {mode: 0o755});
	const env = {PATH: `${join(directory, 'bin')}:${process.env.PATH}`, XDG_CACHE_HOME: directory};
	const run = () => execa(process.execPath, [script, 'cloudprober'], {env});

	const [first, second] = [await run(), await run()];

	t.regex(
		first.stderr,
		/^Building cloudprober with Go, once for this machine: some minutes …\ncloudprober: built in \d+ s$/,
	);
	t.is(second.stderr, 'cloudprober: in the cache');
});
