/** Bearer tokens: read from their files again when those change, compared in constant time. */

import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';
import {howToBring} from '../../config/secrets.ts';
import type {BearerToken} from '../../config/types.ts';
import {noSuchFile, readTextNow} from '../../util/changing-file.ts';
import {messageOf, UserError} from '../../util/errors.ts';

export interface Tokens {
	/** The name of the token, or undefined when it is none of these. */
	nameOf(token: string, configured: readonly BearerToken[]): string | undefined;
	/** What stands in the way of each one that opens nothing at present. */
	problems(configured: readonly BearerToken[]): string[];
}

const maxTokenBytes = 4096;
/** A shorter one could be guessed; `openssl rand -hex 32` makes a good one. */
const minTokenCharacters = 16;

export function createTokens(): Tokens {
	const secret = randomBytes(32);

	return {
		nameOf(token, configured) {
			const presented = digest(token);
			let found: string | undefined;
			// All are compared, whichever it is.
			for (const {name, secret: reference} of configured) {
				const wanted = readOrNothing(reference);
				const same = wanted !== undefined && timingSafeEqual(presented, digest(wanted));
				if (same) found ??= name;
			}
			return found;
		},
		problems: configured =>
			configured.flatMap(({name, secret: reference}) => {
				try {
					read(reference);
					return [];
				} catch (error) {
					const why = messageOf(error);
					return [`The bearer token ${name} opens nothing: ${why}${why.includes(noSuchFile) ? ` ${howToBring}` : ''}`];
				}
			}),
	};

	function readOrNothing(reference: BearerToken['secret']): string | undefined {
		try {
			return read(reference);
		} catch (error) {
			if (error instanceof UserError) return undefined;
			throw error;
		}
	}

	function read(reference: BearerToken['secret']): string {
		const place = 'file' in reference ? reference.file : `the environment variable ${reference.env}`;
		const token = (
			'file' in reference ? readTextNow(reference.file, maxTokenBytes) : (process.env[reference.env] ?? '')
		).trim();
		if (token.length < minTokenCharacters || !/^[!-~]+$/.test(token))
			throw new UserError(
				`what is in ${place} is no token: expected at least ${minTokenCharacters} characters of ASCII without blanks.`,
				78,
			);
		return token;
	}

	function digest(text: string): Buffer {
		return createHmac('sha256', secret).update(text).digest();
	}
}
