/** Requests that were turned away, for the log: counted, and told at most once a minute, so that nobody can fill a disk by asking. */

import type {Clock} from '../util/clock.ts';
import type {Logger} from '../util/log.ts';
import type {RefusalCode} from './wire.ts';

export interface RefusalLog {
	note(code: RefusalCode): void;
	stop(): void;
}

const spacingMs = 60_000;

export function createRefusalLog(log: Pick<Logger, 'warn'>, clock: Clock): RefusalLog {
	let counts: Partial<Record<RefusalCode, number>> = {};
	let cancel: (() => void) | undefined;

	return {
		note(code) {
			counts[code] = (counts[code] ?? 0) + 1;
			if (cancel) return;
			tell();
			cancel = clock.after(spacingMs, tell);
		},
		stop: () => cancel?.(),
	};

	function tell(): void {
		cancel = undefined;
		if (Object.keys(counts).length === 0) return;
		log.warn(counts, 'requests were turned away');
		counts = {};
	}
}
