/** headscale, the vantages' tailscaled and the clients as `/api/v1/status` tells them: the same facts as the notes on the page. */

import type {z} from 'zod';
import type {
	HeadscaleFacts,
	Named,
	PlatformView,
	PreAuthKeyFacts,
	TailscaledFacts,
} from '../inventory/platform-types.ts';
import {formatTime} from '../util/format-time.ts';
import type {platformSchema} from './platform-schema.ts';

type PlatformJson = z.output<typeof platformSchema>;

export function describePlatform({headscale, tailscaled, clients}: PlatformView): PlatformJson {
	return {
		headscale: headscale && describeHeadscale(headscale),
		tailscaled: tailscaled.map(describeTailscaled),
		clients: clients && {...clients, belowMinimum: copy(clients.belowMinimum)},
	};
}

function describeHeadscale(facts: HeadscaleFacts): NonNullable<PlatformJson['headscale']> {
	const {certificate, duplicateHostnames: duplicates, lingering, preAuthKeys} = facts;
	return {
		healthy: facts.isHealthy,
		apiHealthy: facts.isApiHealthy,
		controlKeyAnswered: facts.isControlKeyAnswered,
		policy: facts.policy,
		ownApiKeyExpiry: formatTime(facts.ownApiKeyExpiryMs),
		certificate: certificate && {
			trusted: certificate.trusted,
			fault: certificate.fault,
			expiry: formatTime(certificate.expiryMs),
		},
		missingUsers: copy(facts.missingUsers),
		preAuthKeys: preAuthKeys && describeKeys(preAuthKeys),
		unservedRoutes: copy(facts.unservedRoutes),
		duplicateHostnames: duplicates && {...duplicates, names: [...duplicates.names]},
		lingering: lingering && {
			count: lingering.count,
			names: [...lingering.names],
			ephemeral: lingering.ephemeral,
			oldestSeen: formatTime(lingering.oldestSeenMs),
		},
	};
}

function describeKeys({usable, expired, usedUp, lasting, ending, unreplaced}: PreAuthKeyFacts) {
	return {
		usable,
		expired,
		usedUp,
		reusableNotEphemeral: lasting,
		ending: {count: ending.count, earliestExpiry: formatTime(ending.earliestExpiryMs)},
		unreplaced: {count: unreplaced.count, latestExpiry: formatTime(unreplaced.latestExpiryMs)},
	};
}

function describeTailscaled({vantage, backendState, online, keyExpiryMs, warnings}: TailscaledFacts) {
	return {
		vantage,
		backendState,
		online,
		keyExpiry: formatTime(keyExpiryMs),
		warnings: warnings?.map(({code, severity, sinceMs, says}) => ({code, severity, since: formatTime(sinceMs), says})),
	};
}

function copy(named: Named | undefined) {
	return named && {count: named.count, names: [...named.names]};
}
