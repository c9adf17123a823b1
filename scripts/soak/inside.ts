/**
 * A network of our own: the program starts itself again in a network namespace where any address can be had, forbidden ones too, and
 * from where nothing else is reached. Needs Linux, and root or user namespaces.
 */

import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';

const marker = 'TAILPROBE_SOAK_INSIDE';

/** Whether this process is the one inside. */
export function isInside(): boolean {
	return process.env[marker] === '1';
}

/** Runs this program again inside; answers its exit status. */
export async function runInside(): Promise<number> {
	const root = process.getuid?.() === 0;
	const flags = ['--net', '--mount', ...(root ? [] : ['--user', '--map-root-user'])];
	const possible = await execa('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up'], {reject: false});
	if (possible.failed) {
		process.stderr.write(
			`This needs a network namespace of its own: Linux with unshare and ip (iproute2), as root or with user namespaces. What came: ${possible.stderr || possible.shortMessage}\n`,
		);
		return 1;
	}
	const child = spawn('unshare', [...flags, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
		stdio: 'inherit',
		env: {...process.env, [marker]: '1'},
	});
	const pass = (signal: NodeJS.Signals) => () => void child.kill(signal);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, pass(signal));
	return new Promise(resolve => {
		child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
	});
}

/** Addresses, routes, and the DNS server that names of `via: direct` are asked of. `directory`: for a file that stays mounted. */
export async function setUpNetwork(
	directory: string,
	options: {local: readonly string[]; nameserver: string},
): Promise<void> {
	const resolvConf = join(directory, 'resolv.conf');
	writeFileSync(resolvConf, `nameserver ${options.nameserver}\n`);
	await execa('mount', ['--bind', resolvConf, '/etc/resolv.conf']);
	const lines = [
		'link set lo up',
		...options.local.map(prefix => `addr add ${prefix} dev lo${prefix.includes(':') ? ' nodad' : ''}`),
		// Beyond this wire nobody listens, and nobody says so.
		'link add void0 type veth peer name void1',
		'link set void0 up',
		'link set void1 up',
		'addr add 10.78.0.1/24 dev void0',
		'addr add 100.65.0.1/24 dev void0',
		...Array.from({length: 200}, (_, at) => ['10.78.0', '100.65.0'].map(net => `${net}.${at + 2}`))
			.flat()
			.map(address => `neigh add ${address} lladdr 02:00:00:00:00:99 dev void0 nud permanent`),
		'route add unreachable 100.66.0.0/16',
	];
	await execa('ip', ['-batch', '-'], {input: `${lines.join('\n')}\n`});
	// Connections of one address and port to another come thousands a second.
	writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '10000 20000\n');
	writeFileSync('/proc/sys/net/ipv4/tcp_tw_reuse', '1\n');
}
