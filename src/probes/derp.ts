/**
 * A DERP relay, as headscale embeds one: the path that clients measure with, and on a second connection the upgrade by which they
 * come in. A proxy that passes the first and drops the second leaves every relayed tunnel dead.
 */

import type {SecureContext} from 'node:tls';
import type {Reading, Target} from '../engine/types.ts';
import {checkLabels} from '../metrics/types.ts';
import {PhaseClock} from '../net/phase-clock.ts';
import type {Resolved} from '../net/types.ts';
import {endpointOf, parseTargetUrl} from '../net/url.ts';
import {oneLine} from '../util/errors.ts';
import type {Connect} from './derp/greeting.ts';
import {type DerpOptions, derpOptions} from './derp/options.ts';
import {askProbePath, askUpgrade} from './derp/steps.ts';
import {connectPhase} from './shared/connect-phase.ts';
import {type Findings, failedReading} from './shared/failed-reading.ts';
import {resolvePhase, ruleFor} from './shared/resolve-phase.ts';
import {earliestExpiryOf} from './shared/tls-metrics.ts';
import {tlsContext, tlsPhase, withoutClientCertificate} from './shared/tls-options.ts';
import type {Place, Probe} from './types.ts';

export const derp: Probe<DerpOptions> = {
	type: 'derp',
	summary:
		'A DERP relay: the path that clients measure latency with, and the upgrade that every relayed tunnel begins with.',
	options: derpOptions,
	address: 'url',
	form: {example: 'https://headscale.example.com', faultOf},
	vias: ['direct', 'tailnet'],
	durationIsLatency: true,
	metrics: [
		{
			name: 'tailprobe_derp_step_up',
			type: 'gauge',
			help: 'Whether the step succeeded in the last run: probe is the path for latency, upgrade the way in; absent where it was not tried.',
			labels: [...checkLabels, 'step'],
			from: {values: {probe: 'probe_up', upgrade: 'upgrade_up'}},
		},
		{
			name: 'tailprobe_derp_step_seconds',
			type: 'gauge',
			help: 'Time of the step over a fresh connection in the last run, from connecting to its end; absent where it failed.',
			labels: [...checkLabels, 'step'],
			from: {values: {probe: 'probe_seconds', upgrade: 'upgrade_seconds'}},
		},
		earliestExpiryOf('https'),
	],
	harmless: options => ({...options, tls_config: withoutClientCertificate(options.tls_config)}),
	measure,
};

function faultOf(address: string): string | undefined {
	const parsed = parseOrigin(address);
	return parsed.ok ? undefined : `expected a target such as https://headscale.example.com: ${parsed.detail}`;
}

/** Paths are options: the target is only where the relay is. */
function parseOrigin(address: string) {
	const parsed = parseTargetUrl(address);
	if (!parsed.ok || (parsed.url.pathname === '/' && parsed.url.search === '' && parsed.url.hash === '')) return parsed;
	return {ok: false as const, detail: 'the target has a path; paths go into path and probe_path'};
}

async function measure(target: Target, options: DerpOptions, place: Place, signal: AbortSignal): Promise<Reading> {
	signal.throwIfAborted();
	const parsed = parseOrigin(target.address);
	if (!parsed.ok) return {ok: false, reason: 'forbidden', detail: oneLine(parsed.detail, 300), values: {}, facts: {}};
	const {url} = parsed;
	const {host, port} = endpointOf(url);
	const findings: Findings = {clock: new PhaseClock(), values: {}, facts: {}};
	const {clock, values, facts} = findings;
	const what = `DERP ${url.origin}`;
	let resolved: Resolved;
	let context: SecureContext | undefined;
	try {
		context = url.protocol === 'https:' ? await tlsContext(options.tls_config, place) : undefined;
		resolved = await resolvePhase(host, ruleFor(target, place), options, place, findings, signal);
	} catch (error) {
		return failedReading(error, what, findings, signal);
	}

	// The phases, and with them the latency, are those of the upgrade: its connection is the one that tunnels live on.
	const aside: Findings = {clock: new PhaseClock(), values, facts};
	const probed = await take('probe', () => askProbePath(connect, url, options.probe_path, aside, signal), aside);
	// Where no answer came, the second connection would only fail the same way.
	if (probed && probed.reason !== 'status' && probed.reason !== 'content') {
		return {...probed, phases: {...clock.seconds(), ...probed.phases}};
	}
	const upgraded = await take('upgrade', () => askUpgrade(connect, url, options.path, findings, signal), findings);
	const phases = clock.seconds();
	facts.phase = clock.reached ?? 'resolve';
	const failed = probed ?? upgraded;
	return failed ? {...failed, phases} : {ok: true, phases, values, facts};

	/** The reading of a step that failed; undefined when it succeeded. */
	async function take(
		step: 'probe' | 'upgrade',
		run: () => Promise<void>,
		noted: Findings,
	): Promise<Reading | undefined> {
		const startedAt = performance.now();
		try {
			await run();
			values[`${step}_up`] = 1;
			values[`${step}_seconds`] = (performance.now() - startedAt) / 1000;
			facts[step] = 'ok';
			return undefined;
		} catch (error) {
			const reading = failedReading(error, what, noted, signal);
			values[`${step}_up`] = 0;
			facts[step] = reading.reason ?? 'failed';
			return reading;
		}
	}

	async function connect(noted: Findings): ReturnType<Connect> {
		const plain = await connectPhase(resolved, port, target.via, place, noted, signal);
		if (!context) return plain;
		const how = {options: options.tls_config, context, host, alpn: ['http/1.1']};
		return (await tlsPhase(plain, how, noted, signal)).socket;
	}
}
