/**
 * Loaded into every thread of the soaked daemon before its own code: SIGUSR2 ends the measuring thread as a crash would, and what
 * keeps each thread's loop alive and its heap are written down from time to time.
 */

import {existsSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {getHeapStatistics, setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {isMainThread, type Worker} from 'node:worker_threads';

const collections = 10;
/** While this file is there, garbage is collected before each note. */
const atRestFile = 'at-rest';

const folder = process.env.TAILPROBE_SOAK_FOLDER;

if (isMainThread) {
	let latest: Worker | undefined;
	process.on('worker', worker => {
		latest = worker;
	});
	process.on('SIGUSR2', () => void latest?.terminate());
}
if (folder !== undefined) {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	setInterval(() => {
		// What is garbage says nothing about what is kept.
		// Code that is not used any more (some megabytes) goes only after several collections: once, it is there at one time and not at the other.
		if (existsSync(join(folder, atRestFile))) for (let round = 0; round < collections; round++) collect();
		const timers = process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length;
		const {used_heap_size: heapBytes} = getHeapStatistics();
		const note = join(folder, `thread-${isMainThread ? 'main' : 'measuring'}`);
		// Whoever reads it meanwhile must not see half of it.
		writeFileSync(`${note}.new`, JSON.stringify({timers, heapBytes}));
		renameSync(`${note}.new`, note);
	}, 1000).unref();
}
