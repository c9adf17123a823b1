/** What is wrong now as cards: failures, then what keeps us from looking, then what nobody could look at. */

import {formatPath, formatSpan} from '../../util/readable.ts';
import type {CheckView, SourceView} from '../types.ts';
import type {CheckTrouble, SourceTrouble, Troubles, VantageTrouble} from './causes.ts';
import {type Html, html} from './escape.ts';
import {
	asSentence,
	clockTime,
	count,
	describeTunnel,
	historyPath,
	shownVerdict,
	verdictMark,
	withCode,
} from './words.ts';

/** At most so many checks get a card; a count tells of the rest. */
const cardsShown = 40;
/** Inside a card: checks behind a tunnel, and checks of a vantage. */
const behindShown = 10;
const blindShown = 100;
/** A check that failed so long before its tunnel has a cause of its own, perhaps: its time is told. */
const earlierMs = 60_000;

/** Undefined when nothing is wrong. */
export function renderTroubles({down, vantages, sources, unknown}: Troubles, nowMs: number): Html | undefined {
	if (down.length + vantages.length + sources.length + unknown.length === 0) return undefined;
	const shownDown = down.slice(0, cardsShown);
	const shownUnknown = unknown.slice(0, cardsShown - shownDown.length);
	const hidden = [...down.slice(shownDown.length), ...unknown.slice(shownUnknown.length)];
	const hiddenChecks = hidden.reduce((sum, {behind}) => sum + 1 + behind.length, 0);
	return html`<section id="wrong" aria-labelledby="wrong-title">
<h2 id="wrong-title">Wrong now</h2>
<ul class="troubles">${[
		...shownDown.map(each => renderCheck(each, nowMs)),
		...vantages.map((each, at) => renderVantage(each, `blind-${at}`, nowMs)),
		...sources.map(each => renderSources(each, nowMs)),
		...shownUnknown.map(each => renderCheck(each, nowMs)),
	]}</ul>
${hiddenChecks > 0 ? html`<p class="rest">${count(hiddenChecks, 'more check')} down or unknown, not shown here; <a href="api/v1/checks">api/v1/checks</a> has every check.</p>` : ''}
</section>`;
}

function renderCheck({view, behind, tunnel}: CheckTrouble, nowMs: number): Html {
	const {check, last, downSince, confirmed} = view;
	const {path, derp_region: region, body_start: body} = last?.reading?.facts ?? {};
	const through = formatPath(path, region);
	const since = downSince === undefined ? last?.startedAt : downSince;
	const known = tunnel && describeTunnel(tunnel);
	return html`<li class="${shownVerdict(view)}">
<p>${verdictMark(shownVerdict(view))} <b>${check.name}</b> ${check.target.name} <span class="muted">from ${check.vantage}${through ? `, ${through}` : ''}</span></p>
<div class="why">
<p>${last?.reason ? html`<code>${last.reason}</code> ` : ''}${asSentence(last?.detail ?? 'The last run gave no reason')}</p>
${body ? html`<p>Its answer begins: <q>${body}</q></p>` : ''}
${tunnel ? html`<p>The tunnel to this node is up${known ? ` (${known})` : ''}.</p>` : ''}
${behind.length > 0 ? renderBehind(behind, since, nowMs) : ''}
</div>
<p class="muted small">${since === undefined ? '' : html`${downSince === undefined ? 'last tried' : 'down since'} ${clockTime(since, nowMs)} (${formatSpan(nowMs - since)}) · `}${
		downSince !== undefined && !confirmed ? 'not confirmed yet · ' : ''
	}<a href="${historyPath(check.key)}">history</a></p>
</li>`;
}

function renderBehind(behind: readonly CheckView[], tunnelSince: number | undefined, nowMs: number): Html {
	const shown = behind.slice(0, behindShown).map(({check, last, downSince}) => {
		const earlier = downSince !== undefined && tunnelSince !== undefined && downSince < tunnelSince - earlierMs;
		const notes = [last?.reason, earlier ? html`already since ${clockTime(downSince, nowMs)}` : undefined].filter(
			note => note !== undefined,
		);
		const said = notes.map((note, at) => html`${at > 0 ? ', ' : ''}${note}`);
		return html`<a href="${historyPath(check.key)}">${check.name} ${check.target.name}</a>${said.length > 0 ? html` (${said})` : ''}`;
	});
	const hidden = behind.length - shown.length;
	const listed = shown.map((each, at) => html`${at > 0 ? ', ' : ''}${each}`);
	return html`<p>Also down behind it: ${listed}${hidden > 0 ? ` and ${count(hidden, 'more check')}` : ''}.</p>`;
}

function renderVantage({state, blind, total, since, sources}: VantageTrouble, id: string, nowMs: number): Html {
	const {name, condition, detail} = state;
	const from = since
		? html` ${since.atLeast ? 'at least since' : 'since'} ${clockTime(since.ms, nowMs)} (${formatSpan(nowMs - since.ms)})`
		: '';
	const whose =
		blind.length === total ? `its ${count(total, 'check')}` : `${blind.length} of its ${count(total, 'check')}`;
	const hidden = blind.length - blindShown;
	return html`<li class="unknown">
<p>${verdictMark('unknown', '')}<b>vantage ${name}</b> is ${condition}${from}${blind.length > 0 ? `: ${whose} ${blind.length === 1 ? 'is' : 'are'} unknown` : ''}</p>
<div class="why"><p>${withCode(asSentence(detail ?? 'It gave no reason'))}</p>
${
	blind.length > 0
		? html`<details id="${id}"><summary id="${id}-title">${count(blind.length, 'unknown check')}</summary><ul class="plain">${blind.slice(0, blindShown).map(({check, downSince}) => html`<li><a href="${historyPath(check.key)}">${check.name} ${check.target.name}</a>${downSince === undefined ? '' : html`, down since ${clockTime(downSince, nowMs)} as far as is known`}</li>`)}${hidden > 0 ? html`<li>and ${hidden} more</li>` : ''}</ul></details>`
		: ''
}${sources.length > 0 ? html`<p class="muted small">Not read of it either: ${sources.map(source => source.name).join(', ')}.</p>` : ''}</div>
</li>`;
}

function renderSources({name, sources}: SourceTrouble, nowMs: number): Html {
	const several = sources.length > 1;
	const reasons = [...Map.groupBy(sources, ({detail}) => asSentence(detail ?? 'It gave no reason'))];
	// Those of headscale differ at most in what was asked for.
	const told = name === 'tailscaled' ? reasons : reasons.slice(0, 1);
	const ages = Array.from(Map.groupBy(sources, source => sayLastRead(source, nowMs).text).values(), alike => {
		const [one] = alike;
		return html`${several ? `${alike.map(each => each.name).join(', ')}: ` : ''}${one && sayLastRead(one, nowMs)}`;
	});
	return html`<li class="unknown">
<p>${verdictMark('unknown', 'failing')} <b>${several ? name : `source ${name}`}</b>${several ? ` ${sources.length} sources fail${told.length > 1 ? '' : ' alike'}` : ''}</p>
<div class="why">${told.map(([reason, alike]) => html`<p>${told.length > 1 ? html`<b>${alike.map(each => each.name).join(', ')}</b> ` : ''}${reason}</p>`)}</div>
<p class="muted small">${ages.map((age, at) => html`${at > 0 ? ' · ' : ''}${age}`)}</p>
</li>`;
}

function sayLastRead({lastSuccessAt}: SourceView, nowMs: number): Html {
	if (lastSuccessAt === undefined) return html`never read`;
	return html`last read ${formatSpan(nowMs - lastSuccessAt)} ago`;
}
