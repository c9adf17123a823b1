/**
 * `expect: unreachable`: the same reading, judged the other way round. Up means that no connection came about; whatever answered, even
 * wrongly, is down, because something that answers is exposed. Where nothing was tried, nothing is proven.
 */

import {splitTarget} from '../net/target.ts';
import {oneLine} from '../util/errors.ts';
import type {Check, DownReason, Outcome} from './types.ts';

/**
 * The outcome as the check means it. To be applied when it is certain that the vantage itself was sound: a vantage that reaches
 * nothing proves nothing.
 */
export function judgeExpectation(check: Check, outcome: Outcome): Outcome {
	return check.expect === 'unreachable' ? turnRound(check, outcome) : outcome;
}

function turnRound(check: Check, outcome: Outcome): Outcome {
	const {verdict, reason, detail, reading, ...rest} = outcome;
	if (verdict === 'unknown') return outcome;
	// Noted by every probe as soon as it is so, whatever came after it (probes/shared/answered.ts).
	if (verdict === 'up' || reading?.facts.answered === 'true') {
		const does = connectionless.has(check.type) ? 'answers' : 'accepts connections';
		const more = detail === undefined ? '' : ` It went on so: ${detail}`;
		const said = oneLine(`${placeOf(check)} ${does}; it must be closed (expect: unreachable).${more}`, 300);
		return {
			...rest,
			verdict: 'down',
			reason: 'expected_unreachable',
			detail: said,
			...(reading ? {reading: {...reading, ok: false, reason: 'expected_unreachable', detail: said}} : {}),
		};
	}
	// Without an address nothing was tried.
	if (!silent.has(reason as DownReason) || reading?.facts.address === undefined) return outcome;
	const {reason: _reason, detail: _detail, ...read} = reading;
	return {...rest, verdict: 'up', reading: {...read, ok: true, facts: {...read.facts, unreachable: reason as string}}};
}

const connectionless: ReadonlySet<string> = new Set(['tunnel', 'icmp', 'stun', 'dns']);

/** Host and port as the configuration writes them; what else a URL holds may be secret. */
function placeOf({target: {name, address}}: Check): string {
	const written = splitTarget(address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, '$1'));
	if (!written) return name;
	const host = written.port !== undefined && written.host.includes(':') ? `[${written.host}]` : written.host;
	return written.port === undefined ? host : `${host}:${written.port}`;
}

/** Failures of a connection that never came about. `proxy`: tailscaled could not open it, and does not tell why. */
const silent: ReadonlySet<DownReason> = new Set(['refused', 'unreachable', 'timeout', 'reset', 'proxy', 'loss']);
