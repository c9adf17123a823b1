/** Runs a command of the command line in this process, with a terminal that keeps what is written to it. */

import type {Terminal} from '../../src/cli/terminal.ts';

/** How it ended, and what it wrote. */
export interface CommandRun {
	status: number;
	out: string;
	err: string;
}

/** No colours and no environment, but for `part` of the terminal. */
export async function runCommand(
	command: (args: readonly string[], terminal: Terminal) => Promise<number>,
	args: readonly string[],
	part: Partial<Terminal> = {},
): Promise<CommandRun> {
	const texts = {out: '', err: ''};
	const terminal: Terminal = {
		write: text => {
			texts.out += text;
		},
		complain: text => {
			texts.err += text;
		},
		columns: 80,
		isTty: false,
		env: {},
		labDirectory: '/nowhere',
		...part,
	};
	const status = await command(args, terminal);
	return {status, ...texts};
}
