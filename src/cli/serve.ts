/** `tailprobe serve`: the daemon until a signal ends it; SIGHUP reads the configuration again. */

import {parseArgs} from 'node:util';
import {parseListen} from '../config/values.ts';
import {type Daemon, startDaemon} from '../daemon.ts';
import {messageOf, oneLine, UserError} from '../util/errors.ts';
import {runUntilSignal} from './run-until-signal.ts';

const usage = `Usage: tailprobe serve --config FILE [--listen ADDRESS:PORT] [--web.config.file FILE]

The daemon: probes, and serves page, API and metrics, until SIGTERM or SIGINT
ends it. SIGHUP reads the configuration again. --listen stands in for web.listen
and --web.config.file (TLS, passwords) for web.config_file of the configuration;
its path starts at the working directory.

Exit status: 0 ended by a signal, 78 wrong configuration, 64 wrong usage.
`;

/** Runs until SIGTERM or SIGINT; answers the exit status. */
export async function runServe(args: string[]): Promise<number> {
	const {values, positionals} = parseArgs({
		args,
		allowPositionals: true,
		options: {
			config: {type: 'string'},
			listen: {type: 'string'},
			'web.config.file': {type: 'string'},
			help: {type: 'boolean', short: 'h'},
		},
	});
	if (values.help) {
		process.stdout.write(usage);
		return 0;
	}
	const [stray] = positionals;
	if (stray !== undefined) {
		const meant = values.config === undefined ? `; did you mean --config ${oneLine(stray, 200)}?` : '.';
		throw new UserError(`serve takes no ${JSON.stringify(oneLine(stray, 200))}${meant}`, 64);
	}
	if (values.config === undefined) throw new UserError(`serve needs --config FILE.\n\n${usage.trimEnd()}`, 64);
	const listen = values.listen === undefined ? undefined : parseListen(values.listen);
	if (values.listen !== undefined && !listen)
		throw new UserError(
			`--listen expects ADDRESS:PORT such as 127.0.0.1:9753, got ${JSON.stringify(values.listen)}.`,
			64,
		);

	const options = {
		configPath: values.config,
		...(listen ? {listen} : {}),
		...(values['web.config.file'] === undefined ? {} : {webConfigPath: values['web.config.file']}),
	};
	return runUntilSignal('tailprobe', () => {
		const starting = startDaemon(options);
		// From the beginning: without a listener the signal would end the program.
		process.on('SIGHUP', () => void reload(starting));
		return starting;
	});
}

async function reload(starting: Promise<Daemon>): Promise<void> {
	const started = await starting.catch(() => undefined);
	try {
		await started?.view.reload();
	} catch (error) {
		process.stderr.write(`tailprobe: internal error while reloading, please report it: ${messageOf(error)}\n`);
	}
}
