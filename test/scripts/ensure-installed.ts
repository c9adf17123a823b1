import {spawn} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {isAlive, until} from '../helpers/lab.ts';

const script = new URL('../../scripts/ensure-installed.mjs', import.meta.url);

/** A project with one dependency, and an npm of our own that does what the script says in place of `npm ci`. */
function aProject(t: ExecutionContext, npm: string, nodeSays = process.version) {
	const root = mkdtempSync(join(tmpdir(), 'tailprobe-test-'));
	t.teardown(() => rmSync(root, {recursive: true, force: true}));
	mkdirSync(join(root, 'scripts'));
	cpSync(script, join(root, 'scripts', 'ensure-installed.mjs'));
	writeFileSync(join(root, 'package.json'), JSON.stringify({engines: {node: '>=26'}, dependencies: {one: '1.0.0'}}));
	writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
	const fakeNpm = join(root, 'npm-cli.js');
	writeFileSync(
		fakeNpm,
		`
		const {appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync, chmodSync} = require('node:fs');
		appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
		function install() {
			rmSync('node_modules', {recursive: true, force: true});
			mkdirSync('node_modules/one', {recursive: true});
			mkdirSync('node_modules/.bin');
			writeFileSync('node_modules/one/package.json', '{}');
			writeFileSync('node_modules/.bin/node', ${JSON.stringify(`#!/bin/sh\necho ${nodeSays}\n`)});
			chmodSync('node_modules/.bin/node', 0o755);
			writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(JSON.stringify({packages: installed}))});
		}
		function fail(code, text = '') {
			process.stderr.write('npm error code ' + code + '\\nnpm error\\n' + text);
			process.exit(1);
		}
		${npm}
		`,
	);
	return {
		root,
		calls: () => (existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []),
		start: () =>
			spawn(process.execPath, [join(root, 'scripts', 'ensure-installed.mjs')], {
				env: {...process.env, npm_execpath: fakeNpm, npm_node_execpath: process.execPath},
				stdio: ['ignore', 'ignore', 'pipe'],
			}),
		async run() {
			const child = this.start();
			let text = '';
			child.stderr.setEncoding('utf8').on('data', data => {
				text += data;
			});
			const exitCode = await new Promise<number | null>(resolve => child.once('close', resolve));
			return {exitCode, text};
		},
	};
}

const installed = {'node_modules/one': {version: '1.0.0'}};
const lock = {
	lockfileVersion: 3,
	packages: {
		'': {},
		'node_modules/one': {version: '1.0.0'},
		'node_modules/other-machine': {version: '2.0.0', optional: true},
	},
};

test('a bare project is installed once, then nothing is done', async t => {
	const project = aProject(t, 'install()');

	const first = await project.run();
	const second = await project.run();

	t.is(first.exitCode, 0);
	t.regex(first.text, /^Installing the dependencies, only this once …\nInstalled in \d+ s\.\n$/);
	t.deepEqual(second, {exitCode: 0, text: ''});
	t.is(project.calls().length, 1);
	t.regex(project.calls()[0] ?? '', /^ci --include=dev /);
});

test('other dependencies, or another lock, are installed anew', async t => {
	const project = aProject(t, 'install()');
	await project.run();

	writeFileSync(
		join(project.root, 'package-lock.json'),
		JSON.stringify({...lock, packages: {...lock.packages, 'node_modules/one': {version: '1.0.1'}}}),
	);
	await project.run();

	t.is(project.calls().length, 2);
});

test('what npm itself installed completely is taken as it is', async t => {
	const project = aProject(t, 'install()');
	await project.run();
	rmSync(join(project.root, 'node_modules', '.tailprobe-installed'));

	const again = await project.run();

	t.deepEqual(again, {exitCode: 0, text: ''});
	t.is(project.calls().length, 1);
});

test('an interrupted installation is done anew', async t => {
	const project = aProject(t, 'install()');
	mkdirSync(join(project.root, 'node_modules', 'one'), {recursive: true});
	writeFileSync(join(project.root, 'node_modules', 'one', 'package.json'), '{}');

	const {exitCode} = await project.run();

	t.is(exitCode, 0);
	t.is(project.calls().length, 1);
});

test('remains that stand in the way of npm are removed for a second try', async t => {
	const project = aProject(t, "existsSync('node_modules/rest') ? fail('ENOTEMPTY') : install()");
	mkdirSync(join(project.root, 'node_modules', 'rest'), {recursive: true});

	const {exitCode} = await project.run();

	t.is(exitCode, 0);
	t.is(project.calls().length, 2);
});

const advice: Record<string, RegExp> = {
	EAI_AGAIN: /The npm registry cannot be reached \(EAI_AGAIN\)\. Look at the network/,
	E403: /The npm registry refused us \(E403\)/,
	ETARGET: /The npm registry lacks something/,
	EINTEGRITY: /other contents than package-lock\.json wants/,
	EACCES: /This user may not write in .* \(EACCES\)/,
	ENOSPC: /The disk is full/,
	EODD: /npm ci ended with status 1 \(EODD\)/,
};

for (const [code, sentence] of Object.entries(advice))
	test(`${code}: says what npm said and what to do`, async t => {
		const project = aProject(t, `fail(${JSON.stringify(code)}, 'npm error because of it\\n')`);

		const {exitCode, text} = await project.run();

		t.is(exitCode, 1);
		t.true(text.includes(`npm error code ${code}\nnpm error because of it\n`));
		t.regex(text, sentence);
		t.false(existsSync(join(project.root, 'node_modules', '.tailprobe-installed')));
	});

test('a lock that does not fit is said without the usage text of npm', async t => {
	const usage =
		'npm error Missing: two@1.0.0 from lock file\nnpm error\nnpm error Clean install a project\nnpm error Usage:\n';
	const project = aProject(t, `fail('EUSAGE', ${JSON.stringify(usage)})`);

	const {text} = await project.run();

	t.regex(text, /Missing: two@1\.0\.0 from lock file\npackage\.json and package-lock\.json do not fit together\./);
	t.notRegex(text, /Usage/);
});

test('a Node that did not come along is said', async t => {
	const project = aProject(t, 'install()', 'v20.20.2');

	const {exitCode, text} = await project.run();

	t.is(exitCode, 1);
	t.regex(text, /`node -v` in node_modules\/\.bin says v20\.20\.2 where v26 is needed/);
	t.regex(text, /npm rebuild node --ignore-scripts=false/);
});

test('an interruption ends npm too and says what to do', async t => {
	const project = aProject(t, "writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)");
	const child = project.start();
	let text = '';
	child.stderr.setEncoding('utf8').on('data', data => {
		text += data;
	});
	const exitCode = new Promise<number | null>(resolve => child.once('close', resolve));
	const pidFile = join(project.root, 'pid');
	await until(t, 'npm runs', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');

	child.kill('SIGTERM');

	t.is(await exitCode, 143);
	t.regex(text, /Interrupted while installing\. Run the same command again/);
	t.false(isAlive(Number(readFileSync(pidFile, 'utf8'))));
});

test('every script of ours that needs the dependencies has them installed before, whichever Node is there', t => {
	const {scripts} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
	const own = Object.entries<string>(scripts).filter(([, command]) => /\bnode .*\.ts\b/.test(command));

	t.true(own.length >= 7);
	for (const [name] of own) t.is(scripts[`pre${name}`], 'node scripts/ensure-installed.mjs', name);
});
