/** Carries scripts by the OpenSSH client. All runs to a host share one connection, which its first run makes. */

import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {isIP} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {SshWayConfig} from '../config/types.ts';
import {BodyStore} from '../net/body-store.ts';
import {oneLine} from '../util/errors.ts';
import {ownFile} from '../util/own-file.ts';
import {formatDurationMs} from '../util/units.ts';
import type {Member} from './members.ts';
import {fairMs, type ShellRun, type ShellRunOptions, type ShellTransport} from './shell-transport.ts';
import {faultOfSsh, type SshAim, sshArguments} from './ssh-arguments.ts';
import {refusalOfSsh} from './ssh-refusal.ts';

export interface SshTransportOptions {
	member: Member;
	way: SshWayConfig;
	/** `socks5`: through which literal addresses are dialled, where our own tailscaled has no tunnel device. */
	dial: {socks5?: string};
	/** The client; another one for tests. */
	program?: string;
}

export function createSshTransport(options: SshTransportOptions): ShellTransport {
	const {member, way, dial, program = 'ssh'} = options;
	const stopping = new AbortController();
	const running = new Set<Promise<unknown>>();
	let folder: string | undefined;
	/** Something may have left a connection behind. */
	let begun = false;
	/** When something last came from there. */
	let heardAt = Number.NEGATIVE_INFINITY;

	return {
		type: 'ssh',
		// It travels over standard input.
		maxScriptBytes: 1024 * 1024,
		run(script, how) {
			const run = carry(script, how);
			running.add(run);
			return run.finally(() => running.delete(run));
		},
		async stop() {
			stopping.abort();
			await Promise.all(running);
			await hangUp();
			if (folder !== undefined) rmSync(folder, {recursive: true, force: true});
			folder = undefined;
		},
	};

	async function carry(script: string, {deadlineMs, maxBytes, signal}: ShellRunOptions): Promise<ShellRun> {
		const ending = AbortSignal.any([stopping.signal, signal]);
		if (ending.aborted) return refused('the run was cut short');
		const aim = aimOf();
		if (typeof aim === 'string') return {kind: 'refused', reason: 'unsupported', detail: `ssh cannot be used: ${aim}.`};
		const begunAt = performance.now();
		const {execa} = await import('execa');
		// A signal that aborted meanwhile calls no listener.
		if (ending.aborted) return refused('the run was cut short');
		begun = true;
		const child = execa(program, [...sshArguments(aim, connectSeconds(deadlineMs)), 'exec sh -s'], {
			input: script,
			encoding: 'buffer',
			stripFinalNewline: false,
			reject: false,
			buffer: {stdout: false},
			maxBuffer: {stderr: maxErrorBytes},
			forceKillAfterDelay: 500,
			extendEnv: false,
			env: environment(),
		});
		// execa would make a message of all that came, at many times its size.
		const stdout = new BodyStore({maxBodyBytes: maxBytes});
		child.stdout.on('data', (chunk: Buffer) => {
			if (stdout.truncated) return;
			stdout.add(chunk, 0, chunk.length);
			if (stdout.truncated) giveUp();
		});
		let timedOut = false;
		const timer = setTimeout(() => {
			timedOut = true;
			giveUp();
		}, deadlineMs);
		ending.addEventListener('abort', giveUp);
		const result = await child;
		clearTimeout(timer);
		ending.removeEventListener('abort', giveUp);
		const roundTripMs = performance.now() - begunAt;
		if (stdout.bytes > 0) heardAt = performance.now();
		// A connection that answers nobody is given up: the next run makes another.
		if (timedOut && heardAt < begunAt && deadlineMs >= fairMs) await hangUp();
		return meaningOf(result, stdout.content(), {timedOut, canceled: ending.aborted, deadlineMs, roundTripMs});

		/** The shared connection's process holds the other ends too, so that they may stay open after this one is gone. */
		function giveUp(): void {
			child.kill();
			setTimeout(() => {
				child.stdout.destroy();
				child.stderr.destroy();
			}, graceMs);
		}
	}

	function meaningOf(result: Ended, stdout: Buffer, how: How): ShellRun {
		const {timedOut, canceled, deadlineMs, roundTripMs} = how;
		if (canceled) return refused('the run was cut short');
		const errors = Buffer.from(result.stderr ?? []).toString();
		// Of one that we ended the status says nothing.
		const status = timedOut || result.exitCode === undefined ? {} : {status: result.exitCode};
		if (stdout.length === 0) {
			if (timedOut) return refused(`nothing came within ${formatDurationMs(deadlineMs)}`, deadlineMs);
			if (result.code === 'ENOENT')
				return {
					kind: 'refused',
					reason: 'unsupported',
					detail: 'There is no ssh on the machine of tailprobe: install the OpenSSH client.',
				};
			if (result.exitCode === 255) {
				const hadMs = /timed out/i.test(errors) ? connectSeconds(deadlineMs) * 1000 : undefined;
				return {...refusalOfSsh(errors, place()), ...hurry(hadMs)};
			}
			if (result.exitCode === undefined) return refused(oneLine(result.shortMessage ?? 'it ended', 200));
		}
		return {kind: 'ran', stdout, stderr: errors.slice(-2000), ...status, roundTripMs};
	}

	function aimOf(): SshAim | string {
		const {address: host} = member;
		if (host === undefined) return `no address of ${member.name} is known`;
		const goesByProxy = dial.socks5 !== undefined && isIP(host) !== 0;
		if (goesByProxy && !existsSync(proxyFile)) return 'its helper for SOCKS5 is not part of this package';
		const proxy = dial.socks5 !== undefined && isIP(host) !== 0 ? proxyOf(dial.socks5, host) : undefined;
		const aim: SshAim = {
			host,
			port: way.port,
			user: way.user,
			...(way.identityFile === undefined ? {} : {identityFile: way.identityFile}),
			knownHostsFile: way.knownHostsFile,
			controlPath: join(ownFolder(), 'c'),
			...(proxy === undefined ? {} : {proxy}),
		};
		return faultOfSsh(aim) ?? aim;
	}

	/** Readable by us alone; a socket's path is short. */
	function ownFolder(): string {
		folder ??= mkdtempSync(join(tmpdir().length > 60 ? '/tmp' : tmpdir(), 'tp-ssh-'));
		return folder;
	}

	function proxyOf(socks5: string, host: string): string[] {
		return [process.execPath, proxyFile, socks5, host, String(way.port)];
	}

	/** Ends the shared connection; its process is one that a run of ours left behind. */
	async function hangUp(): Promise<void> {
		if (!begun) return;
		begun = false;
		const aim = aimOf();
		if (typeof aim === 'string') return;
		const {execa} = await import('execa');
		const args = sshArguments(aim, 1);
		await execa(program, ['-O', 'exit', ...args], {
			reject: false,
			timeout: 2000,
			stdio: 'ignore',
			extendEnv: false,
			env: environment(),
		});
	}

	/** `silentMs`: for so long nothing came. */
	function refused(why: string, silentMs?: number): ShellRun {
		return {kind: 'refused', reason: 'vantage', detail: `ssh to ${place()} failed: ${why}.`, ...hurry(silentMs)};
	}

	function place(): string {
		return `${way.user}@${member.address ?? member.name}`;
	}

	/** Of our own environment what ssh needs to find keys. */
	function environment(): Record<string, string> {
		const names = way.identityFile === undefined ? ['PATH', 'HOME', 'SSH_AUTH_SOCK'] : ['PATH', 'HOME'];
		return Object.fromEntries(
			names.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
		);
	}
}

/** Whole seconds that connecting may take. */
function connectSeconds(deadlineMs: number): number {
	return Math.max(1, Math.floor(deadlineMs / 2000));
}

function hurry(silentMs: number | undefined): {hurried?: true} {
	return silentMs !== undefined && silentMs < fairMs ? {hurried: true} : {};
}

interface How {
	timedOut: boolean;
	canceled: boolean;
	deadlineMs: number;
	roundTripMs: number;
}

/** Of what execa tells that which matters here. */
interface Ended {
	stderr?: Uint8Array | undefined;
	exitCode?: number | undefined;
	code?: string | undefined;
	shortMessage?: string | undefined;
}

const maxErrorBytes = 65_536;
/** For the last words of a process that was told to end. */
const graceMs = 200;
const proxyFile = fileURLToPath(ownFile('ssh-proxy.ts', import.meta.url));
