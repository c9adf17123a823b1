/**
 * Makes node_modules fit package-lock.json before `npm start`, `npm test` and the other scripts of package.json, and does nothing when it does already.
 * Runs on the Node that happens to be there (18 and newer), so it is plain JavaScript without dependencies.
 */

import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const marker = join(modules, '.tailprobe-installed');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const wantedMajor = Number(/\d+/.exec(manifest.engines.node)[0]);

process.exitCode = await ensureInstalled();

async function ensureInstalled() {
	const ownMajor = Number(process.versions.node.split('.')[0]);
	if (ownMajor < 18) {
		return fail(
			`This is Node ${process.versions.node}. Install Node 20 or newer with its npm, then run the same again.`,
		);
	}
	const wanted = fingerprint();
	if (readMarker() === wanted && (ownMajor >= wantedMajor || existsSync(join(modules, '.bin', 'node')))) return 0;
	if (!isInstalledByNpm()) {
		const exitCode = await install();
		if (exitCode !== 0) return exitCode;
	}
	const found = nodeVersion();
	if (!(Number(/^v(\d+)/.exec(found)?.[1]) >= wantedMajor)) return fail(wrongNode(found));
	writeFileSync(marker, wanted);
	return 0;
}

/** What an installation depends on: the two files of npm, and the machine, as some packages are built for one. */
function fingerprint() {
	const {dependencies, devDependencies, optionalDependencies, allowScripts} = manifest;
	return createHash('sha256')
		.update(readFileSync(join(root, 'package-lock.json')))
		.update(JSON.stringify([dependencies, devDependencies, optionalDependencies, allowScripts]))
		.update(`${process.platform}-${process.arch}`)
		.digest('hex');
}

function readMarker() {
	try {
		return readFileSync(marker, 'utf8');
	} catch {
		return undefined;
	}
}

/** Whether somebody ran npm already: its own record, written when an installation is complete, holds what the lock asks for. */
function isInstalledByNpm() {
	try {
		const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
		const present = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages;
		return (
			Object.entries(wanted).every(([path, {version, optional}]) =>
				path === '' || present[path] === undefined ? path === '' || optional : present[path].version === version,
			) &&
			Object.keys(present).every(path => wanted[path] !== undefined && existsSync(join(root, path, 'package.json')))
		);
	} catch {
		return false;
	}
}

async function install() {
	const startedAt = Date.now();
	const stopProgress = showProgress('Installing the dependencies, only this once', startedAt);
	let result = await runNpm();
	if (/^(ENOTEMPTY|EEXIST|EISDIR|ENOTDIR)$/.test(result.code)) {
		// The remains of an interrupted installation can stand in npm's way.
		rmSync(modules, {recursive: true, force: true, maxRetries: 3});
		result = await runNpm();
	}
	stopProgress();
	if (result.signal) {
		say('Interrupted while installing. Run the same command again: it starts the installation anew.');
		return result.signal === 'SIGINT' ? 130 : 143;
	}
	if (result.exitCode !== 0) return fail(`${tail(result.errors)}${explain(result)}`);
	say(`Installed in ${seconds(startedAt)} s.`);
	return 0;
}

function runNpm() {
	// Under `npm start` this is the very npm that runs us, on the Node that it runs on.
	const {npm_execpath: npm = '', npm_node_execpath: node = process.execPath} = process.env;
	const [command, ...before] = /npm-cli\.c?js$/.test(npm) ? [node, npm] : ['npm'];
	const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
	// By default npm would let a person without network wait for 75 seconds.
	const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=10000'];
	return new Promise(resolve => {
		const child = spawn(command, [...before, 'ci', '--include=dev', ...quiet, ...patience], {
			cwd: root,
			stdio: ['ignore', 'ignore', 'pipe'],
			shell: process.platform === 'win32' && before.length === 0,
		});
		let errors = '';
		let signal;
		const end = name => {
			signal = name;
			child.kill(name);
		};
		process.on('SIGINT', end).on('SIGTERM', end);
		const finish = (exitCode, code) => {
			process.off('SIGINT', end).off('SIGTERM', end);
			resolve({exitCode, signal, errors, code: code ?? /^npm (?:error|ERR!) code (\w+)/m.exec(errors)?.[1] ?? ''});
		};
		child.stderr.setEncoding('utf8').on('data', text => {
			errors = (errors + text).slice(-65_536);
		});
		child.once('error', error => finish(1, error.code === 'ENOENT' ? 'NONPM' : error.code));
		child.once('close', exitCode => finish(exitCode ?? 1));
	});
}

