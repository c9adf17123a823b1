/** headscale as the daemon holds it: a reload may put another one in its place, or none. */

import type {Config} from './config/types.ts';
import {type HeadscaleSource, type HeadscaleSourceOptions, startHeadscale} from './headscale/source.ts';
import {listsNodes} from './planner.ts';

export interface HeadscaleSide {
	/** undefined: none is configured. */
	current(): HeadscaleSource | undefined;
	/** Takes what a reload brought, and resolves when one that is not wanted any more has ended. What did not change goes on. */
	configure(config: Config): Promise<void>;
	stop(): Promise<void>;
}

/** Starts reading the one that is configured. Throws a UserError when its configuration cannot be used. */
export function startHeadscaleSide(
	{headscale: initial}: Config,
	options: Omit<HeadscaleSourceOptions, 'continuing'>,
): HeadscaleSide {
	let configured = initial;
	let current = startHeadscale(initial, options);

	return {
		current: () => current,
		async configure(config) {
			const before = configured;
			configured = config.headscale;
			if (JSON.stringify(before) === JSON.stringify(configured)) return;
			const old = current;
			const isSame = before?.url === configured?.url && listsNodes(config);
			current = startHeadscale(configured, {...options, ...(old && isSame ? {continuing: old.state()} : {})});
			await old?.stop();
		},
		async stop() {
			await current?.stop();
		},
	};
}
