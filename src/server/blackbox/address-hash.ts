/** The hash of an address, as blackbox_exporter computes it. */

import {bytesOfAddress} from '../../net/address-bytes.ts';

/** FNV-1a (32 bits) of the address's 4 or 16 bytes, as blackbox_exporter computes it; 0 without an address. */
export function hashAddress(address: string | undefined): number {
	const bytes = bytesOfAddress(address ?? '');
	if (bytes.length === 0) return 0;
	let hash = 0x811c9dc5;
	for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash >>> 0;
}
