/** Rounds over a shell of this machine, for tests of what each type says. */

import {z} from 'zod';
import type {Check, Reading} from '../../src/engine/types.ts';
import {findProbe} from '../../src/probes/registry.ts';
import {type Found, runShellRound} from '../../src/shell/round.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {type LocalShell, localShell, shellCheck} from './local-shell.ts';
import {testPlace} from './probing.ts';

const {timeoutMs: _timeout, ...place} = testPlace;

/** Where it looks from. */
export const somewhere = place;

/** One round over there; loopback is allowed. */
export async function look(
	checks: readonly Check[],
	transport: LocalShell = localShell(),
	more: Partial<typeof place> = {},
	peers: ReadonlyMap<string, {addresses: string[]}> = new Map(),
): Promise<Map<string, Found>> {
	const {found} = await runShellRound(checks, {
		transport,
		place: {...place, ...more},
		peers,
		lanes: 4,
		deadlineMs: 8000,
		signal: new AbortController().signal,
		onBug: text => {
			throw new Error(text);
		},
	});
	return found;
}

/** A check with options as a user writes them. */
export function check(
	type: string,
	address: string,
	options: Record<string, unknown> = {},
	more: Partial<Check> = {},
): Check {
	return shellCheck(type, address, findProbe(type)?.options(z).parse(options), more);
}

/** The verdict as a word: `up`, or the reason. */
export function wordOf(result: Reading | Error | undefined): string {
	if (result === undefined) return 'nothing';
	if (result instanceof TargetDownError || result instanceof CannotLookError) return result.reason;
	if (result instanceof Error) return `${result.name}: ${result.message}`;
	return result.ok ? 'up' : (result.reason ?? 'down');
}
