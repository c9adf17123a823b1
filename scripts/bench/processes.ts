/** Processes of the bench: each is known by its id, ends with the bench whatever ends that, and can be paused. */

import {type ChildProcess, fork, spawn} from 'node:child_process';
import {closeSync, openSync, readFileSync} from 'node:fs';
import {setTimeout as wait} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {cpuMsOf} from './process-figures.ts';

export interface Running {
	pid: number;
	/** When it was started, on the clock of performance.now(). */
	startedAt: number;
	pause(): void;
	resume(): void;
	/** The last words of what it wrote, for an error. */
	lastWords(): string;
	/** SIGTERM, and SIGKILL after three seconds. Resolves when it is gone. */
	stop(): Promise<void>;
	/** Whether it has ended. */
	ended(): boolean;
}

/** A part of the bench in a process of its own, which answers each message with one. */
export interface Helper extends Running {
	ask<A>(message: object): Promise<A>;
}

const stopTimeoutMs = 3000;
const children = new Set<ChildProcess>();
let ending = false;

/** Starts a program with its output in a file. It dies with the bench even when that is killed (`setpriv --pdeathsig`). */
export function startProgram(
	command: readonly string[],
	{logFile, env = process.env, cwd}: {logFile: string; env?: NodeJS.ProcessEnv; cwd?: string},
): Running {
	const log = openSync(logFile, 'a');
	const startedAt = performance.now();
	const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
		stdio: ['ignore', log, log],
		env,
		...(cwd === undefined ? {} : {cwd}),
	});
	closeSync(log);
	return follow(child, startedAt, () => readFileSync(logFile, 'utf8').trim().slice(-1000));
}

/** Starts a part of the bench, a file of this folder. It ends when the bench does, because its channel closes. */
export function startHelper(file: string): Helper {
	const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
		execArgv: ['--max-semi-space-size=4'],
		serialization: 'advanced',
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
	});
	const running = follow(child, performance.now(), () => '');
	let last: Promise<unknown> = Promise.resolve();
	return {
		...running,
		ask<A>(message: object) {
			// One at a time: an answer does not say what it answers.
			const answer = last.then(() => askOnce<A>(child, file, message));
			last = answer.catch(() => {});
			return answer;
		},
	};
}

/** Ends all that still run, by their ids, and waits for it. Nothing can be started any more. */
export async function stopAll(): Promise<void> {
	ending = true;
	await Promise.all([...children].map(end));
}

/** Whether `stopAll` was called. */
export function isEnding(): boolean {
	return ending;
}

/** At once, without waiting: for the end of the bench itself. */
export function killAll(): void {
	for (const child of children) child.kill('SIGKILL');
}

/** CPU time of the bench and all that it started and that still runs; milliseconds. */
export function ownCpuMs(): number {
	return [process.pid, ...[...children].map(({pid = 0}) => pid)].reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}

/** Asks again every 20 ms until the answer is not undefined. Throws with what the process said, when that ends or takes too long. */
export async function waitFor<T>(
	what: string,
	running: Running,
	timeoutMs: number,
	ask: () => Promise<T | undefined>,
	pauseMs = 20,
): Promise<T> {
	const giveUpAt = performance.now() + timeoutMs;
	for (;;) {
		const answer = await ask().catch(() => undefined);
		if (answer !== undefined) return answer;
		if (running.ended() || performance.now() > giveUpAt) {
			const why = running.ended() ? 'the process ended' : `nothing came within ${timeoutMs / 1000} s`;
			throw new Error(`${what}: ${why}. Its last words: ${running.lastWords() || '(none)'}`);
		}
		await wait(pauseMs);
	}
}

function askOnce<A>(child: ChildProcess, file: string, message: object): Promise<A> {
	return new Promise((resolve, reject) => {
		const onEnd = () => reject(new Error(`${file} of the bench ended before it answered.`));
		if (!child.connected) return onEnd();
		child.once('exit', onEnd);
		child.once('message', answer => {
			child.off('exit', onEnd);
			resolve(answer as A);
		});
		child.send(message);
	});
}

function follow(child: ChildProcess, startedAt: number, lastWords: () => string): Running {
	children.add(child);
	if (ending) child.kill('SIGKILL');
	const forget = () => children.delete(child);
	child.once('exit', forget);
	child.once('error', forget);
	return {
		pid: child.pid ?? 0,
		startedAt,
		pause: () => void child.kill('SIGSTOP'),
		resume: () => void child.kill('SIGCONT'),
		lastWords,
		stop: () => end(child),
		ended: () => !children.has(child),
	};
}

async function end(child: ChildProcess): Promise<void> {
	if (!children.has(child)) return;
	const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
	child.kill('SIGTERM');
	// A paused process takes SIGTERM only once it goes on.
	child.kill('SIGCONT');
	const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
	await exited;
	clearTimeout(timer);
}
