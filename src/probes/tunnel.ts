/**
 * The tunnel to one tailnet node, rung by rung: disco (the UDP or relay path), TSMP (through WireGuard), ICMP (the node's network
 * stack). Up means that TSMP was answered.
 */

import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {createLocalApi, LocalApiError, statusOf} from '../net/localapi.ts';
import {isDirect, type Ping, type PingRound, pingRound, planRound, SilentError} from '../net/ping-round.ts';
import {resolveTarget} from '../net/resolve.ts';
import {splitTarget} from '../net/target.ts';
import {CannotLookError, messageOf, oneLine} from '../util/errors.ts';
import {durationOption} from '../util/option-values.ts';
import {jitter, median} from '../util/round-trips.ts';
import {noteAnswered} from './shared/answered.ts';
import {tunnelShell} from './tunnel/shell.ts';
import type {Place, Probe} from './types.ts';

export interface TunnelOptions {
	/** TSMP pings per run. */
	count: number;
	/** Pause between two of them, milliseconds; closer where the timeout asks for it. */
	pingIntervalMs: number;
	/** Loss ratio above which the tunnel is down; undefined: only when all are lost. */
	maxLoss?: number;
}

const paths = ['direct', 'derp', 'peer_relay'] as const;
type Path = (typeof paths)[number];

const roundTrip = {
	name: 'tailprobe_tunnel_rtt_seconds',
	type: 'gauge',
	help: 'Round trip to the node in the last run: disco beside the tunnel (not with `detail: least`), TSMP through it (median).',
	labels: [...checkLabels, 'rung'],
} as const;

export const tunnel: Probe<TunnelOptions> = {
	type: 'tunnel',
	summary: 'Path, round trip and loss of the tunnel to a tailnet node, through tailscaled (disco, TSMP, ICMP).',
	options: z =>
		z
			.strictObject({
				count: z.int().min(1).max(100).default(3).describe('TSMP pings per run; their loss is the loss of the tunnel.'),
				ping_interval: durationOption(z, 10, 10_000, '200ms')
					.default(200)
					.describe('Pause between two pings; a short timeout makes it shorter.'),
				max_loss: z
					.number()
					.min(0)
					.max(1)
					.optional()
					.describe('Loss ratio above which the tunnel counts as down; without it only when every ping was lost.'),
			})
			.transform(({count, ping_interval: pingIntervalMs, max_loss: maxLoss}) => ({
				count,
				pingIntervalMs,
				...(maxLoss === undefined ? {} : {maxLoss}),
			})),
	settled: z =>
		z
			.strictObject({
				count: z.int().min(1).max(100),
				pingIntervalMs: z.number().min(10).max(10_000),
				maxLoss: z.number().min(0).max(1).optional(),
			})
			.transform(({maxLoss, ...rest}) => ({...rest, ...(maxLoss === undefined ? {} : {maxLoss})})),
	address: 'host',
	vias: ['tailnet'],
	durationIsLatency: false,
	timedElsewhere: true,
	metrics: [
		{...roundTrip, from: {values: {disco: 'disco_seconds'}}, leftOut: 'least'},
		{...roundTrip, from: {values: {tsmp: 'tsmp_seconds'}}},
		{
			name: 'tailprobe_tunnel_loss_ratio',
			type: 'gauge',
			help: 'TSMP pings of the last run that were not answered, as a ratio of those sent; not with `detail: least`.',
			labels: checkLabels,
			from: {value: 'loss_ratio'},
			leftOut: 'least',
		},
		{
			name: 'tailprobe_tunnel_pings_total',
			type: 'counter',
			help: 'TSMP pings sent in scheduled runs that were up or down.',
			labels: checkLabels,
			from: {sumOf: 'pings_sent'},
		},
		{
			name: 'tailprobe_tunnel_pings_lost_total',
			type: 'counter',
			help: 'Those of `tailprobe_tunnel_pings_total` that were not answered: together they tell the loss over any window.',
			labels: checkLabels,
			from: {sumOf: 'pings_lost'},
		},
		{
			name: 'tailprobe_tunnel_path',
			type: 'gauge',
			help: 'Best path to the node in the last run: exactly one of direct, derp and peer_relay is 1.',
			labels: [...checkLabels, 'path'],
			from: {fact: 'path', states: paths},
		},
		{
			name: 'tailprobe_tunnel_path_changes_total',
			type: 'counter',
			help: 'Changes of the path between answered runs; not with `detail: least`, where changes of `tailprobe_tunnel_path` between scrapes tell most of them.',
			labels: checkLabels,
			from: {changesOf: 'path'},
			leftOut: 'least',
		},
		{
			name: 'tailprobe_tunnel_overhead_seconds',
			type: 'gauge',
			help: 'TSMP minus disco round trip of the same run on a direct path; may be negative, absent on other paths and with `detail: least`.',
			labels: checkLabels,
			from: {value: 'overhead_seconds'},
			leftOut: 'least',
		},
		{
			name: 'tailprobe_tunnel_overhead_rounds_total',
			type: 'counter',
			help: 'Runs on a direct path by whether the overhead was within the configured objective.',
			labels: ['check', 'type', 'vantage', 'within'],
			from: {countOf: 'overhead_within', states: ['true', 'false']},
			fromTimes: true,
		},
		{
			name: 'tailprobe_tunnel_latency_seconds',
			type: 'histogram',
			help: 'Round trips of successful runs: disco beside the tunnel, TSMP through it.',
			labels: ['check', 'type', 'vantage', 'rung'],
			from: {values: {disco: 'disco_seconds', tsmp: 'tsmp_seconds'}},
		},
	],
	measure,
	shell: tunnelShell(readRound),
};