function showProgress(text, startedAt) {
	const {stderr} = process;
	if (!stderr.isTTY) {
		say(`${text} …`);
		const timer = setInterval(() => say(`… still installing, ${seconds(startedAt)} s`), 5000);
		return () => clearInterval(timer);
	}
	const draw = () => stderr.write(`\r\u001b[K${text} … ${seconds(startedAt)} s`);
	draw();
	const timer = setInterval(draw, 1000);
	return () => {
		clearInterval(timer);
		stderr.write('\r\u001b[K');
	};
}

/** The version of the Node that `npm start` and `npm test` will use: npm puts node_modules/.bin first on PATH. */
function nodeVersion() {
	const env = {...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}`};
	const {stdout} = spawnSync('node', ['-v'], {
		env,
		encoding: 'utf8',
		timeout: 20_000,
		shell: process.platform === 'win32',
	});
	return (stdout ?? '').trim();
}

function wrongNode(found) {
	return (
		`The dependencies are installed, but \`node -v\` in node_modules/.bin says ${found || 'nothing'} where v${wantedMajor} is needed: ` +
		`npm did not run the install script of the package "node", which brings it. ` +
		'Run `npm rebuild node --ignore-scripts=false --foreground-scripts` and then the same command again, ' +
		`or install Node ${wantedMajor} yourself.`
	);
}

/** What to do, for what npm said. */
function explain({code, exitCode}) {
	const again = 'then run the same command again.';
	switch (code) {
		case 'NONPM':
			return `There is no npm on PATH. Install Node 20 or newer with its npm, ${again}`;
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
		case 'ECONNREFUSED':
		case 'ECONNRESET':
		case 'ENETUNREACH':
		case 'EHOSTUNREACH':
		case 'ETIMEDOUT':
		case 'ERR_SOCKET_TIMEOUT':
			return `The npm registry cannot be reached (${code}). Look at the network and at \`npm config get registry proxy\`, ${again}`;
		case 'E401':
		case 'E403':
			return `The npm registry refused us (${code}). Look at \`npm config get registry\` and at your login there, ${again}`;
		case 'E404':
		case 'ETARGET':
			return `The npm registry lacks something that package-lock.json names (${code}). Look at \`npm config get registry\`, ${again}`;
		case 'EUSAGE':
			return 'package.json and package-lock.json do not fit together. Run `npm install`, look at what it changed, and keep that.';
		case 'EINTEGRITY':
			return `A package came with other contents than package-lock.json wants. Run \`npm cache verify\`, ${again}`;
		case 'EACCES':
		case 'EPERM':
			return `This user may not write in ${root} or in npm's cache (${code}). Look at who owns them, ${again}`;
		case 'ENOSPC':
			return `The disk is full: about half a gigabyte is needed. Make room, ${again}`;
		default:
			return `npm ci ended with status ${exitCode}${code && ` (${code})`}. Mend what it says above, ${again}`;
	}
}

/** The end of what npm said, without its usage text. */
function tail(errors) {
	const lines = errors.split('\n').filter(line => line.trim() !== '' && !/^npm (error|ERR!)$/.test(line.trim()));
	const usage = lines.findIndex(line => / Clean install a project$/.test(line));
	const said = (usage < 0 ? lines : lines.slice(0, usage)).slice(-12);
	return said.length === 0 ? '' : `${said.join('\n')}\n`;
}

function seconds(startedAt) {
	return Math.round((Date.now() - startedAt) / 1000);
}

function say(text) {
	process.stderr.write(`${text}\n`);
}

function fail(text) {
	say(text);
	return 1;
}
