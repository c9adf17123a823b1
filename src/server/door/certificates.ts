/** Our own certificate, its key and the authority for clients, read again when their files change. */

import {constants, X509Certificate} from 'node:crypto';
import {createSecureContext, type SecureContextOptions} from 'node:tls';
import type {Pem, WebTls} from '../../config/web-config.ts';
import {readTextNow} from '../../util/changing-file.ts';
import {messageOf, UserError} from '../../util/errors.ts';
import type {Log} from '../routes/types.ts';

export interface Certificates {
	/**
	 * Looks at the files and answers what a listener needs. Files that cannot be used leave what was in force before, and are a
	 * `problem`; the first time they are a UserError instead, without any content.
	 */
	look(tls: WebTls): {options: SecureContextOptions; changed: boolean; problem?: string};
	/** Looks, where none is in force yet: whether there is one now. Tells the log once why there is none. */
	areThere(tls: WebTls): boolean;
	/** Whether some look found files that can be used. */
	areInForce(): boolean;
	/** What is wrong with files that are all there, while none is in force; undefined also where some are missing, which may come. */
	mistake(): string | undefined;
	/** Called with the new options whenever a look finds some. */
	onChange(call: (options: SecureContextOptions) => void): void;
	/** What is wrong with the files since the last look. */
	problem(): string | undefined;
}

const maxPemBytes = 1024 * 1024;

export function createCertificates(log: Log): Certificates {
	const listeners: ((options: SecureContextOptions) => void)[] = [];
	let inForce: SecureContextOptions | undefined;
	/** What was found last, and what is wrong with it. */
	let seen: {mark: string; problem: string | undefined; isMissing: boolean} | undefined;

	return {
		look,
		areThere(tls) {
			if (inForce) return true;
			const before = seen?.problem;
			try {
				look(tls);
			} catch (error) {
				if (!(error instanceof UserError)) throw error;
				if (error.message !== before) log('the certificates cannot be used, nobody is let in', {error: error.message});
				return false;
			}
			if (before !== undefined) log('the certificates are there now', {}, 'info');
			return true;
		},
		areInForce: () => inForce !== undefined,
		mistake: () => (inForce || seen?.isMissing ? undefined : seen?.problem),
		onChange: call => void listeners.push(call),
		problem: () => seen?.problem,
	};

	function look(tls: WebTls): ReturnType<Certificates['look']> {
		const found = read(tls);
		const mark = 'problem' in found ? found.problem : JSON.stringify(found);
		let changed = false;
		if (seen?.mark !== mark) {
			const tried = 'problem' in found ? found : tryOut(found);
			const problem = 'problem' in tried ? tried.problem : undefined;
			seen = {mark, problem, isMissing: 'problem' in found};
			if ('problem' in tried) {
				if (inForce) log('the certificates cannot be used, older ones stay in force', {error: tried.problem});
			} else {
				changed = inForce !== undefined;
				inForce = tried;
				if (changed) log('the certificates were read again', {}, 'info');
				if (changed) for (const call of listeners) call(tried);
			}
		}
		if (!inForce) throw new UserError(seen.problem ?? 'There is no certificate.', 78);
		return {options: inForce, changed, ...(seen.problem === undefined ? {} : {problem: seen.problem})};
	}

	function read(tls: WebTls): SecureContextOptions | {problem: string} {
		try {
			return {
				cert: textOf(tls.certificate),
				key: textOf(tls.key),
				...(tls.clientCa === undefined ? {} : {ca: textOf(tls.clientCa)}),
				minVersion: tls.minVersion,
				maxVersion: tls.maxVersion,
				...(tls.ciphers === undefined ? {} : {ciphers: tls.ciphers}),
				...(tls.curves === undefined ? {} : {ecdhCurve: tls.curves}),
				honorCipherOrder: tls.preferOwnCiphers,
				// A resumed session would go on with a certificate that is no longer trusted.
				secureOptions: constants.SSL_OP_NO_TICKET,
			};
		} catch (error) {
			return {problem: messageOf(error)};
		}
	}
}

function textOf(pem: Pem): string {
	return 'text' in pem ? pem.text : readTextNow(pem.file, maxPemBytes);
}

function tryOut(options: SecureContextOptions): SecureContextOptions | {problem: string} {
	try {
		if (options.ca !== undefined) insistOnCertificates(String(options.ca));
		createSecureContext(options);
		return options;
	} catch (error) {
		return {problem: `The certificates of tls_server_config cannot be used: ${messageOf(error)}.`};
	}
}

/** OpenSSL takes a text without any certificate for an authority that trusts nobody, and says nothing. */
function insistOnCertificates(pem: string): void {
	const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
	if (blocks.length === 0) throw new Error('the authority for clients holds no certificate');
	for (const block of blocks) new X509Certificate(block);
}
