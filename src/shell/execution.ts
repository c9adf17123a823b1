/** One execution of commands over there: built, carried, read. */

import {randomBytes} from 'node:crypto';
import type {ShellOutput} from '../probes/types.ts';
import {CannotLookError} from '../util/errors.ts';
import {formatDurationMs} from '../util/units.ts';
import {fairMs, type ShellTransport} from '../vantages/shell-transport.ts';
import {type FrameResult, readFrames} from './frames.ts';
import {buildScript, maxErrorBytes, type ScriptCommand} from './script.ts';

export interface ExecutionOptions {
	deadlineMs: number;
	/** Commands at a time. */
	lanes: number;
	signal: AbortSignal;
}

export interface Execution {
	/** Whether a shell ran there; otherwise why not. */
	ran: boolean;
	refusal?: CannotLookError;
	/** The refusal says nothing about the place: there was no time to answer. */
	hurried?: true;
	/** One for each command: its output, or why there is none. */
	results: readonly (Ran | CannotLookError)[];
	/** Time of the way there and back, and of the shell's own work. */
	roundTripMs?: number;
}

export interface Ran {
	output: ShellOutput;
	seconds: number | undefined;
}

/** Whole seconds that the script may take so that its answer is here in time. */
export function scriptSeconds(deadlineMs: number): number {
	return Math.max(1, Math.floor((deadlineMs - 300) / 1000));
}

/** The shortest that a script with one command can be, in bytes. */
export function scriptBytes(commands: readonly ScriptCommand[]): number {
	return Buffer.byteLength(buildScript({token: '0'.repeat(32), commands, lanes: 4, deadlineSeconds: 60}));
}

/** More output than this is not kept at a time: all of it is read in one go, while nothing else is done. */
export const mostOutputBytes = 16 * 1024 * 1024;

/** What the commands can write together, in base64, with what stands before and behind each line of it. */
export function outputBytes(commands: readonly ScriptCommand[]): number {
	return 10_000 + commands.reduce((sum, {maxBytes}) => sum + Math.ceil((maxBytes + maxErrorBytes) * 1.45) + 1000, 0);
}

/** Runs the commands in one script. Never rejects. */
export async function execute(
	transport: ShellTransport,
	commands: readonly ScriptCommand[],
	{deadlineMs: wantedMs, lanes, signal}: ExecutionOptions,
): Promise<Execution> {
	const deadlineMs = Math.max(1, Math.floor(wantedMs));
	const plan = {token: randomBytes(16).toString('hex'), commands, lanes, deadlineSeconds: scriptSeconds(deadlineMs)};
	const maxBytes = Math.min(mostOutputBytes, outputBytes(commands));
	const run = await transport.run(buildScript(plan), {deadlineMs, maxBytes, signal});
	if (run.kind === 'refused') return refused(commands, new CannotLookError(run.reason, run.detail), run.hurried);
	if (signal.aborted)
		return refused(commands, new CannotLookError('canceled', 'the run was cut short because tailprobe is ending'));
	const {begun, ended, results} = readFrames(run.stdout, plan);
	const late = run.roundTripMs >= deadlineMs - 50;
	if (!begun) {
		const hurried = late && deadlineMs < fairMs ? true : undefined;
		return refused(commands, withoutShell(run.status, run.stderr, late ? deadlineMs : undefined), hurried);
	}
	const missed = !ended && late;
	const cut = missed
		? new CannotLookError('vantage', `The round was not done there within ${formatDurationMs(deadlineMs)}.`)
		: new CannotLookError(
				'incomplete',
				'The answer was cut off before this one was whole: the stream from there ended early.',
			);
	return {
		ran: true,
		results: results.map((result, at) => meaningOf(result, commands[at], cut, run.roundTripMs / 1000)),
		roundTripMs: run.roundTripMs,
	};
}

function meaningOf(
	result: FrameResult,
	command: ScriptCommand | undefined,
	cut: CannotLookError,
	wholeSeconds: number,
): Ran | CannotLookError {
	switch (result.kind) {
		case 'ran':
			// Nothing in it took longer than the whole by our own clock.
			return {
				output: {...result.output, mostSeconds: wholeSeconds},
				seconds: result.seconds === undefined ? undefined : Math.min(result.seconds, wholeSeconds),
			};
		case 'stuck':
			// As one that was ended at its limit: it only did not listen.
			return {
				output: {status: 137, stdout: Buffer.alloc(0), stderr: '', timedOut: true, cut: false},
				seconds: command?.limitSeconds,
			};
		case 'not_begun':
			return new CannotLookError(
				'incomplete',
				'There was no time left in the round to begin this one: others took too long.',
			);
		default:
			return cut;
	}
}

function refused(commands: readonly ScriptCommand[], refusal: CannotLookError, hurried?: true): Execution {
	return {ran: false, refusal, ...(hurried ? {hurried} : {}), results: commands.map(() => refusal)};
}

/** `missedMs`: the deadline that passed; undefined: it ended before. */
function withoutShell(status: number | undefined, stderr: string, missedMs: number | undefined): CannotLookError {
	if (status === 126 || status === 127)
		return new CannotLookError(
			'unsupported',
			`There is no shell (sh) there: ${stderr.slice(0, 150).trim() || `status ${status}`}`,
		);
	const said = stderr.slice(0, 150).trim();
	const how = missedMs === undefined ? `(status ${status ?? 'unknown'})` : `within ${formatDurationMs(missedMs)}`;
	return new CannotLookError('vantage', `The shell there answered nothing ${how}${said === '' ? '' : `: ${said}`}.`);
}
