/** headscale, the vantages' own tailscaled and the clients, summed up as plain data: what the page, the API and the log tell of them. */

import type {CertificateFault} from '../net/tls.ts';
import type {BackendState, HealthWarning} from '../tailscaled/types.ts';

/** Only what is known and fresh: everything else is absent. Texts in it were cleaned where they came in, lists are bounded. */
export interface PlatformView {
	/** Absent where none is configured. */
	headscale?: HeadscaleFacts;
	/** One for each vantage that has a tailscaled. */
	tailscaled: readonly TailscaledFacts[];
	/** Absent while no versions are known. */
	clients?: ClientFacts;
}

/** Some things: how many, and the first of them by name. */
export interface Named {
	count: number;
	names: readonly string[];
}

export interface HeadscaleFacts {
	/** When our own API key expires or did, milliseconds since 1970; absent also where it never does. */
	ownApiKeyExpiryMs?: number;
	/** Of `headscale.expect_users`. */
	missingUsers?: Named;
	preAuthKeys?: PreAuthKeyFacts;
	/** Absent for http. */
	certificate?: {trusted: boolean; fault?: CertificateFault; expiryMs?: number};
	policy?: 'present' | 'none' | 'unreadable';
	/** Prefixes that are approved and served by no node. */
	unservedRoutes?: Named;
	duplicateHostnames?: DuplicateFacts;
	lingering?: LingeringFacts;
	/** What GET /health says. */
	isHealthy?: boolean;
	/** Whether the API finds its database. */
	isApiHealthy?: boolean;
	/** Whether GET /key told the key of a control server. */
	isControlKeyAnswered?: boolean;
	/** Just after a restart: milliseconds since 1970 until which "offline" may only mean that a node has not come back yet. */
	graceUntilMs?: number;
}

export interface PreAuthKeyFacts {
	usable: number;
	expired: number;
	usedUp: number;
	/** Whether machines here join with such keys: there are some, or a node joined with one. */
	areInUse: boolean;
	/** Reusable ones near their end (a quarter of their life, at most a week) that no other key replaces. */
	ending: {count: number; earliestExpiryMs?: number};
	/** Reusable ones that expired within the last week and that no other key replaces. */
	unreplaced: {count: number; latestExpiryMs?: number};
	/** Usable ones that are reusable and not ephemeral. */
	lasting: number;
}

export interface DuplicateFacts extends Named {
	/** Of these names, those with a record that is online and one that is not. */
	cameBack: number;
}

export interface LingeringFacts extends Named {
	/** Those that headscale should have removed. */
	ephemeral: number;
	/** When the one that is away for longest was last seen, milliseconds since 1970. */
	oldestSeenMs?: number;
}

export interface TailscaledFacts {
	vantage: string;
	backendState?: BackendState;
	/** Whether it is connected to its control server. */
	online?: boolean;
	/** Milliseconds since 1970; absent also where it never expires. */
	keyExpiryMs?: number;
	warnings?: readonly HealthWarning[];
	/** Regions of relays that it knows of. */
	derpRegions?: number;
}

export interface ClientFacts {
	/** The oldest that headscale accepts, such as `1.80`. */
	minimum?: string;
	belowMinimum?: Named;
	oldest: string;
	newest: string;
	/** Minor versions between these two; absent while major versions differ. */
	minorsApart?: number;
}
