/** Secure contexts, kept: making one parses all root certificates and takes longer than a whole probe. */

import {readFile, stat} from 'node:fs/promises';
import {createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureVersion} from 'node:tls';
import {CannotLookError, messageOf} from '../util/errors.ts';

/** What a context is made of. */
export interface ContextFiles {
	/** PEM file of the authorities to trust, instead of those that Node.js ships. */
	caFile?: string | undefined;
	/** PEM files of the certificate that we show, with its chain, and of its key; both or none. */
	certFile?: string | undefined;
	keyFile?: string | undefined;
	minVersion?: SecureVersion | undefined;
	maxVersion?: SecureVersion | undefined;
}

/**
 * The context for these files, which are read again when they changed. Throws CannotLookError (`vantage`) when one cannot be read or
 * holds nothing of use.
 */
export async function secureContextFor(files: ContextFiles): Promise<SecureContext> {
	const {caFile, certFile, keyFile, minVersion, maxVersion} = files;
	const id = [caFile, certFile, keyFile, minVersion, maxVersion].join('\n');
	if (id === '\n\n\n\n') {
		builtIn ??= createSecureContext({ciphers});
		return builtIn;
	}
	try {
		const versions = await Promise.all([versionOf(caFile), versionOf(certFile), versionOf(keyFile)]);
		const version = versions.join('\n');
		let known = contexts.get(id);
		if (known?.version !== version) {
			// The promise is kept, so that checks which start together read the files once.
			known = {version, context: readContext(files)};
			if (contexts.size >= maxContexts) contexts.clear();
			contexts.set(id, known);
		}
		return await known.context;
	} catch (error) {
		contexts.delete(id);
		throw error instanceof CannotLookError ? error : new CannotLookError('vantage', `TLS: ${messageOf(error)}`);
	}
}

/** Without finite-field Diffie-Hellman: a server chooses the group, and a large one holds the thread for most of a second. */
const ciphers = `${DEFAULT_CIPHERS}:!DHE`;
let builtIn: SecureContext | undefined;
const contexts = new Map<string, {version: string; context: Promise<SecureContext>}>();
const maxContexts = 100;
const maxFileBytes = 4 * 1024 * 1024;

async function versionOf(file: string | undefined): Promise<string> {
	if (file === undefined) return '';
	try {
		const {mtimeMs, ctimeMs, size, ino} = await stat(file);
		if (size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
		return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
	} catch (error) {
		throw unusable(file, error);
	}
}

async function readContext({caFile, certFile, keyFile, minVersion, maxVersion}: ContextFiles): Promise<SecureContext> {
	const [ca, cert, key] = await Promise.all([
		readPem(caFile, 'CERTIFICATE-----'),
		readPem(certFile, 'CERTIFICATE-----'),
		readPem(keyFile, 'PRIVATE KEY-----'),
	]);
	try {
		return createSecureContext({
			ciphers,
			...(ca === undefined ? {} : {ca}),
			...(cert === undefined || key === undefined ? {} : {cert, key}),
			...(minVersion === undefined ? {} : {minVersion}),
			...(maxVersion === undefined ? {} : {maxVersion}),
		});
	} catch (error) {
		// The message of OpenSSL tells what is wrong with a key, never the key.
		throw unusable([caFile, certFile, keyFile].filter(file => file !== undefined).join(', '), error);
	}
}

async function readPem(file: string | undefined, marker: string): Promise<string | undefined> {
	if (file === undefined) return undefined;
	try {
		const text = await readFile(file, 'latin1');
		// createSecureContext takes a text without any certificate silently, and would then trust nobody.
		if (!new RegExp(`-----BEGIN [A-Z ]*${marker}`).test(text)) {
			throw new Error(marker.startsWith('CERT') ? 'it holds no PEM certificate' : 'it holds no PEM private key');
		}
		return text;
	} catch (error) {
		throw unusable(file, error);
	}
}

function unusable(file: string, error: unknown): CannotLookError {
	return new CannotLookError('vantage', `could not use the TLS file ${file}: ${messageOf(error)}`);
}
