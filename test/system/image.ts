/** The image of the Containerfile, as far as it can be seen without a container engine: its stages run as scripts, and what came of them as a pod would run it. */

import {glob, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import type {Sbom} from '../../scripts/release/sbom.ts';
import {version} from '../../src/util/version.ts';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {imageRoot, imageStages, inImage} from './lab/image.ts';
import {startProcess} from './lab/processes.ts';

/** The network of the pod. */
const namespace = `tp-image-${process.pid}`;
const own = '10.99.0.1';
const config = `
headscale: {url: "https://headscale.invalid"}
checks:
  - {name: here, prober: icmp, via: direct, interval: 1s, timeout: 900ms, targets: [{name: here, target: ${own}}]}
`;
let root = '';
let scratch = '';
let entrypoint: string[] = [];

if (canRun) {
	systemTest.before(async t => {
		t.timeout(420_000);
		root = await imageRoot();
		scratch = await mkdtemp(join(tmpdir(), 'tailprobe-image-'));
		({entrypoint = []} = (await imageStages()).at(-1) ?? {});
		await execa('ip', ['netns', 'add', namespace]);
		await execa('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
		// Loopback itself is never probed.
		await execa('ip', ['-n', namespace, 'address', 'add', `${own}/32`, 'dev', 'lo']);
		await mkdir(join(scratch, 'seen'));
		await writeFile(join(scratch, 'seen/tailprobe.yaml'), config);
		// As the chart has it for the pod.
		await execa('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-w', 'net.ipv4.ping_group_range=0 2147483647']);
	});
	systemTest.after.always(async () => {
		await execa('ip', ['netns', 'delete', namespace], {reject: false});
		if (scratch !== '') await rm(scratch, {recursive: true});
	});
}

systemTest('the entrypoint answers with the version, as a user of no name and no rights', async t => {
	const answer = await run(...entrypoint, '--version');
	const who = await run('sh', '-c', 'id -u; id -g; grep -E "^(CapBnd|CapEff|NoNewPrivs)" /proc/self/status');

	t.is(answer.all, `tailprobe ${version}`);
	t.is(answer.exitCode, 0);
	t.is(who.all, '65532\n65532\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1');
});

systemTest('nothing of it but /tmp can be written to, whoever owns the rest', async t => {
	const {all} = await run('find', '/', '-xdev', '-writable', '!', '-type', 'l');
	const elsewhere = await run('touch', '/opt/tailprobe/x');
	const inTmp = await run('touch', '/tmp/x');

	t.deepEqual(
		all.split('\n').filter(line => line.startsWith('/')),
		['/tmp'],
	);
	t.regex(elsewhere.all, /Read-only file system/);
	t.is(inTmp.exitCode, 0);
});

systemTest('ping and fping hear answers, and ssh starts, without any capability', async t => {
	const ping = await run('ping', '-c', '1', '127.0.0.1');
	// With the arguments that `icmp` checks have.
	const fping = await run('fping', '-C', '2', '-q', '-S', '0.0.0.0', '-S', '::', '127.0.0.1', '::1');
	const ssh = await run('ssh', '-V');
	const noServer = await run('ssh', '-F', 'none', '-o', 'BatchMode=yes', '-p', '1', 'root@127.0.0.1', 'true');

	t.is(ping.exitCode, 0, ping.all);
	t.is(fping.exitCode, 0, fping.all);
	t.regex(ssh.all, /^OpenSSH_/);
	t.is(noServer.all, 'ssh: connect to host 127.0.0.1 port 1: Connection refused');
});

systemTest('there is nothing to build or install with, and nothing that makes a user somebody else', async t => {
	const forbidden = ['npm', 'npx', 'corepack', 'yarn', 'cc', 'gcc', 'g++', 'make', 'strip', 'python3', 'curl', 'wget'];

	const found = await run('sh', '-c', `command -v ${forbidden.join(' ')}`);
	const {stdout: setuid} = await execa('find', [root, '-xdev', '-type', 'f', '-perm', '/6000']);
	const {stdout: capabilities} = await execa('getcap', ['-r', root]);

	t.is(found.all, '');
	t.is(setuid, '');
	t.is(capabilities, '');
});

systemTest(
	'of the packages it has what package-lock.json names, and the list of what is inside names each',
	async t => {
		const program = join(root, 'opt/tailprobe');
		const present = await packagesBelow(join(program, 'node_modules'));
		const {components}: Sbom = JSON.parse(await readFile(join(root, 'usr/share/doc/tailprobe/sbom.cdx.json'), 'utf8'));
		const manifest = JSON.parse(await readFile('package.json', 'utf8'));
		const listed = components.map(component => `${component.name}@${component.version}`);

		t.deepEqual(
			present.filter(each => !listed.includes(each)),
			[],
		);
		t.deepEqual(
			listed.filter(each => !present.includes(each)),
			[`node@${process.versions.node}`],
		);
		for (const name of Object.keys(manifest.dependencies))
			t.true(
				present.some(each => each.startsWith(`${name}@`)),
				name,
			);
		// Types are what packages bring along, too.
		for (const name of Object.keys(manifest.devDependencies).filter(each => !each.startsWith('@types/')))
			t.false(
				present.some(each => each.startsWith(`${name}@`)),
				name,
			);
	},
);

systemTest(
	'the daemon starts there as process 1, is healthy, pings, clears away what is left behind, and ends in order',
	async t => {
		const startedAt = performance.now();
		const logFile = join(scratch, 'serve.log');
		const {command, args} = inImage(root, [...entrypoint, 'serve', '--config', '/tmp/tailprobe.yaml']);

		const daemon = startProcess({namespace, command, args, env: {SEEN_IN_TMP: join(scratch, 'seen')}, logFile});
		t.teardown(() => daemon.stop());
		await until(async () => (await ask('/-/healthy')).exitCode === 0 || !daemon.alive());
		const healthyMs = performance.now() - startedAt;
		await until(async () => /check="here"[^\n]*verdict="up"} [1-9]/.test((await ask('/metrics')).stdout));
		const [first = 0] = await childrenOf(daemon.pid);
		const name = await readFile(`/proc/${first}/comm`, 'utf8');
		// As ssh does with its shared connection: the parent ends first.
		await execa('nsenter', ['--target', String(first), '--pid', 'sh', '-c', 'sleep 0.2 >/dev/null 2>&1 &']);
		await until(async () => (await childrenOf(first)).length === 1);
		process.kill(first, 'SIGTERM');
		const status = await daemon.exited;

		t.is(name, 'tini\n');
		t.is(status, 0, await daemon.log());
		t.log(`healthy ${healthyMs.toFixed(0)} ms after its start; the root holds ${await megabytesOf(root)} MB`);
	},
);

