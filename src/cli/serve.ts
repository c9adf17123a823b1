/** `tailprobe serve`: the daemon until a signal ends it; SIGHUP reads the configuration again. */

import {parseArgs} from 'node:util';
import {parseListen} from '../config/values.ts';
import {startDaemon} from '../daemon.ts';
import {messageOf, oneLine, UserError} from '../util/errors.ts';

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

	const ended = Promise.withResolvers<void>();
	// Not `once`: execa's own listener, there while a child runs, ends the program when it finds itself alone.
	process.on('SIGTERM', () => ended.resolve());
	process.on('SIGINT', () => ended.resolve());
	const starting = startDaemon({
		configPath: values.config,
		...(listen ? {listen} : {}),
		...(values['web.config.file'] === undefined ? {} : {webConfigPath: values['web.config.file']}),
	});
	// From the beginning: without a listener the signal would end the program.
	process.on('SIGHUP', () => void reload());
	const daemon = await starting;
	async function reload(): Promise<void> {
		const started = await starting.catch(() => undefined);
		try {
			await started?.view.reload();
		} catch (error) {
			process.stderr.write(`tailprobe: internal error while reloading, please report it: ${messageOf(error)}\n`);
		}
	}
	await ended.promise;
	const giveUp = setTimeout(() => {
		process.stderr.write(
			`tailprobe: not every part ended within ${endMs / 1000} s of the signal; leaving without them.\n`,
		);
		process.exit(exitSoftware);
	}, endMs);
	await daemon.stop();
	clearTimeout(giveUp);
	// Nothing that was forgotten may hold the process: whoever supervises it would wait and then kill it.
	setTimeout(() => process.exit(), lingerMs).unref();
	return 0;
}

/** Longer than any part may take. */
const endMs = 10_000;
const lingerMs = 1000;
/** EX_SOFTWARE of sysexits. */
const exitSoftware = 70;
