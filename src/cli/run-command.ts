/** Runs a command; what whoever typed it did wrong is told in a sentence. */

import {messageOf, UserError} from '../util/errors.ts';

/** Loads what a command needs, and answers what runs it with its arguments: that answers the exit status. */
export type LoadCommand = () => Promise<(args: string[]) => Promise<number>>;

/** Exit status for wrong arguments (EX_USAGE of sysexits.h). */
export const usageExitCode = 64;

/** Answers the exit status. Throws for what is our own bug. `program` is how whoever typed it calls us. */
export async function runCommand(
	name: string,
	load: LoadCommand,
	args: string[],
	usage: string,
	program = 'tailprobe',
): Promise<number> {
	try {
		const run = await load();
		return await run(args);
	} catch (error) {
		if (error instanceof UserError) {
			process.stderr.write(`${program}: ${error.message}\n`);
			return error.exitCode;
		}
		if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) {
			process.stderr.write(`${program} ${name}: ${messageOf(error)}\n\n${usage}`);
			return usageExitCode;
		}
		throw error;
	}
}
