/** Judging a server's certificate without the one call of Node.js that hostile chains crash. */

import type {X509Certificate} from 'node:crypto';
import {isIP} from 'node:net';
import type {TLSSocket} from 'node:tls';

/**
 * Call it before the handshake ends, and check the name afterwards with `isForName`; whether the chain is trusted is still told by
 * `authorized`. After the handshake Node.js would take the chain apart with getPeerCertificate(true), which ends the whole process
 * (SIGSEGV, seen with 24.21 and 26.10) when a server presents an issuer with a secp256k1 key. For resumed sessions it does not, and
 * leaves the name to us.
 */
export function keepChainWhole(socket: TLSSocket): void {
	socket.isSessionReused = () => true;
}

/** Whether the certificate is for that host name or address. */
export function isForName(leaf: X509Certificate, name: string): boolean {
	return (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined;
}
