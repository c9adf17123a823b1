/** The network of a pod: a namespace that a process without work holds, a cable into the lab's bridge, and addresses of Services. */

import {readlink} from 'node:fs/promises';
import {type ExecaError, execa} from 'execa';
import {until} from '../../../helpers/until.ts';

/** A pod's namespaces: network, host name and System V. */
export interface Sandbox {
	address: string;
	/** What stands before a command that runs in them. */
	enter: readonly string[];
	/** Turns connections to addresses of Services to pods behind them; lines for iptables, without a chain. */
	route(rules: readonly string[]): Promise<void>;
	stop(): Promise<void>;
}

/** What a sandbox is given. */
export interface SandboxOptions {
	/** The namespace of the bridge. */
	hub: string;
	hostname: string;
	/** Of the pods of this node, from 0: 100 fit. */
	index: number;
	sysctls: Readonly<Record<string, string>>;
}

/** The chain of Services; tailscale's own chains beside it are left alone. */
const chain = 'LAB-SERVICES';

/** Makes one; it goes with the process that made it. Throws with the failing command's words. */
export async function makeSandbox({hub, hostname, index, sysctls}: SandboxOptions): Promise<Sandbox> {
	const address = `10.77.0.${150 + index}`;
	const holder = execa('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', '--ipc', '--uts', 'sleep', 'infinity'], {
		reject: false,
		stdin: 'ignore',
		buffer: false,
	});
	const {pid} = holder;
	if (pid === undefined) throw new Error('No process to hold the namespaces of a pod could be started.');
	const own = await readlink('/proc/self/ns/uts');
	await until(async () => (await readlink(`/proc/${pid}/ns/uts`)) !== own);
	const enter = ['nsenter', `--target=${pid}`, '--net', '--ipc', '--uts'];
	const run = async (...args: string[]) => {
		const [command = '', ...rest] = [...enter, ...args];
		await execa(command, rest);
	};
	const cable = `pod${index}`;
	const ip = (...args: string[]) => execa('ip', ['-n', hub, 'link', ...args]);
	await ip('add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${pid}`);
	await ip('set', cable, 'master', 'br0', 'up');
	await run('hostname', hostname);
	await run('ip', 'link', 'set', 'lo', 'up');
	await run('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
	await run('ip', 'link', 'set', 'eth0', 'up');
	for (const [name, value] of Object.entries(sysctls)) await run('sysctl', '-qw', `${name}=${value}`);
	await run('iptables', '-t', 'nat', '-N', chain);
	await run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-j', chain);
	// Addresses of Services are on no network: without a way out, nothing would be there to turn.
	await run('ip', 'route', 'add', '10.0.0.0/24', 'dev', 'eth0');

	return {
		address,
		enter,
		route: async rules => {
			const input = `*nat\n:${chain} - [0:0]\n${rules.map(rule => `-A ${chain} ${rule}\n`).join('')}COMMIT\n`;
			const [command = '', ...rest] = [...enter, 'iptables-restore', '--noflush'];
			await execa(command, rest, {input}).catch((error: ExecaError) => {
				throw new Error(`Services could not be routed: ${error.message}\n${input}`);
			});
		},
		stop: async () => {
			holder.kill('SIGKILL');
			await holder;
		},
	};
}
