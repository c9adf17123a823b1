/** Tells the log why an agent that listens in the tailnet does not listen yet: whoever looks for it there sees what to mend. */

import {isInside} from '../net/guard.ts';
import type {Logger} from '../util/log.ts';
import type {VantageState} from '../vantages/types.ts';

export interface WaitLog {
	/** May be called as often as one likes with what is so now: a line comes only when what stands in the way is another. */
	note(now: Pick<VantageState, 'condition' | 'detail'> & {addresses: readonly string[]}): void;
}

export function createWaitLog({log, prefixes}: {log: Pick<Logger, 'warn'>; prefixes: readonly string[]}): WaitLog {
	let told: string | undefined;

	return {
		note({condition, detail, addresses}) {
			if (condition === 'starting') return;
			const isThere = addresses.some(address => isInside(address, prefixes));
			const why = isThere ? undefined : whyNot(detail, addresses);
			if (why !== undefined && why !== told) log.warn({why}, 'the agent waits for tailscaled');
			told = why;
		},
	};
}

function whyNot(detail: string | undefined, addresses: readonly string[]): string {
	if (addresses.length > 0)
		return `it tells the addresses ${addresses.join(', ')}, none of which lies in tailnet.prefixes`;
	return detail ?? 'it tells no address of its own yet';
}
