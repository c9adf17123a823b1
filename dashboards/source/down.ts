/** Links that are down and pools that are short, told apart as the alerts do it: by what pages and what is a ticket. */

import {gauge, recorded} from './series.ts';
import {chosen} from './variables.ts';

const shown = [chosen('vantage'), chosen('check')];
const pool = chosen('pool');
const ofName = 'target, peer, pool, expect, critical';

/** Since when each link is down that every replica which can look finds down. */
export function down(...matchers: readonly string[]): string {
	return recorded('link:tailprobe_check_down_since:min', ...shown, ...matchers);
}

/** Links that must answer, do not, and page by themselves. A machine of a pool breaks nothing while the pool has enough others. */
export const pagesAlone: string = [
	down('critical="true"', 'expect="answer"', 'pool=""', 'type!~"dns|derp|stun"'),
	namesOfNobody(),
].join(' or ');

/** Links that must not answer, and do: this pages whatever lies behind them. */
export const exposed: string = down('critical="true"', 'expect="unreachable"');

/** Pools that have too few machines even if those at which nobody could look are usable. */
export const shortPools = `${recorded('pool:tailprobe_pool_usable:sum', pool)} + ${recorded('pool:tailprobe_pool_unknown:min', pool)} < ${gauge('tailprobe_pool_min', pool)}`;

/** One name that is not resolved is a ticket; where a vantage resolves none of several, it pages. */
function namesOfNobody(): string {
	const names = down('critical="true"', 'expect="answer"', 'type="dns"');
	const several = `count without (target, peer, pool) (${names}) > 1`;
	const resolved = `${recorded('link:tailprobe_check_up:max', ...shown, 'type="dns"')} == 1`;
	return `${names} and ignoring (target, peer, pool) (${several}) unless ignoring (${ofName}) (${resolved})`;
}
