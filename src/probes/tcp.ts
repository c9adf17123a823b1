/** A TCP connection: whether the port accepts it, and how long that takes. */

import type {Reading, Target} from '../engine/types.ts';
import {dial} from '../net/dial.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import {parseHostPort} from '../net/url.ts';
import {oneLine} from '../util/errors.ts';
import {type Findings, failedReading} from './shared/failed-reading.ts';
import {type FamilyOptions, familyOptions, resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import type {Place, Probe} from './types.ts';

export type TcpOptions = FamilyOptions;

export const tcp: Probe<TcpOptions> = {
	type: 'tcp',
	summary: 'A TCP connection to host:port, opened and closed again.',
	options: z => z.strictObject(familyOptions(z)),
	address: 'host_port',
	vias: ['tailnet', 'direct'],
	durationIsLatency: true,
	metrics: [],
	measure,
};

async function measure(target: Target, options: TcpOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseHostPort(target.address);
	if (!parsed.ok) return {ok: false, reason: 'forbidden', detail: oneLine(parsed.detail, 300), values: {}, facts: {}};
	const findings: Findings = {clock: new PhaseClock(), values: {}, facts: {}};
	try {
		const resolved = await resolvePhase(parsed.host, ruleFor(target, place), options, place, findings, signal);
		findings.clock.enter('connect');
		const socket = await dial(resolved, parsed.port, signal);
		findings.clock.leave();
		socket.destroy();
		findings.facts.phase = 'connect';
		return {ok: true, phases: findings.clock.seconds(), values: findings.values, facts: findings.facts};
	} catch (error) {
		return failedReading(error, `TCP ${target.address}`, findings, signal);
	}
}
