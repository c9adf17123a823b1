/** How names become addresses, which of them may be dialled, and the shapes of our own connections. */

import type {Via} from '../engine/types.ts';

/** What an address must satisfy before anything is sent to it. */
export interface AddressRule {
	via: Via;
	/** The tailnet's prefixes: with `via: tailnet` the address must be inside one. */
	prefixes: readonly string[];
	/** When given, the address must also be inside one of these. */
	only?: readonly string[];
	/** Embedded lab and tests only. */
	allowLoopback: boolean;
	/** MagicDNS's own address may be asked: only a DNS question goes there. */
	allowMagicDns?: boolean;
	/** After a redirect from a public address: private ranges are refused. */
	publicOnly?: boolean;
}

/** An address that was resolved and passed the guard; dial exactly this one. */
export interface Resolved {
	address: string;
	family: 4 | 6;
	by: 'literal' | 'hosts' | 'dns' | 'magicdns' | 'peers';
	/** Seconds it took; 0 for a literal. */
	seconds: number;
}

/** Which family to ask for first, as blackbox_exporter's `preferred_ip_protocol` and `ip_protocol_fallback`. */
export interface FamilyChoice {
	preferred: 4 | 6;
	fallback: boolean;
}
