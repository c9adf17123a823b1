/** The directories of the lab: one per user, where a running lab is found, and a private one per lab. */

import {lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {UserError} from '../util/errors.ts';

/** The one directory where this user's lab is found. */
export function labDirectory(): string {
	return join(tmpdir(), `tailprobe-lab-${process.getuid?.() ?? 'user'}`);
}

export function controlPathIn(directory: string): string {
	return join(directory, 'control.sock');
}

/** Makes the directory, or takes the one that is there when nobody else can have a hand in it; throws a UserError otherwise. */
export function claimDirectory(directory: string): void {
	try {
		mkdirSync(directory, {mode: 0o700});
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
			throw new UserError(`The lab cannot make its directory ${directory}: ${(error as Error).message}.`, 73);
	}
	const mistake = judgeDirectory(directory);
	if (mistake)
		throw new UserError(
			`The lab does not use ${directory}: ${mistake}. Remove it, or set TMPDIR to a directory of your own.`,
			73,
		);
}

/** Whether nobody but this user can have put anything there. */
export function isOwnDirectory(directory: string): boolean {
	try {
		return judgeDirectory(directory) === undefined;
	} catch {
		return false;
	}
}

/** A new private directory for one lab. */
export function makePrivateDirectory(parent: string, name: string): string {
	return mkdtempSync(join(parent, `${name}-`));
}

/** Removes what a lab left that was killed. Only when no lab runs. */
export function removeRemains(directory: string): void {
	for (const name of readdirSync(directory)) {
		if (name.startsWith('run-') || name === 'control.sock')
			rmSync(join(directory, name), {recursive: true, force: true});
	}
}

function judgeDirectory(directory: string): string | undefined {
	const found = lstatSync(directory);
	if (!found.isDirectory()) return 'it is no directory';
	if (found.uid !== process.getuid?.()) return `it belongs to another user (${found.uid})`;
	if ((found.mode & 0o077) !== 0) return 'other users may enter it';
	return undefined;
}