/** What `podman run IMAGE …` would. */
async function run(...argv: string[]): Promise<{all: string; exitCode: number | undefined}> {
	const {command, args} = inImage(root, argv);
	const env = {SEEN_IN_TMP: join(scratch, 'seen')};
	const {all, exitCode} = await execa('ip', ['netns', 'exec', namespace, command, ...args], {
		env,
		reject: false,
		all: true,
		stdin: 'ignore',
	});
	return {all, exitCode};
}

/** Asks the daemon in the pod's network. */
function ask(path: string): Promise<{exitCode?: number | undefined; stdout: string}> {
	const url = `http://127.0.0.1:9753${path}`;
	return execa('ip', ['netns', 'exec', namespace, 'curl', '-sf', '--max-time', '5', url], {reject: false});
}

async function childrenOf(pid: number): Promise<number[]> {
	const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
	return text.trim().split(' ').map(Number);
}

/** `NAME@VERSION` of every package, those inside packages too. */
async function packagesBelow(folder: string): Promise<string[]> {
	const found = new Set<string>();
	for await (const file of glob(['**/node_modules/*/package.json', '**/node_modules/@*/*/package.json'], {
		cwd: join(folder, '..'),
	})) {
		const {name, version: its} = JSON.parse(await readFile(join(folder, '..', file), 'utf8'));
		found.add(`${name}@${its}`);
	}
	return [...found];
}

async function megabytesOf(folder: string): Promise<string> {
	const {stdout} = await execa('du', ['--summarize', '--bytes', '--one-file-system', folder]);
	return (Number.parseInt(stdout, 10) / 1e6).toFixed(0);
}
