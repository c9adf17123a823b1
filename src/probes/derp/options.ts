/** The options of the derp probe. */

import type * as zod from 'zod';
import {type FamilyOptions, familyOptions} from '../shared/resolve-phase.ts';
import {type TlsOptions, tlsConfig} from '../shared/tls-options.ts';
import type {Zod} from '../types.ts';

export interface DerpOptions extends FamilyOptions {
	/** Where relay connections begin. */
	path: string;
	/** Where clients measure latency. */
	probe_path: string;
	tls_config: TlsOptions;
}

export function derpOptions(z: Zod): zod.ZodType<DerpOptions> {
	const path = z.string().regex(/^\/[A-Za-z0-9_.~/-]{0,200}$/, 'expected a path such as /derp');
	return z.strictObject({
		path: path.default('/derp').describe('Path of relay connections.'),
		probe_path: path.default('/derp/probe').describe('Path that clients measure latency with.'),
		...familyOptions(z),
		tls_config: tlsConfig(z),
	});
}
