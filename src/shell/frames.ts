/**
 * Reads what the script of a round wrote. It may be cut anywhere, and somebody else may have written it: only what came whole counts,
 * and no more than the script can write is looked at. Pure.
 */

import type {ShellOutput} from '../probes/types.ts';
import {maxErrorBytes, type ScriptPlan} from './script.ts';

export interface Frames {
	/** The script began: there is a shell that runs it. */
	begun: boolean;
	/** The script came to its end, and so did what it wrote. */
	ended: boolean;
	/** One entry for each command. */
	results: readonly FrameResult[];
}

export type FrameResult =
	/** It ended, or was ended. `seconds`: how long that took, to a hundredth; undefined where there is no clock. */
	| {kind: 'ran'; output: ShellOutput; seconds: number | undefined}
	/** The script ended, and it had not: nothing could end it. */
	| {kind: 'stuck'}
	/** There was no time left to begin it. */
	| {kind: 'not_begun'}
	/** Nothing is known of it. */
	| {kind: 'cut'};

export function readFrames(stdout: Buffer, {token, commands}: Pick<ScriptPlan, 'token' | 'commands'>): Frames {
	const collected = commands.map(command => ({
		chunks: [] as string[],
		/** Characters that may still be its own. */
		room: mostCharacters(command),
		begun: false,
		late: false,
		end: undefined as End | undefined,
	}));
	let encoding: BufferEncoding | undefined;
	let ended = false;
	for (const line of linesOf(stdout, {token, commands})) {
		// `=` has three words behind it, and nothing has more.
		const [second = '', third = '', ...rest] = line.split(' ', 5);
		if (second === 'begin') encoding = encodings[third];
		else if (second === 'end') ended = third === String(commands.length);
		else {
			const frame = /^\d{1,6}$/.test(second) ? collected[Number(second)] : undefined;
			if (!frame) continue;
			if (third === 's') frame.begun = true;
			else if (third === 'x') frame.late = true;
			else if (third === '=') frame.end = toEnd(rest);
			else {
				frame.room -= third.length;
				if (frame.room >= 0) frame.chunks.push(third);
			}
		}
	}
	const results = collected.map(({chunks, begun, late, end}, at): FrameResult => {
		const command = commands[at];
		if (late) return {kind: 'not_begun'};
		if (end && command && encoding && chunks.length === end.chunks) {
			const read = toOutput(chunks.join(''), encoding, end.seconds, command);
			return read ? {kind: 'ran', output: read, seconds: end.seconds} : {kind: 'cut'};
		}
		return begun && ended && !end ? {kind: 'stuck'} : {kind: 'cut'};
	});
	return {begun: encoding !== undefined, ended, results};
}

interface End {
	chunks: number;
	seconds: number | undefined;
}

const encodings: Record<string, BufferEncoding> = {64: 'base64', 16: 'hex'};
/** What the shell's own start-up files may print before the script. */
const foreignLines = 2000;
/** Ten words make a chunk, and all but three of those are whole: at least 32 characters. */
const leastChunk = 200;

/** Of what a command says at most, in hexadecimal: base64 is shorter. */
function mostCharacters({maxBytes}: ScriptPlan['commands'][number]): number {
	return 2 * (maxBytes + 1 + maxErrorBytes) + 1;
}

/** The script's own lines, without the token. What stands behind the last line feed may be half a line. */
function* linesOf(stdout: Buffer, {token, commands}: Pick<ScriptPlan, 'token' | 'commands'>): Generator<string> {
	const mark = `${token} `;
	const sizes = commands.map(mostCharacters);
	// A base64 that breaks no lines makes one of everything.
	const longest = mark.length + 100 + sizes.reduce((most, size) => Math.max(most, size), 0);
	let left = foreignLines + sizes.reduce((sum, size) => sum + Math.ceil(size / leastChunk) + 5, 0);
	for (let from = 0; left > 0; left--) {
		const to = stdout.indexOf(0x0a, from);
		if (to < 0) return;
		if (to - from <= longest && stdout.toString('latin1', from, from + mark.length) === mark)
			yield stdout.toString('latin1', from + mark.length, to);
		from = to + 1;
	}
}

function toEnd([chunks = '', from = '', to = '']: string[]): End | undefined {
	if (!/^\d{1,7}$/.test(chunks)) return undefined;
	const seconds = Number(to) - Number(from);
	return {chunks: Number(chunks), seconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined};
}

/** Undefined for what the script cannot have written. */
function toOutput(
	text: string,
	encoding: BufferEncoding,
	seconds: number | undefined,
	{maxBytes, limitSeconds}: ScriptPlan['commands'][number],
): ShellOutput | undefined {
	const dash = text.indexOf('-');
	if (dash < 0 || text.includes('-', dash + 1)) return undefined;
	const stdout = Buffer.from(text.slice(0, dash), encoding);
	const errors = Buffer.from(text.slice(dash + 1), encoding);
	if (stdout.length > maxBytes + 1 || errors.length > maxErrorBytes) return undefined;
	const told = errors.toString();
	const status = / (\d{1,3})\n$/.exec(told);
	if (!status) return undefined;
	const code = Number(status[1]);
	const wasLong = seconds === undefined || seconds >= limitSeconds - 0.5;
	return {
		status: code,
		stdout: stdout.subarray(0, maxBytes),
		stderr: told.slice(0, status.index),
		// GNU says 124, or 137 where it had to kill; busybox what the signal makes.
		timedOut: code === 124 || ((code === 137 || code === 143) && wasLong),
		cut: stdout.length > maxBytes,
	};
}
