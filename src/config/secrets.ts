/** Secrets are read each time they are needed, so that a rotated one is used at the next request. */

import {readFileSync, statSync} from 'node:fs';
import {messageOf, UserError} from '../util/errors.ts';
import type {SecretReference} from './types.ts';

const maxSecretBytes = 16 * 1024;

/** The secret without surrounding blanks. Throws a UserError that names the place, never the content. */
export function readSecret(reference: SecretReference): string {
	const place = 'file' in reference ? `the file ${reference.file}` : `the environment variable ${reference.env}`;
	let text: string | undefined;
	try {
		text = 'file' in reference ? readSmallFile(reference.file) : process.env[reference.env];
	} catch (error) {
		throw new UserError(`The secret in ${place} cannot be read: ${messageOf(error)}.`, 78);
	}
	const secret = text?.trim() ?? '';
	if (secret === '') throw new UserError(`The secret in ${place} is empty.`, 78);
	if (secret.length > maxSecretBytes || /[\u0000-\u001f\u007f]/.test(secret))
		throw new UserError(`What is in ${place} is no secret: expected one line of at most 16 KiB.`, 78);
	return secret;
}

/** A pipe would hold this thread for ever, and a huge file its memory. */
function readSmallFile(path: string): string {
	const found = statSync(path);
	if (!found.isFile()) throw new Error('it is no file');
	if (found.size > 2 * maxSecretBytes) throw new Error(`it is larger than ${maxSecretBytes} bytes`);
	return readFileSync(path, 'utf8');
}
