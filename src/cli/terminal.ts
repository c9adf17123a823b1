/** Where a command reads its surroundings and writes. */

import {labDirectory} from '../lab/directory.ts';
import {UserError} from '../util/errors.ts';
import type {DrawOptions} from './draw-lines.ts';

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
	return {
		write: text => process.stdout.write(text),
		complain: text => process.stderr.write(text),
		columns: process.stdout.columns ?? 80,
		isTty: process.stdout.isTTY ?? false,
		env: process.env,
		labDirectory: labDirectory(),
	};
}

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

/** Answers the exit status of `run`; what the user must change is told here. Throws only what is a bug. */
export async function tellMistakes(terminal: Terminal, run: () => Promise<number>): Promise<number> {
	try {
		return await run();
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		terminal.complain(`${error.message}\n`);
		return error.exitCode;
	}
}

/** JSON for a program, harmless to a terminal too: what moves a cursor or turns a line round is escaped, and means the same. */
export function formatJson(value: unknown): string {
	const text = JSON.stringify(value, undefined, 2);
	return `${text.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escapeCharacter)}\n`;
}

function escapeCharacter(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
