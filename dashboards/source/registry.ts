/** Every dashboard, in the order of the links between them. */

import type {Dashboard} from '@grafana/grafana-foundation-sdk/dashboard';
import {gpu} from './gpu.ts';
import {itself} from './itself.ts';
import {lintExclusions} from './lint-exclusions.ts';
import {overview} from './overview.ts';
import {services} from './services.ts';
import {tunnels} from './tunnels.ts';

export const dashboards: readonly Dashboard[] = [overview, tunnels, gpu, services, itself];

/** What dashboards/ holds, by path from the root of the repository: a file for each dashboard, and what Grafana's linter must know. */
export function dashboardFiles(): Record<string, string> {
	return {
		...Object.fromEntries(
			dashboards.map(each => [`dashboards/${each.uid}.json`, `${JSON.stringify(each, null, '\t')}\n`]),
		),
		'dashboards/.lint': lintExclusions(dashboards),
	};
}
