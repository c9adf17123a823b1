/** `tailprobe check-config`: every mistake at once, each with its place. */

import {accessSync, constants, readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {loadConfig, wrongConfigExitCode} from '../config/load.ts';
import {parseWebConfig} from '../config/web-config.ts';
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
	const {checks, modules, vantages, headscale, web} = loaded.config;
	if (web.configFile !== undefined && isReadable(web.configFile)) {
		const judged = parseWebConfig(readFileSync(web.configFile, 'utf8'), web.configFile);
		if (!judged.ok) {
			for (const mistake of judged.mistakes) process.stderr.write(`${mistake}\n`);
			return wrongConfigExitCode;
		}
	}
	process.stdout.write(
		`${path} is right: ${checks.length} checks, ${modules.size} modules (built-in ones included), ${vantages.length} vantage.\n`,
	);
	for (const file of [
		headscale?.apiKey && 'file' in headscale.apiKey ? headscale.apiKey.file : undefined,
		headscale?.caFile,
		web.configFile,
		...web.bearerTokens.map(({secret}) => ('file' in secret ? secret.file : undefined)),
	])
		if (file !== undefined && !isReadable(file)) process.stdout.write(`Note: ${file} cannot be read here and now.\n`);
	if (checks.length === 0) process.stdout.write('Note: without checks nothing is probed.\n');
	return 0;
}

function isReadable(file: string): boolean {
	try {
		accessSync(file, constants.R_OK);
		return true;
	} catch {
		return false;
	}
}
