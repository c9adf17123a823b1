/** The phases of a run as bars: drawn by the attributes of SVG, as the security policy allows no style in the page. */

import type {Check, Outcome} from '../../engine/types.ts';
import {formatLatency} from '../../util/readable.ts';
import {type Html, html} from './escape.ts';

/** One part of a run: `from` and `seconds` on the time of the run. */
interface Part {
	name: string;
	from: number;
	seconds: number;
	failed: boolean;
}

/** A line for each phase, where each begins where the one before it ended; of a tunnel its round trips side by side. */
export function renderPhases({type}: Pick<Check, 'type'>, outcome: Outcome): Html {
	const parts = type === 'tunnel' ? listTrips(outcome) : listParts(outcome);
	if (parts.length === 0) return html``;
	const total = Math.max(...parts.map(({from, seconds}) => from + seconds)) || 1;
	return html`<div class="phases" role="list" aria-label="${type === 'tunnel' ? 'Round trips' : 'Phases'}">${parts.map(
		part =>
			html`<span role="listitem">${part.name}${part.failed ? ' (failed)' : ''}</span><span>${formatLatency(part.seconds)}</span><svg class="bar" aria-hidden="true" viewBox="0 0 1000 10" preserveAspectRatio="none">${drawPart(part, total)}</svg>`,
	)}</div>`;
}

/** All phases in one bar, as long as its share of the slowest run; what it shows stands in its title. */
export function drawRun({type}: Pick<Check, 'type'>, outcome: Outcome, slowestSeconds: number): Html {
	const parts = type === 'tunnel' ? listTrips(outcome).slice(-1) : listParts(outcome);
	if (parts.length === 0) return html`<span class="muted">–</span>`;
	const label = parts
		.map(({name, seconds, failed}) => `${name} ${formatLatency(seconds)}${failed ? ', failed' : ''}`)
		.join(', ');
	return html`<svg class="stacked" role="img" viewBox="0 0 1000 10" preserveAspectRatio="none"><title>${label}</title>${parts.map(part => drawPart(part, slowestSeconds || 1))}</svg>`;
}

/** So long is the bar of a run. */
export function lengthOf({type}: Pick<Check, 'type'>, outcome: Outcome): number {
	const parts = type === 'tunnel' ? listTrips(outcome).slice(-1) : listParts(outcome);
	return parts.reduce((longest, {from, seconds}) => Math.max(longest, from + seconds), 0);
}

/** What the colours mean. */
export function renderPhaseLegend(names: readonly string[]): Html {
	if (names.length === 0) return html``;
	return html`<p class="muted small legend">Phases: ${names.map(name => html`<svg class="strip key" aria-hidden="true" viewBox="0 0 6 12"><rect class="${classOf(name)}" width="6" height="12"/></svg> ${name} `)}</p>`;
}

/** Of no answer as a whole it is not the last phase that broke. */
const judgedAfterwards: readonly string[] = ['status', 'content', 'loss', 'expected_unreachable'];

function listParts({reading, verdict, reason}: Outcome): Part[] {
	const {phases = {}, values = {}, facts = {}} = reading ?? {};
	const {rtt_seconds: rtt} = values;
	const entries = Object.entries({...phases, ...(rtt === undefined ? {} : {rtt})});
	const broke = verdict === 'down' && reason !== undefined && !judgedAfterwards.includes(reason);
	const failed = broke ? (facts.phase ?? entries.at(-1)?.[0]) : undefined;
	let from = 0;
	return entries.map(([name, seconds]) => {
		const part = {name, from, seconds, failed: name === failed};
		from += seconds;
		return part;
	});
}

/** From the lowest up. */
function listTrips({reading}: Outcome): Part[] {
	return ['disco', 'tsmp', 'icmp'].flatMap(name => {
		const seconds = reading?.values[`${name}_seconds`];
		return seconds === undefined ? [] : [{name, from: 0, seconds, failed: false}];
	});
}

function drawPart({name, from, seconds, failed}: Part, total: number): Html {
	const scale = (share: number) => Math.min(1000, Math.max(0, Math.round((share / total) * 1000)));
	const width = Math.max(4, scale(seconds));
	return html`<rect class="${failed ? 'ph-failed' : classOf(name)}" x="${Math.min(scale(from), 1000 - width)}" y="0" width="${width}" height="10"/>`;
}

const coloured = new Set(['resolve', 'connect', 'connect_proxy', 'tls', 'processing', 'transfer']);

function classOf(name: string): string {
	return coloured.has(name) ? `ph-${name}` : 'ph-whole';
}
