/**
 * Which addresses may be dialled. Every address that a probe sends to passes here, after resolution and again after each redirect.
 * Only canonical literals are understood: what the system's parser would read differently (octal, hex, zones) is refused.
 */

import {BlockList, isIPv4, isIPv6, SocketAddress} from 'node:net';
import {TargetDownError} from '../util/errors.ts';
import type {AddressRule} from './types.ts';

export interface ParsedAddress {
	/** Canonical text: IPv4 as four decimals, IPv6 in lower case and compressed. */
	address: string;
	family: 4 | 6;
}

/** An address literal, or undefined for anything else: names, zones, leading zeros, hexadecimal, surrounding blanks or brackets. */
export function parseAddress(text: string): ParsedAddress | undefined {
	if (isIPv4(text)) return {address: text, family: 4};
	if (!isIPv6(text) || text.includes('%')) return undefined;
	return {address: new SocketAddress({address: text, family: 'ipv6'}).address, family: 6};
}

/** The canonical text of an address literal, or undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
	return parseAddress(text)?.address;
}

/** Whether some system parser would read the text as an IPv4 address although it is no canonical one (`0x7f.1`, `2130706433`, `010.0.0.1`). */
export function looksNumeric(text: string): boolean {
	const last = text.replace(/\.$/, '').split('.').at(-1) ?? '';
	return parseAddress(text) === undefined && /^(\d+|0[xX][0-9a-fA-F]*)$/.test(last);
}

/** A prefix such as 100.64.0.0/10, or undefined when it is none. Bits behind the prefix length are ignored. */
export function parsePrefix(text: string): (ParsedAddress & {bits: number}) | undefined {
	const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
	const parsed = parseAddress(match?.[1] ?? '');
	const bits = Number(match?.[2]);
	return parsed && bits <= (parsed.family === 4 ? 32 : 128) ? {...parsed, bits} : undefined;
}

/** Whether an address is inside one of the prefixes; false for what is no address. Throws on a prefix that is none. */
export function isInside(address: string, prefixes: readonly string[]): boolean {
	const parsed = parseAddress(address);
	return parsed !== undefined && contains(listOf(prefixes), parsed);
}

/** Whether an address is one of the public internet: neither private nor shared nor for special use. */
export function isPublic(address: string): boolean {
	const parsed = parseAddress(address);
	if (!parsed || contains(loopback, parsed) || forbiddenKind(parsed) || contains(nonPublic, parsed)) return false;
	return parsed.family === 4 || contains(globalUnicast6, parsed);
}

/** What to do about a target on loopback. */
export const loopbackAdvice =
	"for a service of the prober's own machine use the machine's own address, with via: direct";

/** Throws TargetDownError (`forbidden` or `wrong_network`) with a sentence unless the address may be dialled under this rule. */
export function checkAddress(address: string, rule: AddressRule): void {
	const parsed = parseAddress(address);
	if (!parsed) throw forbidden(`"${address.slice(0, 60)}" is not an address in canonical form`);
	if (contains(loopback, parsed)) {
		if (!rule.allowLoopback)
			throw forbidden(`${parsed.address} is a loopback address, and such are never dialled: ${loopbackAdvice}`);
	} else {
		const kind = rule.allowMagicDns && contains(magicDns, parsed) ? undefined : forbiddenKind(parsed);
		if (kind) throw forbidden(`${parsed.address} is ${kind}: such are never dialled`);
	}
	if (rule.via === 'tailnet' && !contains(listOf(rule.prefixes), parsed)) {
		throw new TargetDownError(
			'wrong_network',
			`${parsed.address} is outside the tailnet (${rule.prefixes.join(', ') || 'no prefixes configured'})`,
		);
	}
	if (rule.only && !contains(listOf(rule.only), parsed)) {
		throw forbidden(
			`${parsed.address} is outside what may be probed ad hoc (adhoc.allow: ${rule.only.join(', ') || 'nothing'})`,
		);
	}
	if (rule.publicOnly && !isPublic(parsed.address)) {
		throw forbidden(
			`${parsed.address} is a private address, and a public one led there: such redirects are not followed`,
		);
	}
}

