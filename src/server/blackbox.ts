/** An ad hoc run in blackbox_exporter's words: its metric names where the meaning is the same, `probe_tunnel_…` for what it cannot measure. */

import {oneLine} from '../util/errors.ts';
import {formatTime} from '../util/format-time.ts';
import {formatDurationMs} from '../util/units.ts';
import {exposeReading} from './blackbox/by-type.ts';
import {type Family, formatFamily, info, one} from './blackbox/families.ts';
import {assumesPort80, describeResolver, finiteOnly, type KnownCheckJson, showAddress} from './json.ts';
import {sayAlike} from './say-alike.ts';
import type {AdhocAnswer} from './types.ts';

type Ran = AdhocAnswer & {kind: 'ran'};

/** The exposition of an ad hoc run that was up or down (text format 0.0.4). All are gauges, sorted by name. */
export function exposeProbe({check, outcome, timeoutMs}: Ran): string {
	const {phases = {}, values = {}, facts = {}} = outcome.reading ?? {};
	const reading = {phases: finiteOnly(phases), values: finiteOnly(values), facts};
	const families = [...exposeRun(outcome, timeoutMs), ...exposeReading(check.type, reading)];
	families.sort((one, other) => (one.name < other.name ? -1 : 1));
	return families.map(formatFamily).join('');
}

/** `debug=true`: what happened line by line, what checks say of the same target, the metrics, and the module without its secrets. */
export function renderDebug(answer: Ran, alike: readonly KnownCheckJson[] = []): string {
	const blind = answer.outcome.verdict === 'unknown';
	const metrics = blind
		? 'None: tailprobe could not look, so there is no verdict about the target.\n'
		: exposeProbe(answer);
	return [
		`What happened:\n${[...tellStory(answer), ...sayAlike(alike, answer.outcome.startedAt)].join('\n')}\n`,
		`Metrics that would have been returned:\n${metrics}`,
		answer.module
			? `Module configuration:\n${sayWithheld(answer)}${answer.module.text.trimEnd()}\n`
			: 'Module configuration:\nNone: the check ran with its own options.\n',
	].join('\n\n');
}

/** The module is shown as configured: what this run did not use of it must not look used. */
function sayWithheld({check, outcome: {withheld = []}}: Ran): string {
	if (withheld.length === 0) return '';
	return `# Not used for this target, as no ${check.type} check of it uses this module: ${oneLine(withheld.join(', '), 500)}\n`;
}

function exposeRun({verdict, reason, durationMs, withheld}: Ran['outcome'], timeoutMs: number): Family[] {
	return [
		one('probe_success', 'Whether the probe succeeded.', verdict === 'up' ? 1 : 0),
		one('probe_duration_seconds', 'Seconds that the whole probe took.', durationMs / 1000),
		one('probe_timeout_seconds', 'Seconds that the probe was allowed to take.', timeoutMs / 1000),
		...(verdict === 'down' && reason
			? [info('probe_failure_info', 'Why the probe failed, from a closed list.', {reason})]
			: []),
		...(withheld
			? [
					one(
						'probe_options_withheld',
						'Options of the module not used, as no check of the target uses it.',
						withheld.length,
					),
				]
			: []),
	];
}

/** What happened in words, in order. */
function tellStory({check, outcome, timeoutMs, module}: Ran): string[] {
	const {reading, verdict, reason, detail} = outcome;
	const {facts = {}, phases = {}, values = {}} = reading ?? {};
	const {address, resolved_by: by, phase, path, derp_region: region, final_url: finalUrl, body_start: body} = facts;
	const lines = [
		`${formatTime(outcome.startedAt)} ${module ? `${module.prober} probe by module ${module.name}` : `check ${check.name} as configured, a ${check.type} probe`} from ${check.vantage} of ${showAddress(check.target.address)}, via ${check.target.via}`,
		`allowed to take ${formatDurationMs(timeoutMs)}`,
	];
	if (address)
		lines.push(`address ${address}${by ? ` (${describeResolver(by, phases.resolve ?? values.resolve_seconds)})` : ''}`);
	for (const [name, seconds] of Object.entries(phases)) lines.push(`${name} took ${milliseconds(seconds)}`);
	if (finalUrl && finalUrl !== check.target.address) lines.push(`ended at ${showAddress(finalUrl)}`);
	if (path) lines.push(`path ${path}${region ? ` through DERP region ${region}` : ''}`);
	for (const [name, value] of Object.entries(values))
		lines.push(
			name.endsWith('_seconds') && Math.abs(value) < 1000
				? `${name.slice(0, -8)} ${milliseconds(value)}`
				: `${name} ${value}`,
		);
	if (outcome.late)
		lines.push(`tailprobe's own thread was ${outcome.latenessMs.toFixed(0)} ms late: these times are too high`);
	lines.push(
		`${verdict}${reason ? `, reason ${reason}` : ''}${phase && verdict === 'down' ? ` in phase ${phase}` : ''}, after ${milliseconds(outcome.durationMs / 1000)}`,
	);
	if (detail) lines.push(detail);
	if (verdict === 'down' && assumesPort80(check.type, check.target.address))
		lines.push('the target names neither scheme nor port: port 80 was assumed');
	if (body) lines.push(`the answer begins: ${body}`);
	return lines.map(line => oneLine(line, 700));
}

function milliseconds(seconds: number): string {
	return `${(seconds * 1000).toFixed(3)} ms`;
}
