/**
 * Asks the nvidia-smi of this machine, as a child process of the main thread. It hangs in the driver, where nothing can end it, when a
 * GPU is sick; so there is never more than one at a time, and none is started while an earlier one still hangs.
 */

import {setTimeout as delay} from 'node:timers/promises';
import {CannotLookError} from '../util/errors.ts';
import {smallEnvironment} from '../util/small-environment.ts';
import {mostOutputBytes, type SmiAnswer} from './answer.ts';
import {chooseFields} from './fields.ts';
import {parseCudaVersion} from './parse.ts';

/** One run of the program. */
export interface Child {
	/** Settles when it has ended; never where nothing can end it. */
	ended: Promise<ChildEnd>;
	/** Ends it and whatever it started, if that can be done. */
	kill(): void;
	/** Lets go of it: it holds up nothing of ours any more. */
	abandon(): void;
}

export interface ChildEnd {
	exitCode?: number;
	signal?: string;
	/** `ENOENT`, `EACCES` … when it could not be started. */
	code?: string;
	stdout: string;
	stderr: string;
	isEndless: boolean;
}

export type StartChild = (command: string, args: readonly string[], maxBytes: number) => Promise<Child>;

export interface SmiRunner {
	/** What nvidia-smi answers within that time. Rejects with the signal's reason, or with a CannotLookError where no process can be started. Who asks while another's run is under way gets that one's answer. */
	ask(command: string, budgetMs: number, signal: AbortSignal): Promise<SmiAnswer>;
}

/** After being killed, a healthy process is gone well within this time. */
const endingMs = 200;
/** Help is some 50 KB, and the head of the table comes first. */
const mostHelpBytes = 262_144;

interface Known {
	fields: readonly string[];
	/** What the rows said when the rest was learnt: another driver knows other fields. */
	driver: string | undefined;
	cudaVersion: string | undefined;
}

/** One per process: a second would start a second nvidia-smi. `start` is for tests. */
export function createSmiRunner(start: StartChild = startChild): SmiRunner {
	const known = new Map<string, Known>();
	const running = new Map<string, {answer: Promise<SmiAnswer>; waiting: number; stop: AbortController}>();
	/** By command: since when one hangs that could not be ended. */
	const hanging = new Map<string, number>();

	return {
		async ask(command, budgetMs, signal) {
			signal.throwIfAborted();
			const since = hanging.get(command);
			if (since !== undefined) return unanswered('hanging', {hangingSeconds: (performance.now() - since) / 1000});
			let run = running.get(command);
			if (run?.stop.signal.aborted) {
				// It is being ended; until it has ended no other may start.
				await run.answer.catch(() => {});
				return this.ask(command, budgetMs, signal);
			}
			if (!run) {
				const stop = new AbortController();
				const answer = converse(command, budgetMs, stop.signal).finally(() => running.delete(command));
				answer.catch(() => {});
				run = {answer, waiting: 0, stop};
				running.set(command, run);
			}
			const mine = run;
			mine.waiting++;
			const left = new AbortController();
			try {
				const tooLate = delay(budgetMs + 2 * endingMs, unanswered('hung', {seconds: budgetMs / 1000}), {
					signal: left.signal,
				});
				const aborted = new Promise<never>((_, reject) => {
					signal.addEventListener('abort', () => reject(signal.reason), {once: true, signal: left.signal});
				});
				tooLate.catch(() => {});
				return await Promise.race([mine.answer, tooLate, aborted]);
			} finally {
				left.abort();
				mine.waiting--;
				// Nobody waits for it any more.
				if (mine.waiting === 0) mine.stop.abort();
			}
		},
	};

	/** All that is asked in one go: what it knows, where that is not known; the GPUs; the CUDA version, where that is not known. */
	async function converse(command: string, budgetMs: number, signal: AbortSignal): Promise<SmiAnswer> {
		const begunAt = performance.now();
		const endsAt = begunAt + budgetMs;
		const before = known.get(command);
		let fields = before?.fields;
		if (!fields) {
			const help = await step(['--help-query-gpu'], mostHelpBytes);
			if (help.end !== 'exited') return help;
			fields = chooseFields(help.stdout);
		}
		let answer = await query(fields);
		if (answer.exitCode === 2 && before) {
			// The driver was exchanged beneath us, and knows other fields.
			known.delete(command);
			const help = await step(['--help-query-gpu'], mostHelpBytes);
			if (help.end !== 'exited') return help;
			fields = chooseFields(help.stdout);
			answer = await query(fields);
		}
		if (answer.end !== 'exited' || answer.exitCode !== 0) {
			known.delete(command);
			return answer;
		}
		const driver = driverOf(answer);
		let cudaVersion = before?.driver === driver ? before?.cudaVersion : undefined;
		if (!before || before.driver !== driver) {
			cudaVersion = await askCudaVersion();
			// A driver that is new to us may know more fields, so that they are asked for again.
			if (before && before.driver !== driver) known.delete(command);
			else known.set(command, {fields, driver, cudaVersion});
		}
		return cudaVersion === undefined ? answer : {...answer, cudaVersion};

		async function query(names: readonly string[]): Promise<SmiAnswer> {
			const args = [`--query-gpu=${names.join(',')}`, '--format=csv,noheader,nounits'];
			return {...(await step(args, mostOutputBytes)), fields: names};
		}

		async function askCudaVersion(): Promise<string | undefined> {
			const version = await step(['--version'], mostHelpBytes);
			const found = parseCudaVersion(version.stdout);
			if (found !== undefined || version.end !== 'exited') return found;
			// Older ones tell it only at the head of their table.
			return parseCudaVersion((await step([], mostHelpBytes)).stdout);
		}

		async function step(args: readonly string[], maxBytes: number): Promise<SmiAnswer> {
			signal.throwIfAborted();
			const startedAt = performance.now();
			const child = await start(command, args, maxBytes);
			const enough = new AbortController();
			const onStop = () => enough.abort();
			signal.addEventListener('abort', onStop, {once: true});
			const time = Math.max(0, endsAt - performance.now());
			const timer = delay(time, undefined, {signal: enough.signal}).catch(() => undefined);
			let end = await Promise.race([child.ended, timer]);
			const seconds = (performance.now() - startedAt) / 1000;
			const isInTime = end !== undefined;
			if (!isInTime) {
				child.kill();
				end = await Promise.race([child.ended, delay(endingMs, undefined)]);
				if (!end) {
					hanging.set(command, startedAt);
					child.abandon();
					child.ended.finally(() => hanging.delete(command)).catch(() => {});
				}
			}
			enough.abort();
			signal.removeEventListener('abort', onStop);
			signal.throwIfAborted();
			if (!isInTime)
				return {
					...unanswered('hung', {seconds: (performance.now() - begunAt) / 1000}),
					stdout: end?.stdout ?? '',
					stderr: end?.stderr ?? '',
				};
			return toAnswer(end as ChildEnd, seconds);
		}
	}
}

