/** The configuration in force: another takes its place as a whole or not at all, and how the last try went is remembered. */

import type {Clock} from '../util/clock.ts';
import type {Logger} from '../util/log.ts';
import {fixedKeys} from './fixed-keys.ts';
import type {Loaded} from './load.ts';
import type {ReloadResult} from './reloader.ts';
import type {BearerToken, Config} from './types.ts';

export interface InForceOptions {
	initial: Config;
	/** What the command line decided, so that the file does not matter there. */
	given: {listen: boolean; webConfig: boolean};
	/** Sentences about tokens that cannot be had now. */
	tokenProblems(tokens: readonly BearerToken[]): readonly string[];
	/** A new one is in force: every part takes what is its own. */
	onNew(config: Config): Promise<void>;
	clock: Pick<Clock, 'wall'>;
	log: Pick<Logger, 'error'>;
}

export interface InForce {
	config(): Config;
	/** How the last reload went, and when one succeeded last: milliseconds since 1970. The start counts as one. */
	lastReload(): {ok: boolean; succeededAt: number};
	/** Why the last reload was refused; nothing where it was not. */
	mistakes(): readonly string[];
	/** Puts what was read in force, or refuses it with everything that speaks against it. */
	apply(loaded: Loaded): Promise<ReloadResult>;
}

/** Begins with the configuration that was read at the start. */
export function createInForce({initial, given, tokenProblems, onNew, clock, log}: InForceOptions): InForce {
	let config = initial;
	let lastReload = {ok: true, succeededAt: clock.wall()};
	let reloadMistakes: readonly string[] = [];

	return {
		config: () => config,
		lastReload: () => lastReload,
		mistakes: () => reloadMistakes,
		async apply(loaded) {
			const mistakes = loaded.ok
				? [...fixedKeys(config, loaded.config, given), ...tokenProblems(loaded.config.web.bearerTokens)]
				: loaded.mistakes;
			if (!loaded.ok || mistakes.length > 0) {
				lastReload = {...lastReload, ok: false};
				reloadMistakes = mistakes;
				log.error({mistakes}, 'the configuration was not reloaded; the old one stays in force');
				return {ok: false, mistakes};
			}
			config = loaded.config;
			reloadMistakes = [];
			lastReload = {ok: true, succeededAt: clock.wall()};
			await onNew(config);
			return {ok: true};
		},
	};
}
