/** The agent as one file, where nothing else is: a root directory with the C and C++ libraries, and an empty environment. */

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {copyFile, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {type AddressInfo, createServer} from 'node:net';
import {networkInterfaces, tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import test from 'ava';
import {execa} from 'execa';
import {bundleProgram} from '../../scripts/pack/bundle.ts';
import {buildExecutable} from '../../scripts/pack/executable.ts';
import {aSecret, startDaemonSide, tcpCheck} from '../helpers/agents.ts';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';

const name = 'tailprobe-agent';
let root = '';
let libraries: string[] = [];

if (canRun) {
	test.before(async () => {
		root = await mkdtemp(join(tmpdir(), 'tailprobe-bare-'));
		const file = join(root, name);
		await buildExecutable(await bundleProgram('scripts/pack/main.ts'), file);
		const {stdout} = await execa('ldd', [file]);
		libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
		for (const path of libraries) {
			await mkdir(dirname(join(root, path)), {recursive: true});
			await copyFile(path, join(root, path));
		}
	});
	test.after.always(() => rm(root, {recursive: true, force: true}));
}

systemTest('it needs the libraries of C and C++ alone', t => {
	const known = /^(ld-linux[\w-]*|lib(c|dl|gcc_s|m|pthread|stdc\+\+))\.so\.\d+$/;

	t.true(libraries.length > 0);
	t.deepEqual(
		libraries.map(path => basename(path)).filter(each => !known.test(each)),
		[],
	);
});

systemTest('in a bare root it says its version, and where the rest of tailprobe is', async t => {
	const {version} = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));

	const told = await inRoot('--version');
	const refused = await inRoot('serve', '--config', '/x');

	t.is(told.stdout, `tailprobe-agent ${version}`);
	t.is(refused.exitCode, 64);
	t.regex(refused.stderr, /serve is not in this file, which is the agent alone/);
});

systemTest('in a bare root every mistake of a configuration is told', async t => {
	await writeFile(join(root, 'wrong.yaml'), 'listen: 0.0.0.0:1\nsecret: {}\n');

	const {exitCode, stderr} = await inRoot('agent', '--config', '/wrong.yaml', '--check');

	t.is(exitCode, 78);
	t.regex(stderr, /wrong\.yaml:1:\d+: listen/);
	t.regex(stderr, /wrong\.yaml:2:\d+: secret/);
});

systemTest('in a bare root it measures for a daemon, and ends in order', async t => {
	const address = ownAddress();
	const server = createServer(socket => socket.end()).listen(0, address);
	await once(server, 'listening');
	t.teardown(() => server.close());
	const {port} = server.address() as AddressInfo;
	await writeFile(join(root, 'secret'), aSecret);
	await writeFile(
		join(root, 'agent.yaml'),
		JSON.stringify({
			listen: '127.0.0.1:0',
			tailscaled: false,
			secret: {file: 'secret'},
			allow: [{via: 'direct', prefixes: [`${address}/32`]}],
		}),
	);
	const agent = spawn(
		'setpriv',
		['--pdeathsig', 'KILL', chroot, root, `/${name}`, 'agent', '--config', '/agent.yaml'],
		{
			env: {},
			stdio: ['ignore', 'ignore', 'pipe'],
		},
	);
	t.teardown(() => agent.kill('SIGKILL'));
	const ended = once(agent, 'exit');
	const {outcomes, bugs, vantage} = startDaemonSide(t, await portTold(agent.stderr));

	vantage.assign([tcpCheck(port, {target: {name: 'web', address: `${address}:${port}`, via: 'direct', peer: ''}})]);
	await until(() => outcomes.length > 0);
	agent.kill();
	const [status] = await ended;

	t.like(outcomes[0], {verdict: 'up', reading: {ok: true, facts: {address}}});
	t.is(status, 0);
	t.deepEqual(bugs, []);
});

const chroot = '/usr/sbin/chroot';
const bare = {env: {}, extendEnv: false, reject: false} as const;

function inRoot(...args: string[]) {
	return execa(chroot, [root, `/${name}`, ...args], bare);
}

/** Where it listens, as its log says. */
async function portTold(log: Readable): Promise<number> {
	for await (const line of createInterface(log)) {
		const {port} = JSON.parse(line) as {port?: number};
		if (port !== undefined) return port;
	}
	throw new Error('The agent ended before it listened.');
}

/** The agent dials no loopback address, whatever its configuration says. */
function ownAddress(): string {
	const found = Object.values(networkInterfaces())
		.flatMap(each => each ?? [])
		.find(({family, internal}) => family === 'IPv4' && !internal);
	if (!found) throw new Error('This test needs an IPv4 address of this machine beside loopback.');
	return found.address;
}
