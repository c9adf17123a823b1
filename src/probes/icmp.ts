/**
 * Several ICMP echo requests to each target, by one fping for the whole round: it needs no root where the distribution gives it the
 * capability, and no process per target.
 */

import type * as zod from 'zod';
import type {Check, Reading} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {pingAddresses} from '../net/fping.ts';
import {resolveTarget} from '../net/resolve.ts';
import {splitTarget} from '../net/target.ts';
import {lacksTunnelDevice} from '../net/tunnel-device.ts';
import type {Resolved} from '../net/types.ts';
import {CannotLookError} from '../util/errors.ts';
import {durationOption} from '../util/option-values.ts';
import {jitter, median} from '../util/round-trips.ts';
import {icmpShell} from './icmp/shell.ts';
import {noteAnswered} from './shared/answered.ts';
import {type FamilyOptions, familyOptions, ruleFor} from './shared/resolve-phase.ts';
import type {Place, Probe, Zod} from './types.ts';

export interface IcmpOptions extends FamilyOptions {
	/** Pings per target and round. */
	count: number;
	/** Pause between two pings to one target, milliseconds; closer where the timeout asks for it. */
	ping_interval: number;
	/** Bytes of data in each ping. */
	payload_size: number;
	/** The packet must not be fragmented on its way. */
	dont_fragment: boolean;
	/** Loss ratio above which the target is down; undefined: only when all are lost. */
	max_loss?: number | undefined;
}

export const icmp: Probe<IcmpOptions> = {
	type: 'icmp',
	summary: 'Several ICMP echo requests by fping: round trip, loss, jitter. Needs `fping` on the machine.',
	options: z => options(z, durationOption(z, 10, 10_000, '200ms')),
	settled: z => options(z, z.number().min(10).max(10_000)),
	address: 'host',
	vias: ['tailnet', 'direct'],
	durationIsLatency: false,
	timedElsewhere: true,
	metrics: [
		{
			name: 'tailprobe_icmp_rtt_seconds',
			type: 'gauge',
			help: 'Median round trip of the pings of the last run.',
			labels: checkLabels,
			from: {value: 'rtt_seconds'},
		},
		{
			name: 'tailprobe_icmp_jitter_seconds',
			type: 'gauge',
			help: 'Mean difference between the round trips of successive pings of the last run; absent with fewer than two answers.',
			labels: checkLabels,
			from: {value: 'jitter_seconds'},
		},
		{
			name: 'tailprobe_icmp_loss_ratio',
			type: 'gauge',
			help: 'Pings of the last run that were not answered, as a ratio of those sent; not with `detail: least`.',
			labels: checkLabels,
			from: {value: 'loss_ratio'},
			leftOut: 'least',
		},
		{
			name: 'tailprobe_icmp_pings_total',
			type: 'counter',
			help: 'Pings sent in scheduled runs that were up or down.',
			labels: checkLabels,
			from: {sumOf: 'pings_sent'},
		},
		{
			name: 'tailprobe_icmp_pings_lost_total',
			type: 'counter',
			help: 'Those of `tailprobe_icmp_pings_total` that were not answered: together they tell the loss over any window.',
			labels: checkLabels,
			from: {sumOf: 'pings_lost'},
		},
	],
	round: {
		group: ({count, ping_interval, payload_size, dont_fragment}) =>
			JSON.stringify([count, ping_interval, payload_size, dont_fragment]),
		measure,
	},
	shell: icmpShell((options, address, times) =>
		readTimes({options}, {address, family: address.includes(':') ? 6 : 4, by: 'literal', seconds: 0}, times),
	),
};

function options(z: Zod, pingInterval: zod.ZodType<number>): zod.ZodType<IcmpOptions> {
	return z.strictObject({
		count: z.int().min(1).max(50).default(4).describe('Pings per run.'),
		ping_interval: pingInterval.default(200).describe('Pause between two pings; a short timeout makes it shorter.'),
		payload_size: z.int().min(0).max(65_000).default(56).describe('Bytes of data in each ping.'),
		dont_fragment: z.boolean().default(false).describe('Forbid fragmentation (IPv4).'),
		max_loss: z
			.number()
			.min(0)
			.max(1)
			.optional()
			.describe('Loss ratio above which the target counts as down; without it only when every ping was lost.'),
		...familyOptions(z),
	});
}

/** Names that are asked for at a time. */
const resolversAtOnce = 64;
/** The share of the deadline that names may take to become addresses. */
const resolveShare = 0.3;

