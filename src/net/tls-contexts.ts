/** Secure contexts, kept: making one parses all root certificates and takes longer than a whole probe. */

import {readFile, stat} from 'node:fs/promises';
import {createSecureContext, DEFAULT_CIPHERS, type SecureContext} from 'node:tls';
import {CannotLookError, messageOf} from '../util/errors.ts';

/**
 * The context that trusts the certificates of `caFile`, or without one those that Node.js ships. The file is read again when it
 * changed. Throws CannotLookError (`vantage`) when the file cannot be read or holds no certificate.
 */
export async function secureContextFor(caFile: string | undefined): Promise<SecureContext> {
	if (caFile === undefined) {
		builtIn ??= createSecureContext({ciphers});
		return builtIn;
	}
	try {
		const {mtimeMs, size, ino} = await stat(caFile);
		const version = `${mtimeMs} ${size} ${ino}`;
		let known = byFile.get(caFile);
		if (known?.version !== version) {
			// The promise is kept, so that checks which start together read the file once.
			known = {version, context: readContext(caFile, size)};
			if (byFile.size >= maxFiles) byFile.clear();
			byFile.set(caFile, known);
		}
		return await known.context;
	} catch (error) {
		byFile.delete(caFile);
		throw new CannotLookError('vantage', `could not use the CA file ${caFile}: ${messageOf(error)}`);
	}
}

/** Without finite-field Diffie-Hellman: a server chooses the group, and a large one holds the thread for most of a second. */
const ciphers = `${DEFAULT_CIPHERS}:!DHE`;
let builtIn: SecureContext | undefined;
const byFile = new Map<string, {version: string; context: Promise<SecureContext>}>();
const maxFiles = 100;
const maxFileBytes = 4 * 1024 * 1024;

async function readContext(caFile: string, size: number): Promise<SecureContext> {
	if (size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
	const ca = await readFile(caFile, 'latin1');
	// createSecureContext takes a text without any certificate silently, and would then trust nobody.
	if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it holds no PEM certificate');
	return createSecureContext({ca, ciphers});
}
