/**
 * The network under the tailnet: one network namespace a host, joined by a bridge in a namespace of its own, and what can
 * be broken there. Nothing of it is connected to the machine's own network.
 */

import {existsSync} from 'node:fs';
import {mkdir, readdir, rm, writeFile} from 'node:fs/promises';
import {execa} from 'execa';
import {ensurePart} from '../../../scripts/parts.ts';
import {until} from '../../helpers/until.ts';
import {type Running, startProcess} from './processes.ts';

/** What a wire does to what passes between a host and the rest. */
export interface WireFaults {
	/** Added to every round trip, half each way. */
	roundTripMs?: number;
	/** Chance that a packet which the host sends is lost. */
	loss?: number;
	/** Packets longer than this vanish, both ways, and nobody is told. */
	dropOverBytes?: number;
}

/** IP packets of one direction since the wire was put in. */
export interface WireCounters {
	packets: number;
	/** Dropped by chance, and for their size. */
	lost: number;
	oversize: number;
	/** Several packets in one, which loss and size would act on as one: must stay 0. */
	superPackets: number;
	/** What the wire itself failed to pass on: must stay 0. */
	overrun: number;
	sendErrors: number;
	/**
	 * By the address on the far side and the kind of packet: `tcp`, `disco`, `stun`, `icmp`, `wireguard handshake`, or
	 * `wireguard N` for transport data in a datagram of N bytes (64: a TSMP ping or pong; 32: a keepalive).
	 */
	peers: Record<string, Record<string, {seen: number; dropped: number}>>;
}

/** A wire that was put in. */
export interface Wire {
	/** What passed and what was dropped so far; `out` is what the host sent. */
	counters(): Promise<{out: WireCounters; in: WireCounters}>;
}

/** The network; every change holds until `heal`. */
export interface Underlay {
	/** The namespace of a host. */
	namespace(host: string): string;
	/** Its address on the underlay. */
	address(host: string): string;
	/** Runs a command inside a host; rejects when it fails. Resolves to its stdout. */
	run(host: string, command: string, args?: readonly string[]): Promise<string>;
	/** No direct paths: all UDP of this host is dropped. */
	blockUdp(host: string): Promise<void>;
	/** The cable is out. */
	cut(host: string): Promise<void>;
	/** Drops what the host gets and sends over TCP or UDP at this port. */
	blockPort(host: string, protocol: 'tcp' | 'udp', port: number): Promise<void>;
	/** Puts a lossy or slow wire between the host and the rest. */
	wire(host: string, faults: WireFaults): Promise<Wire>;
	/** Mends everything that was broken here at this host. */
	heal(host: string): Promise<void>;
	/** Removes all of it. */
	stop(): Promise<void>;
}

const prefix = 'tailprobe-lab';
let started = 0;

/**
 * Makes the network. `names` resolve everywhere on it by /etc/hosts (name to host).
 *
 * @throws Error when a command fails, for want of rights most of all
 */