async function measure(
	checks: readonly Check[],
	place: Place,
	signal: AbortSignal,
): Promise<Map<string, Reading | Error>> {
	const found = new Map<string, Reading | Error>();
	const begunAt = performance.now();
	const resolved = await resolveAll(checks, place, signal, found);
	const [first] = resolved;
	if (!first) return found;
	const {count, ping_interval, payload_size, dont_fragment} = first.check.options as IcmpOptions;
	const plan = {
		addresses: [...new Set(resolved.map(({to}) => to.address))],
		count,
		pauseMs: ping_interval,
		payloadBytes: payload_size,
		dontFragment: dont_fragment,
		budgetMs: place.timeoutMs - (performance.now() - begunAt),
	};
	const answers = await pingAddresses(plan, signal);
	for (const {check, to} of resolved) {
		const times = answers.get(to.address);
		if (times) found.set(check.key, readTimes(check, to, times));
	}
	return found;
}

async function resolveAll(
	checks: readonly Check[],
	place: Place,
	signal: AbortSignal,
	found: Map<string, Reading | Error>,
): Promise<{check: Check; to: Resolved}[]> {
	const enough = AbortSignal.any([signal, AbortSignal.timeout(place.timeoutMs * resolveShare)]);
	const noTunnel = await lacksTunnelDevice(place.tailscaled, enough).catch(() => false);
	const all: {check: Check; to: Resolved}[] = [];
	const waiting = checks.values();
	await Promise.all(Array.from({length: resolversAtOnce}, resolveSome));
	return all;

	async function resolveSome(): Promise<void> {
		for (const check of waiting) {
			try {
				if (noTunnel && check.target.via === 'tailnet') throw new CannotLookError('unsupported', noTunnelText);
				all.push({check, to: await resolveOne(check, place, enough)});
			} catch (error) {
				signal.throwIfAborted();
				found.set(check.key, error instanceof Error && !enough.aborted ? error : unresolved(check));
			}
		}
	}
}

const noTunnelText =
	'The tailscaled here has no tunnel device, so ICMP cannot enter the tailnet; a tunnel check pings through tailscaled itself.';

function resolveOne({options, target}: Check, place: Place, signal: AbortSignal): Promise<Resolved> {
	const {preferred_ip_protocol, ip_protocol_fallback} = options as IcmpOptions;
	const choice = {
		preferred: preferred_ip_protocol === 'ip6' ? (6 as const) : (4 as const),
		fallback: ip_protocol_fallback,
	};
	const host = splitTarget(target.address)?.host ?? target.address;
	return resolveTarget(host, ruleFor(target, place), choice, place, signal);
}

function unresolved(check: Check): Reading {
	return {
		ok: false,
		reason: 'resolve',
		detail: `The name ${check.target.address} was not resolved in time to be pinged.`,
		values: {},
		facts: {phase: 'resolve'},
	};
}

/** Pure: what the round trips of one target mean. A lost ping is undefined. */
export function readTimes(
	check: Pick<Check, 'options'>,
	to: Resolved,
	times: readonly (number | undefined)[],
): Reading {
	const answered = times.filter(time => time !== undefined);
	const sent = times.length;
	const lost = sent - answered.length;
	const middle = median(answered);
	const unevenness = jitter(answered);
	const {max_loss: maxLoss} = check.options as IcmpOptions;
	const reading: Reading = {
		ok: true,
		phases: {resolve: to.seconds},
		values: {
			pings_sent: sent,
			pings_lost: lost,
			loss_ratio: lost / sent,
			...(middle === undefined
				? {}
				: {
						rtt_seconds: middle,
						rtt_min_seconds: Math.min(...answered),
						rtt_max_seconds: Math.max(...answered),
					}),
			...(unevenness === undefined ? {} : {jitter_seconds: unevenness}),
		},
		facts: {address: to.address, family: String(to.family), resolved_by: to.by},
	};
	if (answered.length === 0) {
		const detail = `None of ${sent} pings to ${to.address} was answered; wanted at least one.`;
		return {...reading, ok: false, reason: 'timeout', detail};
	}
	noteAnswered(reading.facts);
	if (maxLoss !== undefined && lost / sent > maxLoss) {
		const detail = `${lost} of ${sent} pings to ${to.address} were lost; wanted at most ${Math.round(maxLoss * 100)} % (max_loss).`;
		return {...reading, ok: false, reason: 'loss', detail};
	}
	return reading;
}
