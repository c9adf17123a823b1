/** One probe asked of a running daemon. */

import {probeSchema} from '../server/api-schemas.ts';
import type {ProbeJson} from '../server/json.ts';
import {callDaemon, type Daemon} from './call-daemon.ts';
import {longestTimeoutMs} from './daemon-options.ts';

export interface Question {
	/** '' where the only target of a check is meant. */
	target: string;
	/** Absent where a check is asked for. */
	module?: string;
	check?: string;
	from?: string;
	timeoutMs?: number;
}

/** Throws a UserError: with exit code 2 when nobody could be asked, 64 when the daemon says that the question is wrong. */
export function askDaemon(daemon: Daemon, {target, module, check, from, timeoutMs}: Question): Promise<ProbeJson> {
	const query = new URLSearchParams({
		...(target === '' ? {} : {target}),
		...(module === undefined ? {} : {module}),
		...(check === undefined ? {} : {check}),
		...(from === undefined ? {} : {from}),
	});
	return callDaemon(daemon, {
		path: `probe?${query}`,
		// The daemon takes half a second off, as it does for Prometheus.
		headers: timeoutMs === undefined ? {} : {'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutMs / 1000 + 0.5)},
		schema: probeSchema,
		timeoutMs: (timeoutMs ?? longestTimeoutMs) + answerSlackMs,
		maxCharacters: 1_048_576,
		otherwise: 'or give --config FILE to probe without one',
	});
}

/** What the answer may take beyond the probe itself. */
const answerSlackMs = 5000;
