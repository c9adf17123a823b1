/** `tailprobe check-config`: every mistake at once, each with its place. */

import {parseArgs} from 'node:util';
import {loadConfig, wrongConfigExitCode} from '../config/load.ts';
import {parseWebConfig} from '../config/web-config.ts';
import {noteOpenProxies} from '../notes/open-proxy.ts';
import {maxWebConfigBytes} from '../server/door/web-settings.ts';
import {readTextNow} from '../util/changing-file.ts';
import {UserError} from '../util/errors.ts';
import {count} from '../util/words.ts';
import {describeLacks} from './check-files.ts';
import {describeUnmeasurable} from './check-vantages.ts';

const usage = `Usage: tailprobe check-config FILE

Names every mistake of a configuration at once, each with its place, and then
those of the web configuration that it names. What may be there only where the
daemon runs (files, secrets, certificates) is told as a note.

Exit status: 0 right, 78 wrong, 64 wrong usage.
`;

/** Prints what the file amounts to, or its mistakes on standard error; answers the exit status. */
export async function runCheckConfig(args: string[]): Promise<number> {
	const {values, positionals} = parseArgs({
		args,
		allowPositionals: true,
		options: {help: {type: 'boolean', short: 'h'}},
	});
	if (values.help) {
		process.stdout.write(usage);
		return 0;
	}
	const [path, ...more] = positionals;
	if (path === undefined || more.length > 0)
		throw new UserError(`check-config expects one FILE.\n\n${usage.trimEnd()}`, 64);
	const loaded = await loadConfig(path);
	const mistakes = loaded.ok ? mistakesOfWeb(loaded.config.web.configFile) : loaded.mistakes;
	if (!loaded.ok || mistakes.length > 0) {
		for (const mistake of mistakes) process.stderr.write(`${mistake}\n`);
		return wrongConfigExitCode;
	}
	const {checks, modules, vantages} = loaded.config;
	process.stdout.write(
		`${path} is right: ${count(checks.length, 'check')}, ${count(modules.size, 'module')} (built-in ones included), ${count(vantages.length, 'vantage')}.\n`,
	);
	const notes = [
		...(await describeLacks(loaded.config)),
		...describeUnmeasurable(loaded.config),
		...noteOpenProxies(vantages.filter(vantage => vantage.type === 'local')).map(({says}) => says),
	];
	for (const note of notes) process.stdout.write(`Note: ${note}\n`);
	if (checks.length === 0) process.stdout.write('Note: without checks nothing is probed.\n');
	return 0;
}

/** One that cannot be read here and now is none: that is told as a note. */
function mistakesOfWeb(path: string | undefined): readonly string[] {
	if (path === undefined) return [];
	let text: string;
	try {
		text = readTextNow(path, maxWebConfigBytes);
	} catch {
		return [];
	}
	const judged = parseWebConfig(text, path);
	return judged.ok ? [] : judged.mistakes;
}
