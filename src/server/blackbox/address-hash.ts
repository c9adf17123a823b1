/** The hash of an address, as blackbox_exporter computes it. */

import {isIPv4, isIPv6} from 'node:net';

/** FNV-1a (32 bits) of the address's 4 or 16 bytes, as blackbox_exporter computes it; 0 without an address. */
export function hashAddress(address: string | undefined): number {
	const bytes = bytesOf(address ?? '');
	if (bytes.length === 0) return 0;
	let hash = 0x811c9dc5;
	for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash >>> 0;
}

function bytesOf(address: string): number[] {
	if (isIPv4(address)) return address.split('.').map(Number);
	if (!isIPv6(address)) return [];
	// The URL parser writes every IPv6 address in hexadecimal groups with at most one gap.
	const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
	const [head = '', tail] = canonical.split('::');
	const groups = (text: string | undefined) => (text ? text.split(':') : []);
	const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
	return [...groups(head), ...Array(gap).fill('0'), ...groups(tail)].flatMap(group => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 0xff];
	});
}
