/** A real sshd on loopback with keys of its own, for the user who runs the test; gone when the test ends. */

import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {closedPort} from './servers.ts';
import {until} from './until.ts';

export interface Sshd {
	port: number;
	user: string;
	/** A private key that may sign in. */
	identityFile: string;
	/** Its public key is in no file. */
	strangerFile: string;
	knownHostsFile: string;
	/** Puts another host key in the place of the known one. */
	changeHostKey(): Promise<void>;
	/** Connections that signed in so far. */
	logins(): number;
	stop(): Promise<void>;
	start(): Promise<void>;
}

export async function startSshd(t: ExecutionContext): Promise<Sshd> {
	const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
	const at = (name: string) => join(folder, name);
	const makeKey = (name: string) => execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
	for (const name of ['host', 'host2', 'identity', 'stranger']) makeKey(name);
	const port = await closedPort();
	const {username: user} = userInfo();
	writeFileSync(at('authorized'), readFileSync(at('identity.pub')));
	chmodSync(at('authorized'), 0o600);
	writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8')}`);
	// Of root it wants this folder.
	if (process.getuid?.() === 0) mkdirSync('/run/sshd', {recursive: true});
	let log = '';
	let hostKey = at('host');
	let child: ReturnType<typeof spawn> | undefined;

	const sshd: Sshd = {
		port,
		user,
		identityFile: at('identity'),
		strangerFile: at('stranger'),
		knownHostsFile: at('known_hosts'),
		async changeHostKey() {
			hostKey = at('host2');
			await sshd.stop();
			await sshd.start();
		},
		logins: () => log.match(/Accepted publickey/g)?.length ?? 0,
		async stop() {
			if (!child || child.exitCode !== null || child.signalCode !== null) return;
			const ended = once(child, 'exit');
			child.kill();
			await ended;
		},
		async start() {
			const before = log.length;
			const options = {
				ListenAddress: '127.0.0.1',
				Port: String(port),
				HostKey: hostKey,
				AuthorizedKeysFile: at('authorized'),
				PidFile: 'none',
				StrictModes: 'no',
				UsePAM: 'no',
				PasswordAuthentication: 'no',
				KbdInteractiveAuthentication: 'no',
				PermitRootLogin: 'yes',
				LogLevel: 'VERBOSE',
				MaxStartups: '100',
			};
			const args = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
			child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', '/dev/null', ...args], {stdio: ['ignore', 'ignore', 'pipe']});
			child.stderr?.on('data', (chunk: Buffer) => {
				log += chunk.toString();
			});
			await until(() => log.slice(before).includes('Server listening'));
		},
	};
	t.teardown(async () => {
		await sshd.stop();
		rmSync(folder, {recursive: true, force: true});
	});
	await sshd.start();
	return sshd;
}
