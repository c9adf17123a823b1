/** `tailprobe agent`: the agent until a signal ends it. */

import {parseArgs} from 'node:util';
import {startAgent} from '../agent/agent.ts';
import {loadAgentConfig} from '../agent/config.ts';
import {keepSecret} from '../agent/secret-keeper.ts';
import type {SecretReference} from '../config/types.ts';
import {systemClock} from '../util/clock.ts';
import {oneLine, UserError} from '../util/errors.ts';
import {shownPath} from '../util/shown-path.ts';
import {count} from '../util/words.ts';
import {isReadable} from './is-readable.ts';
import {runUntilSignal} from './run-until-signal.ts';

const usageOf = (program: string) => `Usage: ${program} agent --config FILE [--check]

Measures from this machine for a tailprobe daemon, which dials it over the
tailnet, until SIGTERM or SIGINT ends it. --check only names every mistake of
the configuration at once, each with its place, and notes a secret that cannot
be read here and now.

Exit status: 0 ended by a signal, or right; 78 wrong configuration, 64 wrong usage.
`;

/** Runs until SIGTERM or SIGINT; answers the exit status. `program` is how whoever typed it calls us. */
export async function runAgent(args: string[], program = 'tailprobe'): Promise<number> {
	const usage = usageOf(program);
	const {values, positionals} = parseArgs({
		args,
		allowPositionals: true,
		options: {config: {type: 'string'}, check: {type: 'boolean'}, help: {type: 'boolean', short: 'h'}},
	});
	if (values.help) {
		process.stdout.write(usage);
		return 0;
	}
	const [stray] = positionals;
	if (stray !== undefined) {
		const meant = values.config === undefined ? `; did you mean --config ${oneLine(stray, 200)}?` : '.';
		throw new UserError(`agent takes no ${JSON.stringify(oneLine(stray, 200))}${meant}`, 64);
	}
	if (values.config === undefined) throw new UserError(`agent needs --config FILE.\n\n${usage.trimEnd()}`, 64);
	if (values.check) return check(values.config);

	const options = {configPath: values.config};
	return runUntilSignal(program, () => startAgent(options));
}

/** EX_CONFIG of sysexits. */
const exitConfig = 78;

function check(path: string): number {
	const loaded = loadAgentConfig(path);
	if (!loaded.ok) {
		for (const mistake of loaded.mistakes) process.stderr.write(`${mistake}\n`);
		return exitConfig;
	}
	const {rules, files} = loaded.config.allow;
	process.stdout.write(
		`${path} is right: ${count(rules.length, 'rule')}, ${count(files.length, 'file')} that checks may name.\n`,
	);
	const lack = lackOf(loaded.config.secret);
	if (lack !== undefined) process.stdout.write(`Note: ${lack}\n`);
	return 0;
}

/** Why the secret could not be used here and now: it may be there only where the agent runs, so this is no mistake. */
function lackOf(secret: SecretReference): string | undefined {
	if ('env' in secret && process.env[secret.env] === undefined)
		return `The environment variable ${secret.env} is not set here and now.`;
	if ('file' in secret && !isReadable(secret.file)) return `${shownPath(secret.file)} cannot be read here and now.`;
	return keepSecret(secret, {clock: systemClock}).problem();
}