export async function startUnderlay(
	hosts: readonly string[],
	names: Readonly<Record<string, string>>,
	directory: string,
): Promise<Underlay> {
	await sweep();
	const id = `${prefix}-${process.pid}-${++started}`;
	const namespace = (host: string) => `${id}-${host}`;
	const address = (host: string) => `10.77.0.${hosts.indexOf(host) + 2}`;
	const ip = async (...args: string[]) => (await execa('ip', args)).stdout;
	const run = async (host: string, command: string, args: readonly string[] = []) =>
		(await execa('ip', ['netns', 'exec', namespace(host), command, ...args])).stdout;
	const hub = namespace('switch');
	const wires = new Map<string, Running>();

	await ip('netns', 'add', hub);
	await ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
	await ip('-n', hub, 'link', 'set', 'br0', 'up');
	const hostsFile = Object.entries(names).map(([name, host]) => `${address(host)} ${name}\n`);
	for (const host of hosts) {
		const own = namespace(host);
		await ip('netns', 'add', own);
		await ip('-n', hub, 'link', 'add', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', own);
		await ip('-n', hub, 'link', 'set', host, 'master', 'br0', 'up');
		await ip('-n', own, 'link', 'set', 'lo', 'up');
		await ip('-n', own, 'addr', 'add', `${address(host)}/24`, 'dev', 'eth0');
		await ip('-n', own, 'link', 'set', 'eth0', 'up');
		// `ip netns exec` lays these files over the machine's own.
		await mkdir(`/etc/netns/${own}`, {recursive: true});
		await writeFile(`/etc/netns/${own}/hosts`, `127.0.0.1 localhost\n${hostsFile.join('')}`);
		await writeFile(`/etc/netns/${own}/resolv.conf`, 'nameserver 127.0.0.1\n');
	}

	async function heal(host: string): Promise<void> {
		await run(host, 'iptables', ['-F']);
		await wires.get(host)?.stop();
		if (wires.delete(host)) await ip('-n', hub, 'link', 'del', wireEnd(host));
		await ip('-n', hub, 'link', 'set', host, 'master', 'br0', 'up');
	}

	return {
		namespace,
		address,
		run,
		blockUdp: async host => {
			await run(host, 'iptables', ['-A', 'OUTPUT', '-o', 'eth0', '-p', 'udp', '-j', 'DROP']);
			await run(host, 'iptables', ['-A', 'INPUT', '-i', 'eth0', '-p', 'udp', '-j', 'DROP']);
		},
		blockPort: async (host, protocol, port) => {
			await run(host, 'iptables', ['-A', 'INPUT', '-i', 'eth0', '-p', protocol, '--dport', `${port}`, '-j', 'DROP']);
			await run(host, 'iptables', ['-A', 'OUTPUT', '-o', 'eth0', '-p', protocol, '--dport', `${port}`, '-j', 'DROP']);
		},
		cut: async host => void (await ip('-n', hub, 'link', 'set', host, 'down')),
		wire: async (host, faults) => {
			const end = wireEnd(host);
			const program = await ensurePart('wire');
			const logFile = `${directory}/wire-${host}.log`;
			await ip('-n', hub, 'link', 'add', end, 'type', 'veth', 'peer', 'name', `${end}b`);
			await ip('-n', hub, 'link', 'set', `${end}b`, 'up');
			await ip('-n', hub, 'link', 'set', end, 'up');
			// Without off-loads: the wire must see packets as they would be on a cable.
			await run(host, program, ['-plain', 'eth0']);
			await execa('ip', ['netns', 'exec', hub, program, '-plain', `${end}b`]);
			const wire = startProcess({
				namespace: hub,
				command: program,
				args: ['-a', host, '-b', end, ...wireFlags(faults)],
				logFile,
			});
			wires.set(host, wire);
			await until(async () => !wire.alive() || (await wire.log()).includes('ready'));
			if (!wire.alive()) throw new Error(`The wire to ${host} did not hold: ${await wire.log()}`);
			await ip('-n', hub, 'link', 'set', host, 'nomaster');
			await ip('-n', hub, 'link', 'set', `${end}b`, 'master', 'br0');
			return {
				counters: async () => {
					const before = (await wire.log()).length;
					wire.signal('SIGUSR1');
					await until(async () => (await wire.log()).slice(before).includes('}\n'));
					return JSON.parse((await wire.log()).slice(before));
				},
			};
		},
		heal,
		stop: async () => {
			for (const wire of wires.values()) await wire.stop();
			for (const host of [...hosts, 'switch']) await removeNamespace(namespace(host));
		},
	};
}

const wireEnd = (host: string) => `w-${host}`;

function wireFlags({roundTripMs, loss, dropOverBytes}: WireFaults): string[] {
	return [
		...(roundTripMs === undefined ? [] : ['-delay', `${roundTripMs}ms`]),
		...(loss === undefined ? [] : ['-loss', `${loss}`]),
		...(dropOverBytes === undefined ? [] : ['-drop-over', `${dropOverBytes}`]),
	];
}

async function removeNamespace(name: string): Promise<void> {
	await execa('ip', ['netns', 'del', name], {reject: false});
	await rm(`/etc/netns/${name}`, {recursive: true, force: true});
}

/** Removes what earlier runs of the lab left: namespaces of ours whose test process is no more. */
async function sweep(): Promise<void> {
	const found = [...(await readdir('/run/netns').catch(() => [])), ...(await readdir('/etc/netns').catch(() => []))];
	for (const name of new Set(found)) {
		const owner = new RegExp(`^${prefix}-(\\d+)-`).exec(name)?.[1];
		if (owner !== undefined && !existsSync(`/proc/${owner}`)) await removeNamespace(name);
	}
}
