/** A real tailscaled in a host of the lab: a kernel tunnel, or userspace mode as on most rented GPU containers. */

import {existsSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {ensurePart} from '../../../scripts/parts.ts';
import {until} from '../../helpers/until.ts';
import type {Headscale} from './headscale.ts';
import {type Running, startProcess} from './processes.ts';
import type {Underlay} from './underlay.ts';

/** One client of the tailnet. */
export interface TailnetNode {
	host: string;
	/** Its name in the tailnet. */
	name: string;
	socket: string;
	/** In userspace mode: `127.0.0.2:1055` speaks SOCKS5. */
	userspace: boolean;
	/** Starts tailscaled (again), not yet joined where its state is new. In userspace mode its proxy may listen elsewhere. */
	start(proxy?: string): Promise<void>;
	/** Signs in with the lab's pre-auth key. */
	join(): Promise<void>;
	/** Signs out; headscale deletes an ephemeral node at once. tailscaled is NeedsLogin then, seldom Stopped (headscale 0.29). */
	logout(): Promise<void>;
	/** Stands still as it is: its sockets stay open, nothing is answered. */
	freeze(): void;
	thaw(): void;
	/** Gone without a word. */
	kill(): Promise<void>;
	stop(): Promise<void>;
	/** tailscale's own command line; resolves to stdout. */
	cli(...args: string[]): Promise<string>;
	/** Its first tailnet address; undefined before it joined. */
	address(): Promise<string | undefined>;
	log(): Promise<string>;
}

/** Makes a node; nothing runs before `start`. */
export async function makeNode(
	underlay: Underlay,
	headscale: Headscale,
	{host, name, userspace}: {host: string; name: string; userspace: boolean},
	directory: string,
): Promise<TailnetNode> {
	const [program, commandLine] = [await ensurePart('tailscaled'), await ensurePart('tailscale')];
	const state = join(directory, `state-${host}`);
	const socket = join(directory, `${host}.sock`);
	const device = (proxy: string) =>
		userspace
			? ['--tun=userspace-networking', `--socks5-server=${proxy}`, `--outbound-http-proxy-listen=${proxy}`]
			: ['--tun=tailscale0'];
	const cli = (...args: string[]) => underlay.run(host, commandLine, [`--socket=${socket}`, ...args]);
	let running: Running | undefined;
	const alive = (): Running => {
		if (running === undefined) throw new Error(`tailscaled of ${host} was never started.`);
		return running;
	};
	return {
		host,
		name,
		socket,
		userspace,
		start: async (proxy = '127.0.0.2:1055') => {
			await mkdir(state, {recursive: true});
			const started = startProcess({
				namespace: underlay.namespace(host),
				command: program,
				args: [`--statedir=${state}`, `--socket=${socket}`, ...device(proxy), '--port=41641', '--no-logs-no-support'],
				env: {SSL_CERT_FILE: headscale.caFile},
				cwd: directory,
				logFile: join(directory, `${host}.log`),
			});
			running = started;
			await until(async () => {
				if (!started.alive()) throw new Error(`tailscaled of ${host} ended: ${(await started.log()).slice(-1000)}`);
				return existsSync(socket);
			});
		},
		join: async () => {
			const as = [`--login-server=${headscale.url}`, `--authkey=${headscale.authKey}`, `--hostname=${name}`];
			await cli('up', ...as, '--accept-dns=true', '--timeout=30s');
		},
		logout: async () => {
			await cli('logout').catch((error: Error) => {
				// headscale 0.29 may cut the connection over which it should answer: the node is gone all the same, and so is its key.
				if (!error.message.includes('use of closed network connection')) throw error;
			});
		},
		freeze: () => alive().signal('SIGSTOP'),
		thaw: () => alive().signal('SIGCONT'),
		kill: async () => {
			alive().signal('SIGKILL');
			await alive().exited;
		},
		stop: async () => void (await running?.stop()),
		cli,
		address: async () => (await cli('ip', '-4').catch(() => '')).trim() || undefined,
		log: async () => (await running?.log()) ?? '',
	};
}
