/** A real OpenSSH server in a host of the lab, with host keys and a client's key of its own. */

import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {until} from '../../helpers/until.ts';
import {type Running, startProcess} from './processes.ts';
import type {NodeHost, Tailnet} from './tailnet.ts';

/** A running server. */
export interface Sshd {
	port: number;
	user: string;
	/** The private key that may come in. */
	identityFile: string;
	/** Knows the server as it was when it first started, by its name and its address in the tailnet. */
	knownHostsFile: string;
	/** Comes back as another machine would: with another host key. */
	changeHostKey(): Promise<void>;
	/** Comes back with the key that is in the known hosts. */
	restoreHostKey(): Promise<void>;
	log(): Promise<string>;
}

/** Port of every server here. */
export const sshPort = 2222;
/** Where programs are found. */
export const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Starts it on every address of the host; tailscaled in userspace mode passes to loopback what comes from the tailnet. It ends with the
 * tailnet, with the sessions that it has. `path`: where its sessions look for programs.
 */
export async function startSshd(
	tailnet: Tailnet,
	host: NodeHost,
	{path = usualPath}: {path?: string} = {},
): Promise<Sshd> {
	const directory = join(tailnet.directory, `sshd-${host}`);
	const file = (name: string) => join(directory, name);
	await mkdir(directory);
	// Debian's sshd does not start without it.
	await mkdir('/run/sshd', {recursive: true, mode: 0o755});
	const keygen = (name: string) => execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
	await Promise.all(['first', 'second', 'client'].map(keygen));
	const node = tailnet.node(host);
	const names = [node.name, await node.address()].map(name => `[${name}]:${sshPort}`).join();
	await writeFile(file('known_hosts'), `${names} ${await readFile(file('first.pub'), 'utf8')}`);

	let running: Running | undefined;
	const start = async (key: string) => {
		await writeFile(file('sshd_config'), config({key: file(key), client: file('client.pub'), home: directory, path}));
		const started = startProcess({
			namespace: tailnet.underlay.namespace(host),
			command: '/usr/sbin/sshd',
			args: ['-D', '-e', '-f', file('sshd_config')],
			logFile: file('log'),
		});
		running = started;
		await until(async () => {
			if (!started.alive()) throw new Error(`sshd of ${host} ended: ${(await started.log()).slice(-1000)}`);
			const open = ['-o', 'BatchMode=yes', '-o', `UserKnownHostsFile=${file('own_hosts')}`, '-o', 'LogLevel=ERROR'];
			const own = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-i', file('client'), '-p', `${sshPort}`];
			return tailnet.underlay.run(host, 'ssh', [...open, ...own, '127.0.0.1', 'true']).then(
				() => true,
				() => false,
			);
		});
		await rm(file('own_hosts'), {force: true});
	};
	const stop = async () => {
		if (running === undefined || !running.alive()) return;
		// Each connection has a process of its own, which outlives the one that listens and holds its output open.
		const children = await readFile(`/proc/${running.pid}/task/${running.pid}/children`, 'utf8');
		running.signal('SIGTERM');
		for (const pid of children.split(' ').filter(word => word !== '')) endIfThere(Number(pid));
		await running.stop();
	};
	const restart = async (key: string) => {
		await stop();
		await start(key);
	};
	tailnet.beforeStop(stop);
	await start('first');
	return {
		port: sshPort,
		user: userInfo().username,
		identityFile: file('client'),
		knownHostsFile: file('known_hosts'),
		changeHostKey: () => restart('second'),
		restoreHostKey: () => restart('first'),
		log: async () => (await running?.log()) ?? '',
	};
}

function endIfThere(pid: number): void {
	try {
		process.kill(pid, 'SIGTERM');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
	}
}

/** With a home that has no start-up files: those of this machine's user are no part of the lab. */
const config = ({key, client, home, path}: Record<'key' | 'client' | 'home' | 'path', string>) => `
Port ${sshPort}
HostKey ${key}
AuthorizedKeysFile ${client}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel INFO
UseDNS no
SetEnv HOME=${home} PATH=${path}
`;
