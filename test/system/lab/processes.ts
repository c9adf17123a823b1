/** Programs of the lab: started inside a host, their output in a file, ended by their own process id. */

import {readFile} from 'node:fs/promises';
import {setTimeout as wait} from 'node:timers/promises';
import {execa} from 'execa';

/** A started program. */
export interface Running {
	pid: number;
	/** False from the moment it has ended. */
	alive(): boolean;
	/** What it wrote to stdout and stderr so far. */
	log(): Promise<string>;
	/** Sends a signal; nothing happens where it has ended already. */
	signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR1'): void;
	/** Ends it: SIGTERM, and SIGKILL after three seconds. Resolves when it is gone. */
	stop(): Promise<void>;
	/** Resolves when it is gone, to its exit status (undefined after a signal). */
	exited: Promise<number | undefined>;
}

/** What to start, and where. */
export interface Command {
	/** Network namespace to run in; absent: that of the machine. */
	namespace?: string;
	command: string;
	args: readonly string[];
	/** Added to the environment. */
	env?: Record<string, string>;
	/** Working directory. */
	cwd?: string;
	logFile: string;
}

/**
 * Starts a program inside a namespace. It dies with the thread that started it (a test run that is killed leaves nothing
 * behind), and its process id is the program's own: `ip netns exec` and `setpriv` both become what they start.
 */
export function startProcess({namespace, command, args, env, cwd, logFile}: Command): Running {
	const [program = '', ...before] = [...inside(namespace), 'setpriv', '--pdeathsig', 'KILL'];
	const child = execa(program, [...before, command, ...args], {
		stdin: 'ignore',
		stdout: {file: logFile, append: true},
		stderr: {file: logFile, append: true},
		buffer: false,
		reject: false,
		...(env !== undefined && {env}),
		...(cwd !== undefined && {cwd}),
	});
	const {pid} = child;
	if (pid === undefined) throw new Error(`${command} could not be started in ${namespace ?? 'this machine'}.`);
	let alive = true;
	const exited = child.then(result => {
		alive = false;
		return result.exitCode;
	});
	const signal: Running['signal'] = name => {
		try {
			if (alive) process.kill(pid, name);
		} catch (error) {
			// It ended a moment ago, and we have not been told yet.
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
	};
	return {
		pid,
		alive: () => alive,
		log: () => readFile(logFile, 'utf8').catch(() => ''),
		signal,
		stop: async () => {
			// A stopped process takes SIGTERM only once it goes on.
			signal('SIGTERM');
			signal('SIGCONT');
			if ((await Promise.race([exited.then(() => true), wait(3000, false, {ref: false})])) !== true) signal('SIGKILL');
			await exited;
		},
		exited,
	};
}

/** What must stand before a command so that it runs in a namespace; nothing where there is none. */
export function inside(namespace: string | undefined): string[] {
	return namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace];
}
