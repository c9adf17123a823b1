/** What a reload cannot change: a file that asks for it is refused as a whole, because "all or nothing" would otherwise be untrue. */

import type {Config} from './types.ts';

/** Sentences about what only a restart can change. `given` says what the command line decided, so that the file does not matter there. */
export function fixedKeys(before: Config, after: Config, given: {listen: boolean; webConfig: boolean}): string[] {
	const moved = before.web.host !== after.web.host || before.web.port !== after.web.port;
	return [
		...(moved && !given.listen ? ['web.listen changed; restart tailprobe to listen elsewhere'] : []),
		...(before.web.configFile === after.web.configFile || given.webConfig
			? []
			: ['web.config_file changed; restart tailprobe to use another web configuration']),
		...(before.web.bearerTokens.length > 0 && after.web.bearerTokens.length === 0
			? ['there are no web.bearer_tokens any more; restart tailprobe to ask for none']
			: []),
		...(before.checks.length > 0 && after.checks.length === 0
			? ['there are no checks any more, as in a file that is just being written; restart tailprobe to run without any']
			: []),
		...(before.log.format === after.log.format
			? []
			: ['log.format changed; restart tailprobe to log in another format']),
	];
}
