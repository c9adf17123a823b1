/** `tailprobe check-config`: every mistake at once, each with its place. */

import {parseArgs} from 'node:util';
import {loadConfig, wrongConfigExitCode} from '../config/load.ts';
import {UserError} from '../util/errors.ts';

/** Prints what the file amounts to, or its mistakes on standard error; answers the exit status. */
export async function runCheckConfig(args: string[]): Promise<number> {
	const {positionals} = parseArgs({args, allowPositionals: true});
	const [path, ...more] = positionals;
	if (path === undefined || more.length > 0) throw new UserError('check-config expects one FILE.', 64);
	const loaded = await loadConfig(path);
	if (!loaded.ok) {
		for (const mistake of loaded.mistakes) process.stderr.write(`${mistake}\n`);
		return wrongConfigExitCode;
	}
	const {checks, modules, vantages} = loaded.config;
	process.stdout.write(
		`${path} is right: ${checks.length} checks, ${modules.size} modules (built-in ones included), ${vantages.length} vantage.\n`,
	);
	return 0;
}
