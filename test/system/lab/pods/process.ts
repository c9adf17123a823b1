/** The first process of a container, seen from outside of it. */

import {readFile} from 'node:fs/promises';
import {setTimeout as wait} from 'node:timers/promises';
import {execa} from 'execa';

/** How it ended. */
export interface Exit {
	exitCode: number;
	signal?: string;
}

/** A running container. */
export interface ContainerProcess {
	/** On this machine. */
	pid: number;
	exited: Promise<Exit>;
	/** SIGTERM, and SIGKILL after the grace; resolves when all of it is gone. */
	stop(graceMs: number): Promise<void>;
}

/** Where a container's first process is started. */
export interface ProcessOptions {
	/** The command whose child becomes it; it leaves with that child's status. */
	command: readonly string[];
	/** All of its environment. */
	env: Readonly<Record<string, string>>;
	logFile: string;
}

/** Starts it; resolves as soon as it has a process id. */
export async function startContainer({command, env, logFile}: ProcessOptions): Promise<ContainerProcess> {
	const outer = execa('setpriv', ['--pdeathsig', 'KILL', ...command], {
		stdin: 'ignore',
		stdout: {file: logFile, append: true},
		stderr: {file: logFile, append: true},
		buffer: false,
		reject: false,
		extendEnv: false,
		env: {...env},
	});
	let alive = true;
	const exited = outer.then(({exitCode, signal}): Exit => {
		alive = false;
		return signal === undefined ? {exitCode: exitCode ?? 128} : {exitCode: 137, signal};
	});
	const find = async () => {
		const text = await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').catch(() => '');
		return Number(text.split(' ')[0]);
	};
	let pid = await find();
	while (alive && !(pid > 0)) {
		await wait(5);
		pid = await find();
	}
	const signal = (name: 'SIGTERM' | 'SIGKILL') => {
		try {
			// Its parent lives for as long as it does, and then this number is nobody else's.
			if (alive && pid > 0) process.kill(pid, name);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
	};
	return {
		pid,
		exited,
		stop: async graceMs => {
			signal('SIGTERM');
			const done = exited.then(() => true);
			if (!(await Promise.race([done, wait(graceMs, false, {ref: false})]))) signal('SIGKILL');
			await exited;
		},
	};
}
