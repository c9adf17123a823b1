/** Where we look from and what we read: vantages, sources, and what could not be planned. */

import {formatLatency, formatSpan} from '../../util/readable.ts';
import type {VantageState} from '../../vantages/types.ts';
import type {SourceView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {ageOf, asSentence, clockTime, count, type Shown, verdictMark, withCode} from './words.ts';

const problemsShown = 20;

export function renderVantages(vantages: readonly VantageState[]): Html {
	if (vantages.length === 0) return html``;
	const titles = ['vantage', 'state', 'thread late by', 'in flight', 'skipped slots'];
	return html`<section id="vantages" aria-labelledby="vantages-title">
<h2 id="vantages-title">Vantages</h2>
<table class="stack">
<thead><tr>${titles.map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${vantages.map(renderVantage)}</tbody>
</table>
</section>`;
}

export function renderSources(sources: readonly SourceView[], nowMs: number): Html {
	if (sources.length === 0) return html``;
	return html`<section id="sources" aria-labelledby="sources-title">
<h2 id="sources-title">Sources</h2>
<table class="stack">
<thead><tr>${['source', 'state', 'last read', 'took'].map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${sources.map(source => renderSource(source, nowMs))}</tbody>
</table>
</section>`;
}

export function renderProblems(problems: readonly string[]): Html {
	if (problems.length === 0) return html``;
	const hidden = problems.length - problemsShown;
	return html`<section id="problems" aria-labelledby="problems-title">
<h2 id="problems-title">Left out</h2>
<ul class="plain">${problems.slice(0, problemsShown).map(problem => html`<li>${problem}</li>`)}</ul>
${hidden > 0 ? html`<p class="rest">${count(hidden, 'more')}; <a href="api/v1/status">api/v1/status</a> has them all.</p>` : ''}
</section>`;
}

const conditions: Record<VantageState['condition'], Shown> = {
	sound: 'up',
	sick: 'unknown',
	gone: 'down',
	starting: 'pending',
};

function renderVantage({
	name,
	type,
	group,
	ways = [],
	condition,
	unsupported,
	detail,
	latenessMs,
	runsInFlight,
	skippedSlots,
	threadRestarts,
	facts,
}: VantageState): Html {
	const {overlap, late} = skippedSlots;
	// What stands in the way of the others is only of interest beside the one that is used.
	const others = ways.filter(way => !way.inUse && way.condition !== 'idle' && condition !== 'gone');
	const about = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`);
	if (threadRestarts > 0) about.push(count(threadRestarts, 'thread restart'));
	return html`<tr>
<th scope="row">${name} <span class="muted">${group === undefined ? type : `${group}, by ${type === 'remote' ? 'no way' : type}`}</span>${about.length > 0 ? html`<span class="muted small under">${about.join(' · ')}</span>` : ''}</th>
<td data-label="state">${unsupported ? verdictMark('pending', 'unsupported') : verdictMark(conditions[condition], condition)}${detail ? html`<span class="why under">${withCode(asSentence(detail))}</span>` : ''}${others.map(way => html`<span class="muted small under">not by ${way.type}: ${asSentence(way.detail ?? way.condition)}</span>`)}</td>
<td data-label="thread late by">${formatLatency(latenessMs / 1000)}</td>
<td data-label="in flight">${runsInFlight}</td>
<td data-label="skipped slots">${overlap + late === 0 ? '0' : `${overlap} still running, ${late} late`}</td>
</tr>`;
}

function renderSource(
	{name, ok, isUnsupported, detail, seconds, lastSuccessAt, failingSince}: SourceView,
	nowMs: number,
): Html {
	const [shown, word]: [Shown, string] = isUnsupported
		? ['pending', 'not in this version']
		: ok === undefined
			? ['pending', 'not tried yet']
			: ok
				? ['up', 'read']
				: ['unknown', 'failing'];
	return html`<tr>
<th scope="row">${name}</th>
<td data-label="state">${verdictMark(shown, word)}${failingSince === undefined ? '' : html` since ${clockTime(failingSince, nowMs)} (${formatSpan(nowMs - failingSince)})`}${(ok === false || isUnsupported) && detail ? html`<span class="why under">${asSentence(detail)}</span>` : ''}</td>
<td data-label="last read">${ageOf(isUnsupported ? undefined : lastSuccessAt, nowMs)}</td>
<td data-label="took">${seconds === undefined ? html`<span class="muted">–</span>` : formatLatency(seconds)}</td>
</tr>`;
}
