/** Which versions of the client the tailnet's nodes run, how far they are apart, and which are too old for headscale. */

import type {MetricDef, Sample} from '../metrics/types.ts';
import {minimumClient} from '../tailscaled/client-versions.ts';
import type {ClientVersion} from '../tailscaled/types.ts';
import type {Collector} from './types.ts';

export interface ClientReadings {
	/** One for each node, undefined where its version is not known; undefined while nothing can be told. */
	versions: readonly (ClientVersion | undefined)[] | undefined;
	/** Version of headscale, where it tells one. */
	headscaleVersion: string | undefined;
}

export const clientMetrics = {
	versions: {
		name: 'tailprobe_tailnet_client_versions',
		type: 'gauge',
		help: 'Nodes by version of their client, as the own tailscaled knows them; `unknown` where it does not, `other` beyond the twenty commonest.',
		labels: ['version'],
	},
	skew: {
		name: 'tailprobe_tailnet_client_version_skew',
		type: 'gauge',
		help: 'Minor versions between the oldest and the newest client; absent while major versions differ. Releases have even minor numbers: a skew of 2 is one release.',
		labels: [],
	},
	minimum: {
		name: 'tailprobe_tailnet_client_minimum_info',
		type: 'gauge',
		help: 'The oldest client that this version of headscale accepts; absent where headscale (before 0.27) does not tell its version.',
		labels: ['version'],
	},
	belowMinimum: {
		name: 'tailprobe_tailnet_clients_below_minimum',
		type: 'gauge',
		help: 'Nodes whose client is older than headscale accepts: headscale answers them with 400, so they cannot come back once they disconnect.',
		labels: [],
	},
} as const satisfies Record<string, MetricDef>;

const labelsAtMost = 20;

export const clientCollector: Collector<ClientReadings> = {
	name: 'clients',
	metrics: Object.values(clientMetrics),
	collect({versions, headscaleVersion}) {
		const minimum = minimumClient(headscaleVersion);
		const known = (versions ?? []).filter(version => version !== undefined);
		return [
			...(versions === undefined ? [] : countVersions(versions)),
			...describeSkew(known),
			...(minimum === undefined ? [] : [sample(clientMetrics.minimum, 1, {version: minimum.slice(0, 2).join('.')})]),
			...(minimum === undefined || known.length === 0
				? []
				: [sample(clientMetrics.belowMinimum, known.filter(version => compare(version, minimum) < 0).length)]),
		];
	},
};

function countVersions(versions: readonly (ClientVersion | undefined)[]): Sample[] {
	const counts = new Map<string, number>();
	for (const version of versions) {
		const name = version?.join('.') ?? 'unknown';
		counts.set(name, (counts.get(name) ?? 0) + 1);
	}
	const ranked = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
	const rest = ranked.slice(labelsAtMost).reduce((sum, [, count]) => sum + count, 0);
	const shown = ranked.slice(0, labelsAtMost);
	if (rest > 0) shown.push(['other', rest]);
	return shown.map(([version, count]) => sample(clientMetrics.versions, count, {version}));
}

function describeSkew(known: readonly ClientVersion[]): Sample[] {
	const [first] = known;
	if (!first || known.some(([major]) => major !== first[0])) return [];
	const minors = known.map(([, minor]) => minor);
	return [
		sample(clientMetrics.skew, minors.reduce((a, b) => Math.max(a, b)) - minors.reduce((a, b) => Math.min(a, b))),
	];
}

function compare(a: ClientVersion, b: ClientVersion): number {
	return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function sample({name}: MetricDef, value: number, labels: Record<string, string> = {}): Sample {
	return {name, labels, value};
}
