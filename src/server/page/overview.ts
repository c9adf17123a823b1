/** The top of the page: the whole in one sentence and a few numbers, and then what is wrong now. */

import {formatPath, formatSpan} from '../../util/readable.ts';
import {countChecks} from '../json.ts';
import type {CheckView, DaemonView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {ageOf, badness, clockTime, count, shownVerdict, verdictMark, verdictWords} from './words.ts';

/** At most so many checks are listed; a count tells of the rest. */
const troublesShown = 40;

/** The whole in a few words, for the window's title too. */
export function headline(checks: readonly CheckView[]): string {
	const {total, up, down, unknown, pending} = countChecks(checks);
	if (total === 0) return 'no checks yet';
	if (down > 0) return `${down} down`;
	if (pending === total) return 'first runs under way';
	if (unknown > 0) return `${unknown} unknown`;
	return pending > 0 ? `${up} up, ${pending} not run yet` : 'all up';
}

export function renderHeader(view: DaemonView, checks: readonly CheckView[], nowMs: number): Html {
	const counts = countChecks(checks);
	const {up, down, unknown} = counts;
	const failing = view.sources().filter(({ok}) => ok === false).length;
	const sick = view.vantages().filter(({condition}) => condition === 'sick' || condition === 'gone').length;
	const state = down > 0 ? 'down' : unknown > 0 || failing > 0 || sick > 0 ? 'unknown' : up > 0 ? 'up' : 'pending';
	return html`<header class="top ${state}">
<h1><span class="name">tailprobe</span> ${headline(checks)}</h1>
<ul class="counts">
${(['up', 'down', 'unknown', 'pending'] as const).filter(kind => counts[kind] > 0).map(kind => html`<li>${verdictMark(kind, `${counts[kind]} ${verdictWords[kind]}`)}</li>`)}
${failing > 0 ? html`<li><a href="#sources">${count(failing, 'source')} failing</a></li>` : ''}
${sick > 0 ? html`<li><a href="#vantages">${count(sick, 'vantage')} not sound</a></li>` : ''}
</ul>
<p class="asof muted">${clockTime(nowMs, nowMs)}</p>
</header>`;
}

/** Failures, newest incidents first; then what keeps us from looking, and what nobody could look at. */
export function renderTroubles(view: DaemonView, checks: readonly CheckView[], nowMs: number): Html {
	const bad = checks.filter(({ran, verdict}) => ran && verdict !== 'up').toSorted(compareTroubles);
	const shown = bad.slice(0, troublesShown);
	const troubles = [
		...shown.filter(({verdict}) => verdict === 'down').map(each => renderTrouble(each, nowMs)),
		...listVantageTroubles(view),
		...listSourceTroubles(view, nowMs),
		...shown.filter(({verdict}) => verdict !== 'down').map(each => renderTrouble(each, nowMs)),
	];
	if (troubles.length === 0) return html`<section id="wrong" class="fine">${renderCalm(view, checks)}</section>`;
	const hidden = bad.length - shown.length;
	return html`<section id="wrong" aria-labelledby="wrong-title">
<h2 id="wrong-title">Wrong now</h2>
<ul class="troubles">${troubles}</ul>
${hidden > 0 ? html`<p class="rest">${count(hidden, 'more check')} down or unknown, not shown here; <a href="api/v1/checks">api/v1/checks</a> has every check.</p>` : ''}
</section>`;
}

/** Newest minute first; within a minute the tunnel before what runs through it. */
function compareTroubles(one: CheckView, other: CheckView): number {
	const minute = ({downSince = 0}: CheckView) => Math.floor(downSince / 60_000);
	const rank = ({check}: CheckView) => (check.type === 'tunnel' ? 0 : 1);
	return (
		badness(other) - badness(one) ||
		minute(other) - minute(one) ||
		rank(one) - rank(other) ||
		(one.check.key < other.check.key ? -1 : 1)
	);
}

function renderTrouble(trouble: CheckView, nowMs: number): Html {
	const {check, last, downSince, confirmed} = trouble;
	const {path, derp_region: region} = last?.reading?.facts ?? {};
	const through = formatPath(path, region);
	const since = downSince === undefined ? last?.startedAt : downSince;
	return html`<li class="${shownVerdict(trouble)}">
<p>${verdictMark(shownVerdict(trouble))} <b>${check.name}</b> ${check.target.name} <span class="muted">from ${check.vantage}${through ? `, ${through}` : ''}</span></p>
<p class="why">${last?.reason ? html`<code>${last.reason}</code> ` : ''}${last?.detail ?? 'The last run gave no reason.'}</p>
<p class="muted small">${since === undefined ? '' : html`${downSince === undefined ? 'last tried' : 'down since'} ${clockTime(since, nowMs)} (${formatSpan(nowMs - since)}) · `}${
		downSince !== undefined && !confirmed ? 'not confirmed yet · ' : ''
	}<a href="api/v1/checks/${encodeURIComponent(check.key)}/history">history</a></p>
</li>`;
}

function listVantageTroubles(view: DaemonView): Html[] {
	const unsound = view.vantages().filter(({condition}) => condition === 'sick' || condition === 'gone');
	return unsound.map(
		({name, condition, detail}) => html`<li class="unknown">
<p>${verdictMark('unknown', condition)} <b>vantage ${name}</b></p>
<p class="why">${detail ?? 'It gave no reason.'} Its checks are unknown meanwhile.</p>
</li>`,
	);
}

function listSourceTroubles(view: DaemonView, nowMs: number): Html[] {
	const failing = view.sources().filter(({ok}) => ok === false);
	return failing.map(
		({name, detail, lastSuccessAt}) => html`<li class="unknown">
<p>${verdictMark('unknown', 'failing')} <b>source ${name}</b></p>
<p class="why">${detail ?? 'It gave no reason.'}</p>
<p class="muted small">${lastSuccessAt === undefined ? 'never read' : html`last read ${ageOf(lastSuccessAt, nowMs)}`}</p>
</li>`,
	);
}

function renderCalm(view: DaemonView, checks: readonly CheckView[]): Html {
	if (checks.length === 0) return renderNoChecks(view);
	const waiting = checks.filter(({ran}) => !ran).length;
	if (waiting === checks.length)
		return html`<p><b>The first runs are under way.</b> Starts are spread over each check's interval, so the last one begins within ${formatSpan(Math.max(...checks.map(({check}) => check.intervalMs)))}.</p>`;
	if (waiting > 0)
		return html`<p>Nothing is wrong so far; ${count(waiting, 'check has', 'checks have')} not run yet.</p>`;
	return html`<p>Nothing is wrong.</p>`;
}

function renderNoChecks(view: DaemonView): Html {
	const unread = view.sources().some(({ok}) => ok !== true);
	return html`<p><b>There is nothing to watch yet.</b> ${
		unread
			? 'Checks of nodes begin as soon as headscale has listed them; the sources below say how far that is.'
			: 'Add a check to the configuration file, then reload it with SIGHUP or with a POST to /-/reload:'
	}</p>
<pre>checks:
  - name: tunnel
    prober: tunnel
    nodes: {}          # every node that headscale lists
    interval: 15s
  - name: livekit
    module: http_2xx
    targets: [{name: livekit, target: "http://livekit:7880/"}]
    via: tailnet</pre>`;
}
