/** Secrets are read each time they are needed, so that a rotated one is used at the next request. */

import {noSuchFile, readChangingNow} from '../util/changing-file.ts';
import {messageOf, UserError} from '../util/errors.ts';
import {shownPath} from '../util/shown-path.ts';
import type {SecretReference} from './types.ts';

const maxSecretBytes = 16 * 1024;

/** In a pod files come of Secrets, which may be made later. */
export const howToBring = 'Put it there, or in a pod create the Secret and the key that it is mounted from.';

/** The secret without surrounding blanks. Throws a UserError that names the place, never the content. */
export function readSecret(reference: SecretReference): string {
	const place =
		'file' in reference ? `the file ${shownPath(reference.file)}` : `the environment variable ${reference.env}`;
	let text: string | undefined;
	try {
		text =
			'file' in reference ? readChangingNow(reference.file, maxSecretBytes).toString() : process.env[reference.env];
	} catch (error) {
		const why = messageOf(error);
		throw new UserError(
			`The secret in ${place} cannot be read: ${why}.${why === noSuchFile ? ` ${howToBring}` : ''}`,
			78,
		);
	}
	const secret = text?.trim() ?? '';
	if (secret === '') throw new UserError(`The secret in ${place} is empty.`, 78);
	if (secret.length > maxSecretBytes || /[\u0000-\u001f\u007f]/.test(secret))
		throw new UserError(`What is in ${place} is no secret: expected one line of at most 16 KiB.`, 78);
	return secret;
}