async function measure(target: Target, options: TunnelOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	const startedAt = performance.now();
	const {tailscaled} = place;
	if (tailscaled === undefined) {
		throw new CannotLookError(
			'unsupported',
			`Vantage ${place.vantage} has no tailscaled to ask: give it the path of tailscaled's socket`,
		);
	}
	const host = splitTarget(target.address)?.host ?? target.address;
	const rule = {
		via: target.via,
		prefixes: place.tailnet.prefixes,
		allowLoopback: place.allowLoopback,
		...(target.only ? {only: target.only} : {}),
	};
	const resolved = await resolveTarget(host, rule, {preferred: 4, fallback: true}, place, signal);
	const plan = planRound(place.timeoutMs - (performance.now() - startedAt), options.count, options.pingIntervalMs);
	try {
		const doubt = () => demandRunning(tailscaled, signal);
		const round = await pingRound(createLocalApi(tailscaled), resolved.address, plan, doubt, signal);
		const subject = host === resolved.address ? host : `${host} (${resolved.address})`;
		const reading = readRound(round, options, subject, place.tailnet.overheadObjectiveSeconds);
		reading.facts.address = resolved.address;
		reading.facts.resolved_by = resolved.by;
		if (resolved.by !== 'literal') reading.values.resolve_seconds = resolved.seconds;
		return reading;
	} catch (error) {
		if (error instanceof LocalApiError || error instanceof SilentError)
			throw new CannotLookError('vantage', messageOf(error));
		throw error;
	}
}

/** Silence everywhere can be tailscaled's own: it answers no ping either when it hangs or is signed out. */
async function demandRunning(tailscaled: string, signal: AbortSignal): Promise<void> {
	const {backendState} = await statusOf(tailscaled, {peers: false}, signal);
	if (backendState === 'Running') return;
	throw new CannotLookError('vantage', `The prober's own tailscaled is not connected: its state is ${backendState}`);
}

/**
 * What a round of pings means. Pure. `subject` names the target in sentences.
 * Throws CannotLookError when the target is the prober itself.
 */
