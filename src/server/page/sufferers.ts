/** Who suffers from a fault, in one clause. Pure. */

import type {Incident} from '../../diagnosis/incidents.ts';
import {listNames} from '../../util/words.ts';

/** Of headscale: it serves nobody. */
const controlOut: ReadonlySet<string> = new Set([
	'headscale-frozen',
	'headscale-unreachable',
	'headscale-slow-or-stuck',
	'headscale-database',
	'headscale-proxy-error',
	'headscale-proxy-drops-upgrade',
	'headscale-certificate',
	'headscale-key-page',
]);

/** Kinds of checks that look at what carries services, and at none of them. */
const carriers: ReadonlySet<string> = new Set(['tunnel', 'icmp', 'dns', 'derp', 'stun', 'gpu']);

/** A clause that goes after `Suffers:`; undefined where the card says it already. */
export function saySufferers({cause, checks}: Pick<Incident, 'cause' | 'checks'>): string | undefined {
	const down = checks.filter(({check, verdict}) => verdict === 'down' && !carriers.has(check.type));
	const byTarget = Map.groupBy(down, ({check}) => check.target.name);
	const names = Array.from(byTarget, ([target, views]) => {
		const own = [...new Set(views.map(({check}) => check.name))];
		return own.length === 1 && own[0] === target
			? target
			: `${listNames({count: own.length, names: own})} on ${target}`;
	});
	const services = names.length === 0 ? undefined : listNames({count: names.length, names});
	if (controlOut.has(cause.id))
		return `no machine can join or be told of news${services === undefined ? '' : `; down: ${services}`}`;
	if (services !== undefined) return checks.length === 1 ? undefined : services;
	return cause.rung === 'vantage' ? 'monitoring only; what it looked at may be fine' : undefined;
}
