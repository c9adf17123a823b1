/** `tailprobe serve`: the daemon until a signal ends it; SIGHUP reads the configuration again. */

import {parseArgs} from 'node:util';
import {parseListen} from '../config/values.ts';
import {startDaemon} from '../daemon.ts';
import {messageOf, UserError} from '../util/errors.ts';

/** Runs until SIGTERM or SIGINT; answers the exit status. */
export async function runServe(args: string[]): Promise<number> {
	const {values} = parseArgs({
		args,
		options: {config: {type: 'string'}, listen: {type: 'string'}, 'web.config.file': {type: 'string'}},
	});
	if (values.config === undefined) throw new UserError('serve needs --config FILE.', 64);
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