export function readRound(
	round: PingRound,
	{maxLoss}: Pick<TunnelOptions, 'maxLoss'>,
	subject: string,
	overheadObjectiveSeconds: number,
): Reading {
	if (round.refusal !== undefined) return refused(round.refusal, subject);
	const tsmp = roundTrips(round.tsmp);
	const path = bestPath(round.disco);
	const disco = roundTrips(round.disco.filter(ping => pathOf(ping) === path));
	const [icmp] = roundTrips(round.icmp);
	const sent = round.tsmp.length;
	const lost = sent - tsmp.length;
	const loss = lost / sent;
	const overhead = overheadOf(round);
	const values: Record<string, number | undefined> = {
		pings_sent: sent,
		pings_lost: lost,
		loss_ratio: loss,
		disco_seconds: median(disco),
		tsmp_seconds: median(tsmp),
		tsmp_min_seconds: tsmp.length > 0 ? Math.min(...tsmp) : undefined,
		tsmp_max_seconds: tsmp.length > 0 ? Math.max(...tsmp) : undefined,
		tsmp_jitter_seconds: jitter(tsmp),
		icmp_seconds: icmp,
		overhead_seconds: overhead,
	};
	const facts: Record<string, string | undefined> = {
		path,
		derp_region: path === 'derp' ? firstText(round.disco, 'derpRegion') : undefined,
		endpoint: path === 'direct' ? firstText(round.disco, 'endpoint') : undefined,
		disco: rungOf(round.disco),
		tsmp: rungOf(round.tsmp),
		icmp: rungOf(round.icmp),
		overhead_within: overhead === undefined ? undefined : String(overhead <= overheadObjectiveSeconds),
	};
	const reading: Reading = {ok: true, values: known(values), facts: known(facts)};
	if ([facts.disco, facts.tsmp, facts.icmp].includes('answered')) noteAnswered(reading.facts);
	if (tsmp.length === 0)
		return {...reading, ok: false, reason: 'timeout', detail: oneLine(silence(subject, path, reading), 300)};
	if (maxLoss !== undefined && loss > maxLoss) {
		const detail = `${lost} of ${sent} TSMP pings to ${subject} were lost; at most ${percent(maxLoss)} may be.`;
		return {...reading, ok: false, reason: 'loss', detail};
	}
	return reading;
}

function silence(subject: string, path: Path | undefined, {values, facts}: Reading): string {
	const asked = `None of ${values.pings_sent} TSMP pings to ${subject} was answered`;
	if (facts.tsmp !== 'silent') return `${asked}: tailscaled said "${facts.tsmp}".`;
	if (!path) return `${asked}, and no disco ping either: neither the direct path nor a relay leads there.`;
	const way =
		path === 'derp'
			? `by DERP${facts.derp_region ? ` (${facts.derp_region})` : ''}`
			: path === 'direct'
				? 'directly'
				: 'by a peer relay';
	return `${asked}, though disco was, ${way}: the way there holds, WireGuard does not (keys, or the node's own tailscaled).`;
}

function refused(refusal: string, subject: string): Reading {
	if (/local tailscale ip/i.test(refusal))
		throw new CannotLookError('unsupported', `${subject} is the prober itself: there is no tunnel to measure`);
	const hint = /expired/i.test(refusal)
		? 'the node must sign in again, or its expiry must be lifted'
		: 'the node left the tailnet, or the policy hides it from the prober';
	const detail = `tailscaled has no tunnel to ${subject} ("${refusal}"): ${hint}.`;
	return {
		ok: false,
		reason: 'unreachable',
		detail: oneLine(detail, 300),
		values: {},
		facts: {disco: refusal.slice(0, 100)},
	};
}

/** The minimum of each, over equally many: a minimum of three against one of a single ping would be too small. */
function overheadOf(round: PingRound): number | undefined {
	const disco = roundTrips(round.disco.filter(isDirect));
	const tsmp = roundTrips(round.tsmp);
	const count = Math.min(disco.length, tsmp.length);
	return count === 0 ? undefined : Math.min(...tsmp.slice(0, count)) - Math.min(...disco.slice(0, count));
}

function pathOf({answer}: Ping): Path | undefined {
	if (answer?.seconds === undefined) return undefined;
	if (answer.endpoint !== '') return 'direct';
	return answer.peerRelay === '' ? 'derp' : 'peer_relay';
}

function bestPath(pings: readonly Ping[]): Path | undefined {
	const seen = pings.map(pathOf);
	return (['direct', 'peer_relay', 'derp'] as const).find(path => seen.includes(path));
}

function rungOf(pings: readonly Ping[]): string {
	if (roundTrips(pings).length > 0) return 'answered';
	return pings.find(({answer}) => answer?.error)?.answer?.error.slice(0, 100) ?? 'silent';
}

function firstText(pings: readonly Ping[], name: 'derpRegion' | 'endpoint'): string | undefined {
	return pings.map(({answer}) => answer?.[name]).find(text => text);
}

function roundTrips(pings: readonly Ping[]): number[] {
	return pings.flatMap(({answer}) => answer?.seconds ?? []);
}

function known<T>(entries: Record<string, T | undefined>): Record<string, T> {
	return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

function percent(ratio: number): string {
	return `${Math.round(ratio * 1000) / 10} %`;
}
