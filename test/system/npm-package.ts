/** The npm package as users install it: into an empty prefix, with what npm has in its cache, and run from there. */

import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execa} from 'execa';
import {writeProgram} from '../../scripts/release/program.ts';
import {version} from '../../src/util/version.ts';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {startProcess} from './lab/processes.ts';

let scratch = '';
let program = '';
const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;

if (canRun) {
	systemTest.before(async t => {
		t.timeout(180_000);
		scratch = await mkdtemp(join(tmpdir(), 'tailprobe-npm-'));
		const folder = join(scratch, 'program');
		await writeProgram(folder);
		await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', scratch], {cwd: folder});
		const prefix = join(scratch, 'prefix');
		const file = join(scratch, `tailprobe-${version}.tgz`);
		await execa('npm', ['install', '--global', '--prefer-offline', '--prefix', prefix, file], {cwd: scratch});
		program = join(prefix, 'bin/tailprobe');
	});
	systemTest.after.always(() => rm(scratch, {recursive: true, force: true}));
}

systemTest('it has what is needed to run, and nothing that is needed to develop', async t => {
	const installed = join(scratch, 'prefix/lib/node_modules/tailprobe');
	const packages = await readdir(join(installed, 'node_modules'));
	const files = (await readdir(installed)).toSorted();

	const wanted = ['README.md', 'alerts', 'dashboards', 'docs', 'node_modules', 'npm-shrinkwrap.json', 'package.json'];
	t.deepEqual(
		[...wanted, 'src', 'systemd'].filter(name => !files.includes(name)),
		[],
	);
	for (const name of ['ava', 'typescript', 'node', 'esbuild']) t.false(packages.includes(name), name);
	for (const file of await readdir(join(installed, 'src'), {recursive: true})) {
		t.notRegex(file, /\.ts$/);
		// tsc changes imports, and nothing else that names a file: `ownFile` is for these.
		if (file.endsWith('.js'))
			t.notRegex(await readFile(join(installed, 'src', file), 'utf8'), /new URL\(['"`][^'"`]+\.ts\b/);
	}
});

systemTest('it says its version and what is wrong with a configuration', async t => {
	const wrong = join(scratch, 'wrong.yaml');
	await writeFile(wrong, 'headscale: {}\n');

	const told = await execa(program, ['--version'], {env: {PATH: path}});
	const judged = await execa(program, ['check-config', wrong], {env: {PATH: path}, reject: false});

	t.is(told.stdout, `tailprobe ${version}`);
	t.is(judged.exitCode, 78);
	t.regex(judged.stderr, /wrong\.yaml:1:1: headscale\.url/);
});

systemTest('the daemon runs from there, its measuring thread too, and ends in order', async t => {
	const config = join(scratch, 'tailprobe.yaml');
	const port = await freePort();
	await writeFile(
		config,
		`headscale: {url: "https://headscale.invalid"}
web: {listen: "127.0.0.1:${port}"}
checks:
  - {name: gone, prober: tcp, via: direct, interval: 1s, timeout: 500ms, targets: ["headscale.invalid:443"]}
`,
	);
	const logFile = join(scratch, 'serve.log');

	const daemon = startProcess({command: program, args: ['serve', '--config', config], env: {PATH: path}, logFile});
	t.teardown(() => daemon.stop());
	const base = `http://127.0.0.1:${port}`;
	await until(async () => /check="gone"[^\n]*verdict="(up|down|unknown)"} [1-9]/.test(await textOf(`${base}/metrics`)));
	const page = await textOf(`${base}/`);
	daemon.signal('SIGTERM');
	const status = await daemon.exited;

	t.regex(page, /<html/);
	t.is(status, 0, await readFile(logFile, 'utf8'));
});

systemTest('the lab runs from there, with the threads and children that it starts', async t => {
	const logFile = join(scratch, 'lab.log');
	const env = {PATH: path, TMPDIR: scratch};

	const lab = startProcess({command: program, args: ['lab'], env, logFile});
	t.teardown(() => lab.stop());
	await until(async () => {
		const [, url] = /^ {2}Look +(http\S+)$/m.exec(await lab.log()) ?? [];
		const metrics = url === undefined ? '' : await textOf(`${url}metrics`);
		// Its agents are children, their measuring threads are theirs, and nvidia-smi is a program of its own.
		return /^tailprobe_check_up\{check="gpu",[^\n]*\} 1$/m.test(metrics) || !lab.alive();
	}, 60_000);

	t.true(lab.alive(), await lab.log());
	t.regex(await lab.log(), /\btailprobe lab break\b/);
});

systemTest('an older Node.js is told from, in one sentence', async t => {
	const older = await olderNode();
	if (older === undefined) {
		t.log('There is no older Node.js here to try it with.');
		t.pass();
		return;
	}

	const {stderr, exitCode} = await execa(older, [program, 'serve'], {reject: false});

	t.is(exitCode, 69);
	t.regex(stderr, /^tailprobe: this is Node\.js \d+[\d.]+, and tailprobe needs Node\.js 26 or newer: [^\n]+$/);
});

/** Empty where nobody answers, or with anything but success. */
async function textOf(url: string): Promise<string> {
	const answer = await fetch(url).catch(() => undefined);
	return answer?.ok === true ? await answer.text() : '';
}

/** Of this machine: the one that npm runs on, most likely. */
async function olderNode(): Promise<string | undefined> {
	for (const folder of ['/usr/bin', '/usr/local/bin', '/usr/local/node/bin']) {
		const node = join(folder, 'node');
		const {stdout, failed} = await execa(node, ['--version'], {reject: false});
		if (!failed && Number.parseInt(stdout.slice(1), 10) < 26) return node;
	}
	return undefined;
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	if (address === null || typeof address === 'string') throw new Error('A TCP server has an address and a port.');
	return address.port;
}
