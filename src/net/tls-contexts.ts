/** Secure contexts, kept: making one parses all root certificates and takes longer than a whole probe. */

import {createSecureContext, DEFAULT_CIPHERS, type SecureContext, type SecureVersion} from 'node:tls';
import {readChanging} from '../util/changing-file.ts';
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
 * holds nothing of use, or when its disk does not answer early in the `runMs` that the whole run has.
 */
export async function secureContextFor(files: ContextFiles, runMs?: number): Promise<SecureContext> {
	const {caFile, certFile, keyFile, minVersion, maxVersion} = files;
	const id = [caFile, certFile, keyFile, minVersion, maxVersion].join('\n');
	if (id === '\n\n\n\n') {
		builtIn ??= createSecureContext({ciphers});
		return builtIn;
	}
	const [ca, cert, key] = await Promise.all([
		readPem(caFile, runMs),
		readPem(certFile, runMs),
		readPem(keyFile, runMs),
	]);
	const known = contexts.get(id);
	if (known && isSame(known.ca, ca) && isSame(known.cert, cert) && isSame(known.key, key)) return known.context;
	const context = makeContext(files, {ca, cert, key});
	if (contexts.size >= maxContexts) contexts.clear();
	contexts.set(id, {context, ca, cert, key});
	return context;
}

/** Without finite-field Diffie-Hellman: a server chooses the group, and a large one holds the thread for most of a second. */
const ciphers = `${DEFAULT_CIPHERS}:!DHE`;
let builtIn: SecureContext | undefined;
const contexts = new Map<string, Pems & {context: SecureContext}>();
const maxContexts = 100;
const maxFileBytes = 4 * 1024 * 1024;

interface Pems {
	ca: Buffer | undefined;
	cert: Buffer | undefined;
	key: Buffer | undefined;
}

async function readPem(file: string | undefined, runMs: number | undefined): Promise<Buffer | undefined> {
	if (file === undefined) return undefined;
	try {
		return await readChanging(file, maxFileBytes, runMs);
	} catch (error) {
		throw unusable(file, error);
	}
}

/** An unchanged file is the same object, unless so many are read that it was forgotten. */
function isSame(before: Buffer | undefined, now: Buffer | undefined): boolean {
	return before === now || (before !== undefined && now !== undefined && before.equals(now));
}

function makeContext(files: ContextFiles, {ca, cert, key}: Pems): SecureContext {
	const {caFile, certFile, keyFile, minVersion, maxVersion} = files;
	insistOn('CERTIFICATE', caFile, ca);
	insistOn('CERTIFICATE', certFile, cert);
	insistOn('PRIVATE KEY', keyFile, key);
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

/** createSecureContext takes a text without any certificate silently, and would then trust nobody. */
function insistOn(what: 'CERTIFICATE' | 'PRIVATE KEY', file: string | undefined, pem: Buffer | undefined): void {
	if (file === undefined || pem === undefined) return;
	if (new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(pem.toString('latin1'))) return;
	throw unusable(file, new Error(`it holds no PEM ${what === 'CERTIFICATE' ? 'certificate' : 'private key'}`));
}

function unusable(file: string, error: unknown): CannotLookError {
	return new CannotLookError('vantage', `could not use the TLS file ${file}: ${messageOf(error)}`);
}
