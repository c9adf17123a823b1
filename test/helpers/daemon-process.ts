/** A daemon as a process of its own, with what it says. */

import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import type {ExecutionContext} from 'ava';
import {until} from './until.ts';

export interface DaemonProcess {
	pid: number | undefined;
	/** Standard error so far. */
	log(): string;
	/** Once it serves; fails the test with its log where it ends before. */
	url(): Promise<string>;
	/** Resolves to status and signal when it has ended. */
	end(signal: 'SIGTERM' | 'SIGKILL'): Promise<[status: number | null, signal: string | null]>;
}

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** What `tailprobe serve` of this configuration is asked for, on a free port of loopback. */
export const serve = (config: string): string[] => [main, 'serve', '--config', config, '--listen', '127.0.0.1:0'];

/** Starts Node.js with these arguments; killed with the test, where it has not ended by then. Its input stays open for as long as we live. */
export function startDaemonProcess(t: ExecutionContext, args: readonly string[]): DaemonProcess {
	const daemon: ChildProcess = spawn(process.execPath, args, {stdio: ['pipe', 'ignore', 'pipe']});
	const ended = once(daemon, 'exit') as Promise<[number | null, string | null]>;
	t.teardown(() => void daemon.kill('SIGKILL'));
	let log = '';
	daemon.stderr?.on('data', bytes => {
		log += bytes;
	});
	return {
		pid: daemon.pid,
		log: () => log,
		async url() {
			await until(() => /"url":"http/.test(log) || daemon.exitCode !== null, 60_000);
			t.is(daemon.exitCode, null, log);
			return /"url":"(http[^"]+)"/.exec(log)?.[1] ?? '';
		},
		end(signal) {
			daemon.kill(signal);
			return ended;
		},
	};
}
