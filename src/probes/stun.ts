/** A STUN server, as headscale's embedded relay has one: whether it answers, how fast, and from where it sees us come. */

import {isIP} from 'node:net';
import type * as zod from 'zod';
import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {parseHostPort} from '../net/url.ts';
import {oneLine, TargetDownError} from '../util/errors.ts';
import {jitter, median} from '../util/round-trips.ts';
import {demandDatagramWay} from './shared/datagram-way.ts';
import {type Findings, failedReading} from './shared/failed-reading.ts';
import {type FamilyOptions, familyOptions, resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import {askOften, type Binding} from './stun/ask.ts';
import type {Place, Probe, Zod} from './types.ts';

export interface StunOptions extends FamilyOptions {
	/** Binding requests per run, one after the other. */
	count: number;
}

export const stun: Probe<StunOptions> = {
	type: 'stun',
	summary: 'Binding requests to a STUN server over UDP: whether it answers, the round trip, and the address it sees.',
	options,
	address: 'host_port',
	form: {example: 'headscale.example.com:3478', faultOf},
	vias: ['direct', 'tailnet'],
	durationIsLatency: false,
	metrics: [
		{
			name: 'tailprobe_stun_rtt_seconds',
			type: 'gauge',
			help: 'Round trip of a binding request of the last run (median); absent when none was answered.',
			labels: checkLabels,
			from: {value: 'rtt_seconds'},
		},
		{
			name: 'tailprobe_stun_loss_ratio',
			type: 'gauge',
			help: 'Datagrams of the last run that were lost, repeated ones included, as a ratio of those whose fate is known: one that was repeated while its answer was under way is not lost.',
			labels: checkLabels,
			from: {value: 'loss_ratio'},
		},
	],
	measure,
};

function options(z: Zod): zod.ZodType<StunOptions> {
	return z.strictObject({
		count: z
			.int()
			.min(1)
			.max(20)
			.default(1)
			.describe(
				'Binding requests per run, one after the other. Each is repeated after 0.5 s, 1.5 s, 3.5 s … while there is time.',
			),
		...familyOptions(z),
	});
}

function faultOf(address: string): string | undefined {
	const parsed = parseServer(address);
	return parsed.ok ? undefined : `expected a target such as headscale.example.com:3478: ${parsed.detail}`;
}

/** Port 3478 where none is written. */
function parseServer(address: string) {
	if (isIP(address) === 6) return parseHostPort(`[${address}]:3478`);
	return parseHostPort(/^(\[[^\]]*\]|[^:[]*):/.test(address) ? address : `${address}:3478`);
}

async function measure(target: Target, options: StunOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseServer(target.address);
	if (!parsed.ok) return {ok: false, reason: 'forbidden', detail: oneLine(parsed.detail, 300), values: {}, facts: {}};
	const {host, port} = parsed;
	const findings: Findings = {clock: new PhaseClock(), values: {}, facts: {}};
	const {clock, facts} = findings;
	try {
		await demandDatagramWay(target.via, place, 'aim the check at its public address, with via: direct', signal);
		const resolved = await resolvePhase(host, ruleFor(target, place), options, place, findings, signal);
		const budgetMs = place.timeoutMs - clock.elapsedMs();
		const bindings = await askOften(resolved, port, options.count, budgetMs, findings, signal);
		facts.phase = 'processing';
		note(bindings, findings);
		return {ok: true, phases: clock.seconds(), values: findings.values, facts};
	} catch (error) {
		return failedReading(error, `STUN ${host}:${port}`, findings, signal);
	}
}

/** Throws TargetDownError when nothing was answered. */
function note(bindings: readonly Binding[], {values, facts}: Findings): void {
	const answered = bindings.flatMap(({answer}) => (answer === undefined ? [] : [answer]));
	const times = answered.map(({seconds}) => seconds);
	const sent = bindings.reduce((sum, binding) => sum + binding.sent, 0);
	const strays = bindings.reduce((sum, binding) => sum + binding.strays, 0);
	const lost = bindings.reduce((sum, binding) => sum + binding.lost, 0);
	values.requests_sent = sent;
	values.requests_lost = lost;
	values.retransmissions = sent - bindings.length;
	values.loss_ratio = lost + answered.length === 0 ? 1 : lost / (lost + answered.length);
	const middle = median(times);
	const last = answered.at(-1);
	if (middle === undefined || last === undefined) throw silence(sent, strays);
	values.rtt_seconds = middle;
	values.rtt_min_seconds = Math.min(...times);
	values.rtt_max_seconds = Math.max(...times);
	const unevenness = jitter(times);
	if (unevenness !== undefined) values.jitter_seconds = unevenness;
	const {address, family, port} = last.mapped;
	facts.mapped_address = family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function silence(sent: number, strays: number): TargetDownError {
	const requests = sent === 1 ? 'the request' : `${sent} requests`;
	if (strays > 0)
		return new TargetDownError('protocol', `${strays} datagrams came back, and none of them answers ${requests}`);
	return new TargetDownError(
		'timeout',
		`nothing answered ${requests}: UDP is blocked on the way, or there is no STUN server`,
	);
}
