/** Runs of one check as a table: when, how it went, how long, by which path, and what it said. */

import {latencySeconds} from '../../engine/latency.ts';
import type {Check, Outcome} from '../../engine/types.ts';
import {formatLatency, formatPath} from '../../util/readable.ts';
import {type Html, html} from './escape.ts';
import {drawRun, lengthOf, renderPhaseLegend} from './phases.ts';
import {asSentence, clockTime, count, formatLoss, verdictMark, withCode} from './words.ts';

const runsShown = 30;

/** Newest first. `id` names the table on its page. */
export function renderRuns(
	{id, title, check, runs, none}: {id: string; title: string; check: Check; runs: readonly Outcome[]; none: string},
	nowMs: number,
): Html {
	const shown = runs.slice(0, runsShown);
	// A run that was given up would make those that were not into dots.
	const ups = shown.filter(({verdict}) => verdict === 'up');
	const slowest = Math.max(...(ups.length > 0 ? ups : shown).map(run => lengthOf(check, run)), 0);
	const hasPath = shown.some(({reading}) => reading?.facts.path !== undefined);
	const titles = ['when', 'verdict', 'latency', 'phases', ...(hasPath ? ['path'] : []), 'what it said'];
	const names = [...new Set(shown.flatMap(({reading}) => Object.keys(reading?.phases ?? {})))];
	const hidden = runs.length - shown.length;
	return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title} <span class="muted">${runs.length}</span></h2>
${
	shown.length === 0
		? html`<p class="muted">${none}</p>`
		: html`${renderPhaseLegend(names)}<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}-title" id="scroll-${id}"><table class="stack runs">
<thead><tr>${titles.map(name => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${shown.map(run => renderRun(check, run, {slowest, hasPath}, nowMs))}</tbody></table></div>`
}
${hidden > 0 ? html`<p class="rest">${count(hidden, 'older run')} not shown here.</p>` : ''}
</section>`;
}

const kinds: Record<Outcome['kind'], string | undefined> = {scheduled: undefined, recheck: 'recheck', adhoc: 'ad hoc'};

function renderRun(
	check: Check,
	run: Outcome,
	{slowest, hasPath}: {slowest: number; hasPath: boolean},
	nowMs: number,
): Html {
	const {startedAt, kind, verdict, reason, detail, late, reading} = run;
	const {path, derp_region: region} = reading?.facts ?? {};
	const seconds = latencySeconds(check, run);
	const loss = formatLoss(run);
	const status = reading?.values.status_code;
	const said = [
		reason ? html`<code>${reason}</code> ` : '',
		detail ? withCode(asSentence(detail)) : '',
		late ? ' tailprobe was late: the times are too high.' : '',
		!detail && status !== undefined ? `status ${status}` : '',
		loss === undefined ? '' : ` loss ${loss}`,
	];
	return html`<tr>
<th scope="row">${clockTime(startedAt, nowMs)}${kinds[kind] ? html` <span class="tag">${kinds[kind]}</span>` : ''}</th>
<td data-label="verdict">${verdictMark(verdict)}</td>
<td class="brief" data-label="latency">${seconds === undefined ? html`<span class="muted">${formatLatency(run.durationMs / 1000)}</span>` : formatLatency(seconds)}</td>
<td data-label="phases">${drawRun(check, run, slowest)}</td>
${hasPath ? html`<td data-label="path">${formatPath(path, region) ?? html`<span class="muted">–</span>`}</td>` : ''}
<td data-label="what it said"><span class="why">${said}</span></td>
</tr>`;
}
