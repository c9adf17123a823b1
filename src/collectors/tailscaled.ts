/** What a vantage's own tailscaled says about itself, its relays and its traffic. What it does not tell is absent. */

import type {Family} from '../headscale/types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import {freshValue, type Read} from '../sources/read.ts';
import type {TailscaledReading} from '../tailscaled/source.ts';
import {
	backendStates,
	type DerpMapSize,
	type HealthWarning,
	type OwnStatus,
	type Part,
	partIntervalsMs,
	severities,
} from '../tailscaled/types.ts';
import type {Collector} from './types.ts';

export const tailscaledMetrics = {
	backendState: {
		name: 'tailprobe_tailscaled_backend_state',
		type: 'gauge',
		help: 'State of the own tailscaled: exactly one of its states is 1. It stays Running while the control server is gone.',
		labels: ['vantage', 'state'],
	},
	online: {
		name: 'tailprobe_tailscaled_self_online',
		type: 'gauge',
		help: '1 while the own map poll with the control server is open, 0 within seconds after its connection ended (two minutes after it merely went silent). Stays 1 when the own key expired.',
		labels: ['vantage'],
	},
	tun: {
		name: 'tailprobe_tailscaled_tun',
		type: 'gauge',
		help: '1 with a tunnel device, 0 in userspace mode, where tailnet addresses are only reached through tailscaled itself.',
		labels: ['vantage'],
	},
	info: {
		name: 'tailprobe_tailscaled_info',
		type: 'gauge',
		help: 'Version and MagicDNS domain of the own tailscaled, region of its home relay, tags of the own node joined by commas, with one at both ends.',
		labels: ['vantage', 'version', 'domain', 'home_relay', 'tags'],
	},
	addresses: {
		name: 'tailprobe_tailscaled_addresses',
		type: 'gauge',
		help: 'Tailnet addresses of the own node; 0 before it signed in.',
		labels: ['vantage'],
	},
	keyExpiry: {
		name: 'tailprobe_tailscaled_key_expiry_timestamp_seconds',
		type: 'gauge',
		help: "When the own node's key expires; absent if never.",
		labels: ['vantage'],
	},
	healthMessages: {
		name: 'tailprobe_tailscaled_health_messages',
		type: 'gauge',
		help: 'Messages in which the own tailscaled says what is wrong. It takes 8 minutes to miss the control server: alert on self_online.',
		labels: ['vantage'],
	},
	healthByCode: {
		name: 'tailprobe_tailscaled_health_by_code',
		type: 'gauge',
		help: '1 while warnings are read by code from the IPN bus, 0 while only the number of messages is known.',
		labels: ['vantage'],
	},
	healthWarning: {
		name: 'tailprobe_tailscaled_health_warning',
		type: 'gauge',
		help: '1 while the own tailscaled warns of this; absent otherwise. Codes that are not known are `other`.',
		labels: ['vantage', 'code'],
	},
	healthSince: {
		name: 'tailprobe_tailscaled_health_warning_since_timestamp_seconds',
		type: 'gauge',
		help: 'Since when the own tailscaled holds what it warns of to be broken; the warning itself comes some time after.',
		labels: ['vantage', 'code'],
	},
	healthWarnings: {
		name: 'tailprobe_tailscaled_health_warnings',
		type: 'gauge',
		help: 'Warnings that stand, by severity (low, medium, high, unknown).',
		labels: ['vantage', 'severity'],
	},
	derpRegions: {
		name: 'tailprobe_tailscaled_derp_map_regions',
		type: 'gauge',
		help: 'Regions of relays that the own tailscaled knows of. 0, or 1 where headscale has more, means that the map could not be fetched.',
		labels: ['vantage'],
	},
	derpNodes: {
		name: 'tailprobe_tailscaled_derp_map_nodes',
		type: 'gauge',
		help: 'Relays in all regions that the own tailscaled knows of.',
		labels: ['vantage'],
	},
	homeDerp: {
		name: 'tailprobe_tailscaled_home_derp_region_id',
		type: 'gauge',
		help: 'Id of the region of the home relay, 0 without one; it stays when that relay cannot be reached.',
		labels: ['vantage'],
	},
	bytes: {
		name: 'tailprobe_tailscaled_bytes_total',
		type: 'counter',
		help: "Bytes from and to peers (direction inbound, outbound) by path (direct, derp, peer_relay, other); the own tailscaled's counters, which begin anew with it.",
		labels: ['vantage', 'direction', 'path'],
	},
	dropped: {
		name: 'tailprobe_tailscaled_dropped_packets_total',
		type: 'counter',
		help: 'Packets from and to peers that the own tailscaled dropped, by reason (acl, error, fragment, link_local_unicast, multicast, too_short, unknown_protocol, other).',
		labels: ['vantage', 'direction', 'reason'],
	},
} as const satisfies Record<string, MetricDef>;