function toAnswer(end: ChildEnd, seconds: number): SmiAnswer {
	const {exitCode, signal, code, stdout, stderr, isEndless} = end;
	if (isEndless) return {...unanswered('endless', {seconds}), stdout, stderr};
	if (code === 'ENOENT' || code === 'ENOTDIR') return unanswered('missing');
	if (code === 'EACCES' || code === 'EPERM') return unanswered('forbidden');
	if (exitCode === undefined && signal === undefined)
		throw new CannotLookError('incomplete', `nvidia-smi could not be started: ${code ?? 'for an unknown reason'}.`);
	return {
		end: 'exited',
		...(exitCode === undefined ? {} : {exitCode}),
		...(signal === undefined ? {} : {signal}),
		fields: [],
		stdout,
		stderr,
		seconds,
	};
}

function unanswered(end: SmiAnswer['end'], rest: Partial<SmiAnswer> = {}): SmiAnswer {
	return {end, fields: [], stdout: '', stderr: '', ...rest};
}

/** The second to fourth cell of the first row hold it; only whether it stays the same matters. */
function driverOf({fields, stdout}: SmiAnswer): string | undefined {
	const [row = ''] = stdout.split('\n', 1);
	return row
		.split(',')
		.at(fields.indexOf('driver_version') - fields.length)
		?.trim();
}

/** By name: among others that begin with NVIDIA_ or CUDA_ are keys of NVIDIA's services. */
const passedVariables = [
	'PATH',
	'HOME',
	'LD_LIBRARY_PATH',
	'NVIDIA_VISIBLE_DEVICES',
	'NVIDIA_DRIVER_CAPABILITIES',
	'CUDA_VISIBLE_DEVICES',
];

async function startChild(command: string, args: readonly string[], maxBytes: number): Promise<Child> {
	// Loaded here because the measuring thread reads this file too and never runs it.
	const {execa} = await import('execa');
	const child = execa(command, args, {
		reject: false,
		killSignal: 'SIGKILL',
		killDescendants: true,
		maxBuffer: maxBytes,
		stdin: 'ignore',
		stripFinalNewline: false,
		extendEnv: false,
		env: smallEnvironment(passedVariables),
	});
	const ended = child.then(({exitCode, signal, code, stdout, stderr, isMaxBuffer}) => ({
		...(exitCode === undefined ? {} : {exitCode}),
		...(signal === undefined ? {} : {signal}),
		...(code === undefined ? {} : {code}),
		stdout: String(stdout ?? ''),
		stderr: String(stderr ?? ''),
		isEndless: isMaxBuffer === true,
	}));
	return {
		ended,
		kill: () => void child.kill('SIGKILL'),
		abandon() {
			const {nodeChildProcess: process} = child;
			for (const held of [process, process.stdout, process.stderr]) (held as {unref?(): void} | null)?.unref?.();
		},
	};
}
