/** What a process holds, as the kernel tells. */

import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

export interface Held {
	/** Anonymous memory: what is not backed by files. */
	anonymousBytes: number;
	descriptors: number;
	/** Of the descriptors. */
	sockets: number;
	threads: number;
}

/** Throws when the process is gone. */
export function readHeld(pid: number): Held {
	const folder = `/proc/${pid}`;
	const kib = /^Anonymous:\s+(\d+) kB/m.exec(readFileSync(`${folder}/smaps_rollup`, 'utf8'))?.[1];
	const descriptors = readdirSync(`${folder}/fd`);
	const sockets = descriptors.filter(fd => {
		try {
			return readlinkSync(`${folder}/fd/${fd}`).startsWith('socket:');
		} catch {
			return false; // Closed meanwhile.
		}
	});
	return {
		anonymousBytes: Number(kib) * 1024,
		descriptors: descriptors.length,
		sockets: sockets.length,
		threads: readdirSync(`${folder}/task`).length,
	};
}
