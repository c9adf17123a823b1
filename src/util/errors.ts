/** Errors that carry a sentence for a person. Everything else that is thrown is a bug of ours. */

import type {DownReason, UnknownReason} from '../engine/types.ts';

/** We could not look: the run becomes `unknown` with this reason. `message` says what was tried, what came and what to do. */
export class CannotLookError extends Error {
	override name = 'CannotLookError';
	readonly reason: UnknownReason;

	constructor(reason: UnknownReason, message: string) {
		super(message);
		this.reason = reason;
	}
}

/** The target failed the probe: the run becomes `down` with this reason. */
export class TargetDownError extends Error {
	override name = 'TargetDownError';
	readonly reason: DownReason;

	constructor(reason: DownReason, message: string) {
		super(message);
		this.reason = reason;
	}
}

/** The user must change something (configuration, arguments). `main.ts` prints it as it is and ends with `exitCode`. */
export class UserError extends Error {
	override name = 'UserError';
	readonly exitCode: number;

	constructor(message: string, exitCode: number) {
		super(message);
		this.exitCode = exitCode;
	}
}

/** The message of anything that was thrown, on one line and of bounded length. */
export function messageOf(error: unknown): string {
	const text = error instanceof Error ? error.message || error.name : String(error);
	return oneLine(text, 300);
}

/** Text from outside made safe for a log line or a page: no control characters, nothing that cannot be seen or turns text round, bounded. */
export function oneLine(text: string, maxLength: number): string {
	const clean = text
		.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
		.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
		.trim();
	return clean.length <= maxLength ? clean : `${clean.slice(0, maxLength - 1)}…`;
}
