/** Requests that were turned away, for the log: counted, and told at most once a minute, so that nobody can fill a disk by asking. */

import type {Clock} from '../util/clock.ts';
import type {Logger} from '../util/log.ts';
import type {RefusalCode} from './wire.ts';

export interface RefusalLog {
	note(code: RefusalCode): void;
	stop(): void;
}

const spacingMs = 60_000;

/** Keys of the log; docs/agent.md explains each. What is refused to a daemon that has proved itself is told to it, and not here. */
export const refusalWords: Readonly<Partial<Record<RefusalCode, string>>> = {
	request: 'not_understood',
	boot: 'for_an_earlier_start',
	proof: 'wrong_secret',
	clock: 'wrong_time',
	replay: 'repeated',
	address: 'for_another_address',
	busy: 'too_many',
};

export function createRefusalLog(log: Pick<Logger, 'warn'>, clock: Clock): RefusalLog {
	let counts: Record<string, number> = {};
	let cancel: (() => void) | undefined;

	return {
		note(code) {
			const word = refusalWords[code] ?? code;
			counts[word] = (counts[word] ?? 0) + 1;
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
