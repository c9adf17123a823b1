/**
 * A network namespace of the bench's own, in which every address of 100.64.0.0/10 is the machine itself. tailprobe dials no
 * loopback address, and nothing outside can be reached or disturbed from there. It ends with the last process inside: nothing
 * has to be deleted.
 */

import {execFileSync} from 'node:child_process';
import {UserError} from '../../src/util/errors.ts';

/** What the targets of the bench are addressed by: each has its own address. */
export function addressOf(index: number): string {
	return `100.${64 + ((index + 1) >> 16)}.${((index + 1) >> 8) & 255}.${(index + 1) & 255}`;
}

/** Whether this process runs inside. */
export function isInside(): boolean {
	return process.env[marker] === 'yes';
}

/**
 * Begins this program anew inside, with its arguments and more environment; root makes the namespace, anybody else one of users around it. Does not
 * return. Throws a UserError where this machine has no such thing.
 */
export function enterNamespace(more: Record<string, string> = {}): never {
	const users = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
	const isolated = [...users, '--net'];
	try {
		execFileSync('unshare', [...isolated, 'ip', 'link', 'set', 'lo', 'up'], {stdio: ['ignore', 'ignore', 'pipe']});
	} catch (error) {
		const said = String((error as {stderr?: Buffer}).stderr ?? error).trim();
		throw new UserError(
			`The bench needs a network namespace of its own (Linux; root, or user namespaces; unshare of util-linux and ip of iproute2), and this machine gives none: ${said}`,
			unavailableExitCode,
		);
	}
	const env = {...process.env, ...more, [marker]: 'yes'} as Record<string, string>;
	const words = ['unshare', ...isolated, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
	// Not a child: signals and the exit status then need nobody between.
	process.execve?.('/usr/bin/env', ['env', ...words], env);
	throw new UserError('The bench needs Node 26 on Linux.', unavailableExitCode);
}

/** Gives the namespace its addresses. */
export function addAddresses(): void {
	execFileSync('ip', ['link', 'set', 'lo', 'up']);
	execFileSync('ip', ['route', 'replace', 'local', '100.64.0.0/10', 'dev', 'lo']);
}

/** EX_UNAVAILABLE of sysexits.h. */
const unavailableExitCode = 69;
const marker = 'TAILPROBE_BENCH_INSIDE';
