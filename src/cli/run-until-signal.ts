/** How a command ends that runs until a signal ends it. */

/**
 * Starts it and stops it after SIGTERM or SIGINT, which are waited for from the beginning; answers the exit status. What does not end
 * in time is left behind. `program` is how whoever typed it calls us. Rejects as `start` and `stop` do.
 */
export async function runUntilSignal(program: string, start: () => Promise<{stop(): Promise<void>}>): Promise<number> {
	const {promise: ended, resolve: end} = Promise.withResolvers<void>();
	// Not `once`: execa's own listener, there while a child runs, ends the program when it finds itself alone.
	process.on('SIGTERM', () => end());
	process.on('SIGINT', () => end());
	const running = await start();
	await ended;
	const giveUp = setTimeout(() => {
		process.stderr.write(
			`${program}: not every part ended within ${endMs / 1000} s of the signal; leaving without them.\n`,
		);
		process.exit(exitSoftware);
	}, endMs);
	await running.stop();
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
