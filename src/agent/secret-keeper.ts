/** The secret that daemon and agent share, as it is now, and for a while as it was: so that it can be rotated on either side first. */

import {readSecret} from '../config/secrets.ts';
import type {SecretReference} from '../config/types.ts';
import type {Clock} from '../util/clock.ts';
import {UserError} from '../util/errors.ts';

export interface SecretKeeper {
	/** The present one first. Empty: none can be had, and `problem` says why. */
	accepted(): readonly string[];
	/** A sentence, without the secret, while it cannot be read. */
	problem(): string | undefined;
}

/** Whoever answers at the port can try out short ones at leisure. */
const minCharacters = 16;
/** By default the secret before a rotation is accepted for so long. */
export const secretGraceMs = 15 * 60_000;

/** Looks at its place each time. One that cannot be read any more is accepted for the grace, as one that was replaced. */
export function keepSecret(
	reference: SecretReference,
	{clock, graceMs = secretGraceMs}: {clock: Pick<Clock, 'now'>; graceMs?: number},
): SecretKeeper {
	let current: string | undefined;
	/** Until when, by the secret, the latest first. */
	let former: {secret: string; until: number}[] = [];
	let fault: string | undefined;

	return {
		accepted() {
			look();
			const now = clock.now();
			former = former.filter(({until}) => until > now);
			return [...(current === undefined ? [] : [current]), ...former.map(({secret}) => secret)];
		},
		problem() {
			look();
			return fault;
		},
	};

	function look(): void {
		let found: string | undefined;
		try {
			found = readSecret(reference);
			if (found.length < minCharacters) {
				const place = 'file' in reference ? reference.file : reference.env;
				throw new UserError(
					`The secret in ${place} is shorter than ${minCharacters} characters: make one with \`openssl rand -base64 32\`.`,
					78,
				);
			}
			fault = undefined;
		} catch (error) {
			if (!(error instanceof UserError)) throw error;
			found = undefined;
			fault = error.message;
		}
		if (found === current) return;
		former = former.filter(({secret}) => secret !== found);
		if (current !== undefined)
			former = [{secret: current, until: clock.now() + graceMs}, ...former].slice(0, maxFormer);
		current = found;
	}
}

const maxFormer = 2;
