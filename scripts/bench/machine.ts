/** What the bench runs on, for whoever reads its figures. */

import {cpus, release, totalmem} from 'node:os';
import type {Machine} from './types.ts';

export function describeMachine(): Machine {
	const [first] = cpus();
	return {
		processor: first?.model ?? 'unknown',
		processors: cpus().length,
		memoryGb: totalmem() / 1e9,
		kernel: release(),
		node: process.version,
	};
}