export const tailscaledCollector: Collector<readonly TailscaledReading[]> = {
	name: 'tailscaled',
	metrics: Object.values(tailscaledMetrics),
	collect: (readings, nowMs) =>
		readings.flatMap(({vantage, state}) => {
			const now = <T>(part: Part, read: Read<T>) => currentValue(read, partIntervalsMs[part], nowMs);
			const status = now('status', state.status);
			const health = now('health', state.health);
			const derpMap = now('derpmap', state.derpmap);
			const metrics = now('metrics', state.metrics);
			return [
				...(status === undefined ? [] : describeStatus(vantage, status)),
				...(state.health.triedAt === undefined
					? []
					: [sample(tailscaledMetrics.healthByCode, health === undefined ? 0 : 1, {vantage})]),
				...(health === undefined ? [] : describeHealth(vantage, health)),
				...(derpMap === undefined ? [] : describeDerpMap(vantage, derpMap)),
				...(metrics === undefined ? [] : translate(vantage, metrics.families)),
			];
		}),
};

/** A failed read is told at once: the state before it says nothing about now. */
function currentValue<T>(read: Read<T>, intervalMs: number, nowMs: number): T | undefined {
	return read.error === undefined ? freshValue(read, intervalMs, nowMs) : undefined;
}

function describeStatus(vantage: string, status: OwnStatus): Sample[] {
	const {backendState, online, keyExpiryMs, tags} = status;
	const info = {
		version: status.version,
		domain: status.magicDnsSuffix,
		home_relay: status.relay,
		tags: tags.length === 0 ? '' : `,${tags.join(',')},`,
	};
	return [
		...backendStates.map(state =>
			sample(tailscaledMetrics.backendState, Number(state === backendState), {vantage, state}),
		),
		...(online === undefined ? [] : [sample(tailscaledMetrics.online, Number(online), {vantage})]),
		sample(tailscaledMetrics.tun, Number(status.tun), {vantage}),
		sample(tailscaledMetrics.info, 1, {vantage, ...info}),
		sample(tailscaledMetrics.addresses, status.addresses.length, {vantage}),
		...(keyExpiryMs === undefined ? [] : [sample(tailscaledMetrics.keyExpiry, keyExpiryMs / 1000, {vantage})]),
		sample(tailscaledMetrics.healthMessages, status.healthMessages, {vantage}),
	];
}

function describeHealth(vantage: string, warnings: readonly HealthWarning[]): Sample[] {
	return [
		...warnings.flatMap(({code, sinceMs}) => [
			sample(tailscaledMetrics.healthWarning, 1, {vantage, code}),
			...(sinceMs === undefined ? [] : [sample(tailscaledMetrics.healthSince, sinceMs / 1000, {vantage, code})]),
		]),
		...severities.map(severity => {
			const count = warnings.filter(warning => warning.severity === severity).length;
			return sample(tailscaledMetrics.healthWarnings, count, {vantage, severity});
		}),
	];
}

function describeDerpMap(vantage: string, {regions, nodes}: DerpMapSize): Sample[] {
	return [
		sample(tailscaledMetrics.derpRegions, regions, {vantage}),
		sample(tailscaledMetrics.derpNodes, nodes, {vantage}),
	];
}

const directions = ['inbound', 'outbound'] as const;
const paths: Readonly<Record<string, string>> = {
	direct_ipv4: 'direct',
	direct_ipv6: 'direct',
	derp: 'derp',
	peer_relay_ipv4: 'peer_relay',
	peer_relay_ipv6: 'peer_relay',
};
const reasons: Readonly<Record<string, string>> = Object.fromEntries(
	['acl', 'error', 'fragment', 'link_local_unicast', 'multicast', 'too_short', 'unknown_protocol'].map(word => [
		word,
		word,
	]),
);

/** tailscaled's names to ours. */
function translate(vantage: string, families: ReadonlyMap<string, Family>): Sample[] {
	const home = families.get('tailscaled_home_derp_region_id')?.samples[0]?.value;
	return [
		...(home === undefined || !Number.isFinite(home) ? [] : [sample(tailscaledMetrics.homeDerp, home, {vantage})]),
		...directions.flatMap(direction => [
			...sums(families.get(`tailscaled_${direction}_bytes_total`), 'path', paths, []).map(([path, value]) =>
				sample(tailscaledMetrics.bytes, value, {vantage, direction, path}),
			),
			// A series of tailscaled's appears with the first drop, which would then be no increase: so they begin at 0.
			...sums(
				families.get(`tailscaled_${direction}_dropped_packets_total`),
				'reason',
				reasons,
				Object.keys(reasons),
			).map(([reason, value]) => sample(tailscaledMetrics.dropped, value, {vantage, direction, reason})),
		]),
	];
}

/** Sums over a family by one label in our words; what has no word is `other`. Nothing where the family is not told. */
function sums(
	family: Family | undefined,
	label: string,
	words: Readonly<Record<string, string>>,
	always: readonly string[],
): [string, number][] {
	if (!family) return [];
	const found = new Map<string, number>(always.map(word => [word, 0]));
	for (const {labels, value} of family.samples) {
		if (!Number.isFinite(value)) continue;
		const word = labels[label] ?? '';
		const ours = (Object.hasOwn(words, word) ? words[word] : undefined) ?? 'other';
		found.set(ours, (found.get(ours) ?? 0) + value);
	}
	return [...found];
}

function sample({name}: MetricDef, value: number, labels: Record<string, string>): Sample {
	return {name, labels, value};
}
