/** The first phase of every probe that dials: the options for it, the rule that the address must satisfy, the facts it brings. */

import type * as zod from 'zod';
import type {Target} from '../../engine/types.ts';
import {parseAddress} from '../../net/guard.ts';
import {resolveTarget} from '../../net/resolve.ts';
import type {AddressRule, Resolved} from '../../net/types.ts';
import type {Place, Zod} from '../types.ts';
import type {Findings} from './failed-reading.ts';

export interface FamilyOptions {
	/** Unlike blackbox_exporter's, ours is ip4 by default: tailnets always have that. */
	preferred_ip_protocol: 'ip4' | 'ip6';
	ip_protocol_fallback: boolean;
}

/** The schemas of FamilyOptions, to be spread into those of a type. */
export function familyOptions(z: Zod) {
	return {
		preferred_ip_protocol: z
			.enum(['ip4', 'ip6'])
			.default('ip4')
			.describe(
				'Address family to ask for first. blackbox_exporter prefers ip6; ours is ip4, which every tailnet has.',
			),
		ip_protocol_fallback: z
			.boolean()
			.default(true)
			.describe('Take the other family where the preferred one has no address.'),
	} satisfies Record<keyof FamilyOptions, zod.ZodType>;
}

/** What every address of the target must satisfy. */
export function ruleFor(target: Target, place: Place): AddressRule {
	return {
		via: target.via,
		prefixes: place.tailnet.prefixes,
		allowLoopback: place.allowLoopback,
		...(target.only === undefined ? {} : {only: target.only}),
	};
}

/** Resolves and guards in the phase `resolve`; a failure leaves it to failedReading to end it. Throws what resolveTarget throws. */
export async function resolvePhase(
	host: string,
	rule: AddressRule,
	options: FamilyOptions,
	place: Place,
	{clock, facts}: Findings,
	signal: AbortSignal,
): Promise<Resolved> {
	clock.enter('resolve');
	// What an earlier hop found is no fact of this one.
	delete facts.address;
	if (parseAddress(host)) facts.resolved_by = 'literal';
	else delete facts.resolved_by;
	const preferred = options.preferred_ip_protocol === 'ip6' ? 6 : 4;
	const resolved = await resolveTarget(host, rule, {preferred, fallback: options.ip_protocol_fallback}, place, signal);
	clock.leave();
	facts.address = resolved.address;
	facts.family = String(resolved.family);
	facts.resolved_by = resolved.by;
	return resolved;
}
