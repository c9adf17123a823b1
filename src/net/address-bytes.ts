/** The bytes of an address, in the order of the network. */

import {isIPv4, isIPv6} from 'node:net';

/** 4 or 16 bytes; none for what is no address. A zone is left out. */
export function bytesOfAddress(address: string): number[] {
	if (isIPv4(address)) return address.split('.').map(Number);
	if (!isIPv6(address)) return [];
	// The URL parser writes every IPv6 address in hexadecimal groups with at most one gap.
	const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
	const [head = '', tail] = canonical.split('::');
	const groups = (text: string | undefined) => (text ? text.split(':') : []);
	const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
	return [...groups(head), ...Array<string>(gap).fill('0'), ...groups(tail)].flatMap(group => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 0xff];
	});
}