// One list per family: a BlockList holds IPv4 addresses to be members of ::ffff:0:0/96, and the reverse.
interface PrefixList {
	v4: BlockList;
	v6: BlockList;
}

const magicDns = prefixList(['100.100.100.100/32', 'fd7a:115c:a1e0::53/128']);

/** What is never dialled, with the words for it. Loopback stands apart because the lab may allow it. */
const alwaysForbidden: readonly {kind: string; list: PrefixList}[] = [
	{
		kind: "a cloud's metadata address",
		list: prefixList([
			'169.254.169.254/32',
			// Whole blocks: each cloud keeps its services in one.
			'fd00:ec2::/32',
			'fd00:c1::/32',
			'fd00:42::/32',
			'fd20:ce::254/128',
			'100.100.100.200/32',
			'168.63.129.16/32',
			'192.0.0.192/32',
		]),
	},
	{kind: "tailscaled's own service address", list: magicDns},
	{kind: 'an unspecified address', list: prefixList(['0.0.0.0/8', '::/128'])},
	{kind: 'a link-local address', list: prefixList(['169.254.0.0/16', 'fe80::/10', 'fec0::/10'])},
	{kind: 'a multicast address', list: prefixList(['224.0.0.0/4', 'ff00::/8'])},
	{kind: 'a reserved or broadcast address', list: prefixList(['240.0.0.0/4'])},
	{
		// These can stand for any IPv4 address, forbidden ones included.
		kind: 'an IPv6 address that embeds an IPv4 one',
		list: prefixList([
			'::/96',
			'::ffff:0:0/96',
			'::ffff:0:0:0/96',
			'64:ff9b::/96',
			'64:ff9b:1::/48',
			'2002::/16',
			'2001::/32',
			// 4via6 of the tailnet.
			'fd7a:115c:a1e0:b1a::/64',
		]),
	},
];

const loopback = prefixList(['127.0.0.0/8', '::1/128']);
const globalUnicast6 = prefixList(['2000::/3']);
const nonPublic = prefixList([
	'10.0.0.0/8',
	'100.64.0.0/10',
	'172.16.0.0/12',
	'192.0.0.0/24',
	'192.0.2.0/24',
	'192.88.99.0/24',
	'192.168.0.0/16',
	'198.18.0.0/15',
	'198.51.100.0/24',
	'203.0.113.0/24',
	'2001::/23',
	'2001:db8::/32',
	'3fff::/20',
]);

function forbiddenKind(parsed: ParsedAddress): string | undefined {
	return alwaysForbidden.find(({list}) => contains(list, parsed))?.kind;
}

function contains(list: PrefixList, {address, family}: ParsedAddress): boolean {
	return family === 4 ? list.v4.check(address, 'ipv4') : list.v6.check(address, 'ipv6');
}

const lists = new Map<string, PrefixList>();

// A probe must not pay for building its prefixes: the few lists of a configuration are kept.
function listOf(prefixes: readonly string[]): PrefixList {
	const key = prefixes.join();
	let list = lists.get(key);
	if (!list) {
		if (lists.size >= 100) lists.clear();
		list = prefixList(prefixes);
		lists.set(key, list);
	}
	return list;
}

function prefixList(prefixes: readonly string[]): PrefixList {
	const list = {v4: new BlockList(), v6: new BlockList()};
	for (const prefix of prefixes) {
		const parsed = parsePrefix(prefix);
		if (!parsed) throw new TypeError(`"${prefix}" is not an address prefix`);
		if (parsed.family === 4) list.v4.addSubnet(parsed.address, parsed.bits, 'ipv4');
		else list.v6.addSubnet(parsed.address, parsed.bits, 'ipv6');
	}
	return list;
}

function forbidden(message: string): TargetDownError {
	return new TargetDownError('forbidden', message);
}
