/** Where a command reads its surroundings and writes. */

import {labDirectory} from '../lab/directory.ts';
import {messageOf, UserError} from '../util/errors.ts';
import {type DrawOptions, wrap} from './draw-lines.ts';

export interface Terminal {
	write(text: string): void;
	/** For what went wrong. */
	complain(text: string): void;
	columns: number;
	isTty: boolean;
	env: Readonly<Record<string, string | undefined>>;
	/** Where a lab of this user is found. */
	labDirectory: string;
}

/** That of this process. */
export function processTerminal(): Terminal {
	endWhereNothingCanBeWritten();
	return {
		write: text => process.stdout.write(text),
		complain: text => process.stderr.write(text),
		columns: process.stdout.columns ?? 80,
		isTty: process.stdout.isTTY ?? false,
		env: process.env,
		labDirectory: labDirectory(),
	};
}

/** A status that says something of a tailnet must not come from a disk that is full; who reads no further has what was wanted. */
function endWhereNothingCanBeWritten(): void {
	if (process.stdout.listenerCount('error') > 0) return;
	process.stdout.once('error', (error: NodeJS.ErrnoException) => {
		if (error.code !== 'EPIPE') process.stderr.write(`The answer could not be written: ${messageOf(error)}.\n`);
		process.exit(ioExitCode);
	});
}

/** EX_IOERR of sysexits.h. */
const ioExitCode = 74;

/** What the terminal can show; lines of text are easier to read when they are not as wide as it may be. */
export function drawOptions({columns, isTty, env}: Terminal, widest: number): DrawOptions {
	const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
	return {
		columns: Math.max(Math.min(columns, widest), 40),
		color: isTty && !env.NO_COLOR && env.TERM !== 'dumb',
		// Only a locale that says otherwise: containers often have none.
		unicode: !locale || /utf-?8/i.test(locale),
	};
}

/**
 * Answers the exit status of `run`; what the user must change is told here. With `isJson` it is told to programs too, that read the
 * answer. Throws only what is a bug.
 */
export async function tellMistakes(terminal: Terminal, run: () => Promise<number>, isJson = false): Promise<number> {
	try {
		return await run();
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		const [sentence = '', ...usage] = error.message.split('\n\n');
		terminal.complain(`${[asWideAs(sentence, terminal), ...usage].join('\n\n')}\n`);
		if (isJson) terminal.write(formatJson({error: sentence}));
		return error.exitCode;
	}
}

/** Programs that read it get it whole. */
function asWideAs(text: string, terminal: Terminal): string {
	if (!terminal.isTty) return text;
	const options = drawOptions(terminal, Number.MAX_SAFE_INTEGER);
	return text
		.split('\n')
		.flatMap(line => wrap(line, options, 0))
		.join('\n');
}

/** JSON for a program, harmless to a terminal too: what moves a cursor or turns a line round is escaped, and means the same. */
export function formatJson(value: unknown): string {
	const text = JSON.stringify(value, undefined, 2);
	return `${text.replace(/[\u007f-\u009f\u2028\u2029\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, escapeCharacter)}\n`;
}

function escapeCharacter(character: string): string {
	return Array.from(
		{length: character.length},
		(_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
	).join('');
}
