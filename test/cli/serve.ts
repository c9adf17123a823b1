import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {until} from '../helpers/until.ts';

const hasFping = spawnSync('fping', ['--version']).status === 0;

(hasFping ? test : test.skip)(
	'a signal that comes while fping runs ends the daemon in order, and fping with it',
	async t => {
		const directory = await mkdtemp(join(tmpdir(), 'tailprobe-serve-'));
		t.teardown(() => rm(directory, {recursive: true}));
		const config = join(directory, 'tailprobe.yaml');
		await writeFile(
			config,
			`vantages: [{name: here, type: local, tailscaled: false}]
checks:
  - name: ping
    prober: icmp
    via: direct
    interval: 6s
    timeout: 5s
    icmp: {count: 15, ping_interval: 300ms}
    targets: [{name: nobody, target: 192.0.2.1}]
`,
		);
		const main = new URL('../../src/main.ts', import.meta.url).pathname;
		const daemon = spawn(process.execPath, [main, 'serve', '--config', config, '--listen', '127.0.0.1:0'], {
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		const ended = once(daemon, 'exit');
		t.teardown(() => void daemon.kill('SIGKILL'));
		let log = '';
		daemon.stderr.on('data', bytes => {
			log += bytes;
		});
		const children = async () =>
			(await readFile(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8')).split(' ').filter(Boolean);
		await until(async () => (await children()).length > 0);
		const [fping] = await children();

		daemon.kill('SIGTERM');
		const [status, signal] = await ended;

		t.deepEqual([status, signal], [0, null]);
		t.regex(log, /tailprobe is ending/);
		await until(async () => (await readFile(`/proc/${fping}/comm`, 'utf8').catch(() => '')) === '');
	},
);
