/** Reads what the script of a round wrote. It may be cut anywhere: only what came whole counts. Pure. */

import type {ShellOutput} from '../probes/types.ts';
import type {ScriptPlan} from './script.ts';

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
	const collected = commands.map(() => ({
		chunks: [] as string[],
		begun: false,
		late: false,
		end: undefined as End | undefined,
	}));
	let encoding: BufferEncoding | undefined;
	let ended = false;
	// What stands behind the last line feed may be half a line.
	for (const line of stdout.toString('latin1').split('\n').slice(0, -1)) {
		const [first, second = '', third = '', ...rest] = line.split(' ');
		if (first !== token) continue;
		if (second === 'begin') encoding = encodings[third];
		else if (second === 'end') ended = third === String(commands.length);
		else {
			const frame = /^\d{1,6}$/.test(second) ? collected[Number(second)] : undefined;
			if (!frame) continue;
			if (third === 's') frame.begun = true;
			else if (third === 'x') frame.late = true;
			else if (third === '=') frame.end = toEnd(rest);
			else frame.chunks.push(third);
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

function toEnd([chunks = '', from = '', to = '']: string[]): End | undefined {
	if (!/^\d{1,7}$/.test(chunks)) return undefined;
	const seconds = Number(to) - Number(from);
	return {chunks: Number(chunks), seconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined};
}

function toOutput(
	text: string,
	encoding: BufferEncoding,
	seconds: number | undefined,
	{maxBytes, limitSeconds}: ScriptPlan['commands'][number],
): ShellOutput | undefined {
	const [out, errors, ...more] = text.split('-');
	if (out === undefined || errors === undefined || more.length > 0) return undefined;
	const told = Buffer.from(errors, encoding).toString();
	const status = / (\d{1,3})\n$/.exec(told);
	if (!status) return undefined;
	const stdout = Buffer.from(out, encoding);
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
