/** The page of one check: how it stands, why, its ladder, and its runs. */

import {diagnose} from '../../diagnosis/diagnose.ts';
import {worldNow} from '../../diagnosis/world-now.ts';
import {formatSpan} from '../../util/readable.ts';
import {showAddress} from '../json.ts';
import type {CheckView, DaemonView, DiagnoseAnswer} from '../types.ts';
import {isUnsure, sayUnsure, sayWasDown} from './check-list.ts';
import {renderColophon, renderDocument, renderTrail} from './document.ts';
import {type Html, html} from './escape.ts';
import {renderDiagnosis} from './ladder.ts';
import {renderPhases} from './phases.ts';
import {renderProbeForm} from './probe-form.ts';
import {renderRuns} from './runs.ts';
import {drawStrip, renderStripLegend, sayHour} from './strip.ts';
import {nodesOf, problemOf, renderAsk, tailprobeCommand} from './subject-parts.ts';
import {ageOf, checkPath, clockTime, nodePath, shownVerdict, verdictMark} from './words.ts';

/** The page as it is now; undefined where there is no such check. With an answer it tells that, and does not ask for itself again. */
export function renderCheckPage(
	view: DaemonView,
	key: string,
	nowMs: number,
	answer?: DiagnoseAnswer,
): string | undefined {
	const world = worldNow(view, nowMs);
	const now = view.check(key);
	// As its diagnosis sees it; one that was just added is not in there yet.
	const known = now && (world.check(key) ?? now);
	const history = view.history(key);
	if (!known || !history) return undefined;
	const {check} = known;
	const root = answer ? '../../' : '../';
	const told = answer?.kind === 'diagnosed' ? answer : undefined;
	const diagnosis = told?.diagnosis ?? diagnose(world, {kind: 'check', check});
	const shown = told && known.ran ? told.diagnosis.verdict : shownVerdict(known);
	const probed = {target: check.target.name, module: 'http_2xx', check: check.name, from: check.vantage};
	const shownRuns = new Set(history.recent.map(({startedAt}) => startedAt));
	const failures = history.failures.filter(({startedAt}) => !shownRuns.has(startedAt));
	const main = html`${renderTrail(root, `check ${check.name}`)}
<header class="top ${shown}">
<h1>${verdictMark(shown)} ${check.name} ${check.target.name} <span class="name">from ${check.vantage}</span>${sayUnsure([known], nowMs)}</h1>
<p class="asof muted">${clockTime(nowMs, nowMs)}</p>
</header>
<p>${saySince(known, nowMs)}</p>
${renderAsk(answer ? 'diagnose' : `${checkPath(key, root)}/diagnose`, problemOf(answer))}
${answer ? html`<p class="small"><a href="${checkPath(key, root)}">back to the page that follows this check</a></p>` : ''}
${renderDiagnosis(diagnosis, told?.unasked ?? [], {nowMs, root, isNode: nodesOf(world)}, isUnsure([known]))}
${renderLast(known)}
<section id="hour" aria-labelledby="hour-title"><h2 id="hour-title">The last hour</h2>
${renderStripLegend()}${drawStrip(known.strip, 'large')}
<details id="hour-words"><summary id="hour-words-title">in words</summary>${sayHour(known.strip, nowMs)}</details></section>
${renderRuns({id: 'recent', title: 'Recent runs', check, runs: history.recent, none: 'It has not run yet.'}, nowMs)}
${renderRuns({id: 'failures', title: 'Failures, kept longer', check, runs: failures, none: 'No failure besides those above is kept.'}, nowMs)}
<section id="about" aria-labelledby="about-title"><h2 id="about-title">About this check</h2>
<dl class="facts">${listFacts(known, root).map(([term, told]) => html`<dt>${term}</dt><dd>${told}</dd>`)}</dl>
${tailprobeCommand(['diagnose', key], 'The same in a terminal.')}
${tailprobeCommand(['probe', '--check', check.name, '--from', check.vantage, check.target.name], 'One run of it now.')}
<p class="small"><a href="${root}api/v1/checks/${encodeURIComponent(key.toWellFormed())}/history">its runs as JSON</a></p></section>`;
	return renderDocument({
		title: `${shown} ${check.name} ${check.target.name}`,
		root,
		main,
		footer: html`${renderProbeForm(view.vantages(), world.checks, probed, root)}${renderColophon(view.version, root)}`,
		refreshes: answer === undefined,
		skipTo: {id: 'ladder', words: 'Skip to the ladder'},
	});
}

function saySince(view: CheckView, nowMs: number): Html {
	const {verdict, ran, downSince, unknownSince, last, check} = view;
	const span = (ms: number) => html`${clockTime(ms, nowMs)} (${formatSpan(nowMs - ms)})`;
	if (!ran) return html`It has not run yet; its first run begins within ${formatSpan(check.intervalMs)}.`;
	const next = formatSpan(verdict === 'up' ? check.intervalMs : (check.recheckMs ?? check.intervalMs));
	const tries = html`last tried ${ageOf(last?.startedAt, nowMs)}, again within ${next}`;
	if (verdict === 'down' && downSince !== undefined) return html`Down since ${span(downSince)}; ${tries}.`;
	if (verdict === 'unknown') {
		const was = sayWasDown(view, nowMs);
		const since = unknownSince
			? html` ${unknownSince.atLeast ? 'at least since' : 'since'} ${span(unknownSince.ms)}`
			: '';
		return html`Unknown${since}${was ? html`, ${was}` : ''}; ${tries}.`;
	}
	return html`${verdict === 'up' ? 'Up' : 'Down'}; ${tries}.`;
}

function renderLast({check, last}: CheckView): Html {
	if (!last) return html``;
	const phases = renderPhases(check, last);
	return phases.text === ''
		? html``
		: html`<section id="last" aria-labelledby="last-title"><h2 id="last-title">The last run</h2>${phases}</section>`;
}

function listFacts({check, last}: CheckView, root: string): [term: string, told: Html | string][] {
	const {address, resolved_by: by} = last?.reading?.facts ?? {};
	const {target, expect, objectiveMs} = check;
	const facts: [string, Html | string | undefined][] = [
		['target', `${showAddress(target.address)}, via ${target.via}`],
		['node', target.peer === '' ? undefined : html`<a href="${nodePath(target.peer, root)}">${target.peer}</a>`],
		['address', address && `${address}${by ? `, by ${by}` : ''}`],
		['type', `${check.type}, every ${check.intervalMs / 1000} s, at most ${check.timeoutMs / 1000} s`],
		['wanted', expect === undefined ? undefined : 'nothing may answer there'],
		['objective', objectiveMs === undefined ? undefined : `${objectiveMs} ms`],
		['confirmed', check.confirm > 1 ? `after ${check.confirm} failures in a row` : undefined],
	];
	return facts.flatMap(([term, told]) => (told === undefined ? [] : [[term, told] as [string, Html | string]]));
}
