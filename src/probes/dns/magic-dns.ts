/** Knows the tailnet's own resolver when a target names it. */

import {canonicalAddress} from '../../net/guard.ts';
import {splitTarget} from '../../net/target.ts';
import type {Place} from '../types.ts';

/** Whether questions to this host and port go to MagicDNS: at its own addresses, or where `tailnet.dns_server` says. */
export function isMagicDns(host: string, port: number, {tailnet}: Place): boolean {
	const address = canonicalAddress(host);
	if (address === undefined) return false;
	if (isServiceAddress(address)) return port === 53;
	const configured = splitTarget(tailnet.dnsServer);
	return address === canonicalAddress(configured?.host ?? '') && port === (configured?.port ?? 53);
}

/** Whether this is an address that tailscaled itself answers on, and no other machine. */
export function isServiceAddress(host: string): boolean {
	return serviceAddresses.includes(canonicalAddress(host) ?? '');
}

const serviceAddresses = ['100.100.100.100', 'fd7a:115c:a1e0::53'];
