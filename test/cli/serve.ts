import {spawnSync} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {serve, startDaemonProcess} from '../helpers/daemon-process.ts';
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
		const daemon = startDaemonProcess(t, serve(config));
		const children = async () =>
			(await readFile(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8')).split(' ').filter(Boolean);
		await until(async () => (await children()).length > 0);
		const [fping] = await children();

		const [status, signal] = await daemon.end('SIGTERM');

		t.deepEqual([status, signal], [0, null]);
		t.regex(daemon.log(), /tailprobe is ending/);
		await until(async () => (await readFile(`/proc/${fping}/comm`, 'utf8').catch(() => '')) === '');
	},
);
