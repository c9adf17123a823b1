/** What is wrong now as cards: failures, then what keeps us from looking, then what nobody could look at. */

import type {PoolView} from '../../pools/types.ts';
import {formatPath, formatSpan} from '../../util/readable.ts';
import type {CheckView, SourceView} from '../types.ts';
import {type CheckTrouble, reasonOf, type SourceTrouble, type Troubles, type VantageTrouble} from './causes.ts';
import {type Html, html} from './escape.ts';
import {type FoldTrouble, sinceOfAll} from './folds.ts';
import {newestAndBroadestFirst, type Ordered} from './order.ts';
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
const foldShown = 60;
const reasonsShown = 3;
/** A check that failed so long before its tunnel has a cause of its own, perhaps: its time is told. */
const earlierMs = 60_000;

/** Undefined when nothing is wrong. */
export function renderTroubles(
	{down, folds, pools, vantages, sources, unknown}: Troubles,
	nowMs: number,
): Html | undefined {
	// Of one incident and breadth: what explains much before what may be explained.
	const cards = newestAndBroadestFirst<Card>([
		...pools.map(each => ({
			sinceMs: each.sinceMs,
			breadth: 1,
			isDown: true,
			checks: 0,
			render: () => renderShortPool(each, nowMs),
		})),
		...sources.map(each => ({
			sinceMs: sinceOfSources(each),
			breadth: each.sources.length + each.behind.length,
			isDown: each.behind.length > 0,
			checks: 0,
			render: () => renderSources(each, nowMs),
		})),
		...vantages.map((each, at) => ({
			sinceMs: each.since?.ms,
			breadth: each.blind.length,
			isDown: false,
			checks: 0,
			render: () => renderVantage(each, `blind-${at}`, nowMs),
		})),
		...folds.map((each, at) => ({
			sinceMs: each.sinceMs,
			breadth: each.views.length,
			isDown: each.cause !== 'alike',
			checks: each.views.length,
			render: () => renderFold(each, `fold-${at}`, nowMs),
		})),
		...[...down, ...unknown].map(each => ({
			sinceMs: each.view.downSince ?? each.sinceMs,
			breadth: 1 + each.behind.length,
			isDown: each.view.verdict === 'down',
			checks: 1 + each.behind.length,
			render: () => renderCheck(each, nowMs),
		})),
	]);
	if (cards.length === 0) return undefined;
	const ofChecks = cards.filter(({checks}) => checks > 0);
	const hidden = new Set(ofChecks.slice(cardsShown));
	const hiddenChecks = [...hidden].reduce((sum, {checks}) => sum + checks, 0);
	return html`<section id="wrong" aria-labelledby="wrong-title">
<h2 id="wrong-title">Wrong now</h2>
<ul class="troubles">${cards.filter(card => !hidden.has(card)).map(card => card.render())}</ul>
${hiddenChecks > 0 ? html`<p class="rest">${count(hiddenChecks, 'more check')} down or unknown, not shown here; <a href="api/v1/checks">api/v1/checks</a> has every check.</p>` : ''}
</section>`;
}

interface Card extends Ordered {
	/** Checks that are told nowhere else; 0 for cards that are always shown. */
	checks: number;
	render(): Html;
}

function renderShortPool({name, usable, min, members, sinceMs}: PoolView, nowMs: number): Html {
	const troubled = members.filter(({state}) => state !== 'usable');
	const hidden = troubled.length - behindShown;
	return html`<li class="down">
<p>${verdictMark('down', 'too few')} <b>pool ${name}</b> ${usable} of at least ${min} usable</p>
<div class="why">${troubled.slice(0, behindShown).map(({name: member, state, why}) => html`<p><b>${member}</b> ${withCode(asSentence(why ?? state))}</p>`)}${hidden > 0 ? html`<p>And ${hidden} more.</p>` : ''}${members.length < min ? html`<p>${count(members.length, 'machine')} there at all.</p>` : ''}</div>
<p class="muted small">${sinceMs === undefined ? '' : html`since ${clockTime(sinceMs, nowMs)} (${formatSpan(nowMs - sinceMs)}) · `}<a href="#pools">pools</a></p>
</li>`;
}

function renderCheck({view, behind, tunnel, sinceMs}: CheckTrouble, nowMs: number): Html {
	const {check, last, downSince} = view;
	const {path, derp_region: region, body_start: body} = last?.reading?.facts ?? {};
	const through = formatPath(path, region);
	return html`<li class="${shownVerdict(view)}">
<p>${verdictMark(shownVerdict(view))} <b>${check.name}</b> ${check.target.name} <span class="muted">from ${check.vantage}${through ? `, ${through}` : ''}</span>${sayUnsure([view], nowMs)}</p>
<div class="why">
<p>${sayReason(view)}</p>
${body ? html`<p>Its answer begins: <q>${body}</q></p>` : ''}
${tunnel ? html`<p>The tunnel to this node is up${sayTunnel(tunnel)}.</p>` : ''}
${behind.length > 0 ? html`<p>Also down behind it: ${listBehind(behind, downSince ?? last?.startedAt, nowMs)}.</p>` : ''}
</div>
<p class="muted small">${sayWhen(view, sinceMs, nowMs)}<a href="${historyPath(check.key)}">history</a></p>
</li>`;
}

function sayWhen(view: CheckView, unknownSinceMs: number | undefined, nowMs: number): Html {
	const {verdict, downSince, last} = view;
	if (verdict === 'unknown' && downSince !== undefined && unknownSinceMs !== undefined)
		return html`unknown since ${clockTime(unknownSinceMs, nowMs)} (${formatSpan(nowMs - unknownSinceMs)}) · ${sayWasDown(view, nowMs)} · ${sayNextLook([view])}`;
	if (downSince !== undefined)
		return html`down since ${clockTime(downSince, nowMs)} (${formatSpan(nowMs - downSince)}) · `;
	if (unknownSinceMs !== undefined)
		return html`unknown since ${clockTime(unknownSinceMs, nowMs)} (${formatSpan(nowMs - unknownSinceMs)}) · ${sayNextLook([view])}`;
	return last === undefined
		? html``
		: html`last tried ${clockTime(last.startedAt, nowMs)} (${formatSpan(nowMs - last.startedAt)}) · `;
}

/** What was known to be down before nobody could look. */
function sayWasDown({downSince, downReason}: CheckView, nowMs: number): Html | undefined {
	if (downSince === undefined) return undefined;
	const why = downReason === undefined ? '' : `, ${downReason}`;
	return html`was down since ${clockTime(downSince, nowMs)} (${formatSpan(nowMs - downSince)})${why}`;
}

/** How long what is unknown for our own sake stays so when that is over already: until the next run. */
function sayNextLook(views: readonly CheckView[]): string {
	if (!views.every(({last}) => last?.reason === 'vantage')) return '';
	return `looked at again within ${formatSpan(Math.max(...views.map(({check}) => check.intervalMs)))} · `;
}

/** A failure that may yet turn out to be none. */
function sayUnsure(views: readonly CheckView[], nowMs: number): Html {
	const sinces = views.flatMap(({downSince}) => downSince ?? []);
	if (sinces.length === 0 || views.some(({confirmed}) => confirmed)) return html``;
	return html` <span class="unsure">first seen ${formatSpan(nowMs - Math.min(...sinces))} ago, not confirmed yet</span>`;
}

function sayReason({last}: CheckView): Html {
	return html`${last?.reason ? html`<code>${last.reason}</code> ` : ''}${asSentence(last?.detail ?? 'The last run gave no reason')}`;
}

function sayTunnel(tunnel: CheckView): string {
	const known = describeTunnel(tunnel);
	return known === '' ? '' : ` (${known})`;
}

/** Checks of one cause: the cause in the head, one reason as an example, and every check. */
function renderFold({cause, peer, views, tunnel, sinceMs}: FoldTrouble, id: string, nowMs: number): Html {
	const [first] = views;
	if (!first) return html``;
	const vantages = [...new Set(views.map(({check}) => check.vantage))].join(', ');
	const state = cause === 'alike' ? 'unknown' : 'down';
	const checks = count(views.length, 'check');
	const reasons = new Set(views.map(({last}) => last?.reason));
	const list = listBehind(views, sinceMs, nowMs, {shownAtMost: foldShown, withReasons: reasons.size > 1});
	const heads: Record<FoldTrouble['cause'], Html> = {
		peer: html`<b>${peer}</b> ${checks} down${tunnel ? html`, its tunnel is up${sayTunnel(tunnel)}` : ''}`,
		magicdns: html`<b>MagicDNS of this machine</b> does not answer (${checks})`,
		alike: html`<b>${checks}</b> unknown for one reason`,
	};
	const since =
		sinceMs === undefined ? '' : html`${state} since ${clockTime(sinceMs, nowMs)} (${formatSpan(nowMs - sinceMs)})`;
	const next = cause === 'alike' ? sayNextLook(views).replace(/ · $/, '') : '';
	return html`<li class="${state}">
<p>${verdictMark(state)} ${heads[cause]} <span class="muted">from ${vantages}</span>${sayUnsure(views, nowMs)}</p>
<div class="why">
<p>${sayReason(first)}</p>
${views.length > behindShown ? html`<details id="${id}"><summary id="${id}-title">${checks}</summary><p>${list}</p></details>` : html`<p>${list}.</p>`}
</div>
<p class="muted small">${since}${since !== '' && next !== '' ? ' · ' : ''}${next}</p>
</li>`;
}

/** Each with its reason, and with its time where it failed long before. */
function listBehind(
	behind: readonly CheckView[],
	causeSince: number | undefined,
	nowMs: number,
	{shownAtMost, withReasons} = {shownAtMost: behindShown, withReasons: true},
): Html {
	const shown = behind.slice(0, shownAtMost).map(view => {
		const {check, last} = view;
		const notes = [
			withReasons ? last?.reason : undefined,
			view.verdict === 'unknown' ? sayWasDown(view, nowMs) : sayEarlier(view, causeSince, nowMs),
		].filter(note => note !== undefined);
		const said = notes.map((note, at) => html`${at > 0 ? ', ' : ''}${note}`);
		return html`<a href="${historyPath(check.key)}">${check.name} ${check.target.name}</a>${said.length > 0 ? html` (${said})` : ''}`;
	});
	const hidden = behind.length - shown.length;
	const listed = shown.map((each, at) => html`${at > 0 ? ', ' : ''}${each}`);
	return html`${listed}${hidden > 0 ? ` and ${count(hidden, 'more check')}` : ''}`;
}

/** That it failed long before its cause, and whether as it does now. */
function sayEarlier(
	{downSince, reasonSince = downSince}: CheckView,
	causeSince: number | undefined,
	nowMs: number,
): Html | undefined {
	if (downSince === undefined || causeSince === undefined || downSince >= causeSince - earlierMs) return undefined;
	return html`${reasonSince === downSince ? 'already' : 'down for another reason'} since ${clockTime(downSince, nowMs)}`;
}

function renderVantage({state, behind, blind, total, since, sources}: VantageTrouble, id: string, nowMs: number): Html {
	const {name, condition, detail} = state;
	const from = since
		? html` ${since.atLeast ? 'at least since' : 'since'} ${clockTime(since.ms, nowMs)} (${formatSpan(nowMs - since.ms)})`
		: '';
	const others =
		behind.length === 0 ? '' : ` and ${behind.length === 1 ? 'that' : 'those'} of what is reached through it`;
	const whose =
		behind.length > 0
			? `${blind.length} of ${count(total, 'check')}${others}`
			: blind.length === total
				? `its ${count(total, 'check')}`
				: `${blind.length} of its ${count(total, 'check')}`;
	const hidden = blind.length - blindShown;
	return html`<li class="unknown">
<p>${verdictMark('unknown', '')}<b>vantage ${name}</b> is ${condition}${from}${blind.length > 0 ? `: ${whose} ${blind.length === 1 ? 'is' : 'are'} unknown` : ''}</p>
<div class="why"><p>${withCode(asSentence(detail ?? 'It gave no reason'))}</p>
${behind.length > 0 ? html`<p>Reached through it, and so not at present: ${behind.slice(0, behindShown).join(', ')}${behind.length > behindShown ? ` and ${behind.length - behindShown} more` : ''}.</p>` : ''}
${
	blind.length > 0
		? html`<details id="${id}"><summary id="${id}-title">${count(blind.length, 'unknown check')}</summary><ul class="plain">${blind
				.slice(0, blindShown)
				.map(view => {
					const known = sayWasDown(view, nowMs);
					return html`<li><a href="${historyPath(view.check.key)}">${view.check.name} ${view.check.target.name}</a>${view.check.vantage === name ? '' : html` <span class="muted">from ${view.check.vantage}</span>`}${known ? html` (${known})` : ''}</li>`;
				})}${hidden > 0 ? html`<li>and ${hidden} more</li>` : ''}</ul></details>`
		: ''
}${sources.length > 0 ? html`<p class="muted small">Not read of it either: ${sources.map(source => source.name).join(', ')}.</p>` : ''}</div>
</li>`;
}

function renderSources(trouble: SourceTrouble, nowMs: number): Html {
	const {name, sources, behind} = trouble;
	const several = sources.length > 1;
	// What differs only in what was asked for is one reason.
	const alike = Map.groupBy(sources, ({detail}) => reasonOf(detail ?? ''));
	const reasons = [...alike.values()];
	const told = reasons.slice(0, reasonsShown);
	const ages = Array.from(Map.groupBy(sources, source => sayLastRead(source, nowMs).text).values(), same => {
		const [one] = same;
		return html`${several ? `${same.map(each => each.name).join(', ')}: ` : ''}${one && sayLastRead(one, nowMs)}`;
	});
	const sinces = sources.flatMap(({failingSince}) => failingSince ?? []);
	const since = sinces.length === 0 ? undefined : Math.min(...sinces);
	return html`<li class="${behind.length > 0 ? 'down' : 'unknown'}">
<p>${verdictMark(behind.length > 0 ? 'down' : 'unknown', 'failing')} <b>${several ? name : `source ${name}`}</b>${several ? ` ${sources.length} sources fail${reasons.length > 1 ? '' : ' alike'}` : ''}</p>
<div class="why">${told.map(group => html`<p>${reasons.length > 1 ? html`<b>${group.map(each => each.name).join(', ')}</b> ` : ''}${asSentence(group[0]?.detail ?? 'It gave no reason')}</p>`)}
${reasons.length > told.length ? html`<p>And ${count(reasons.length - told.length, 'more reason')}; <a href="#sources">the sources</a> have them.</p>` : ''}
${behind.length > 0 ? html`<p>Also down behind it: ${listBehind(behind, since, nowMs)}.</p>` : ''}</div>
<p class="muted small">${since === undefined ? '' : html`failing since ${clockTime(since, nowMs)} (${formatSpan(nowMs - since)}) · `}${ages.map((age, at) => html`${at > 0 ? ' · ' : ''}${age}`)}</p>
</li>`;
}

/** When the newest of it began: what failed for longer keeps no new failure down the page. */
function sinceOfSources({sources, behind}: SourceTrouble): number | undefined {
	const sinces = [...sources.map(({failingSince}) => failingSince), sinceOfAll(behind)].filter(
		each => each !== undefined,
	);
	return sinces.length === 0 ? undefined : Math.max(...sinces);
}

function sayLastRead({lastSuccessAt}: SourceView, nowMs: number): Html {
	if (lastSuccessAt === undefined) return html`never read`;
	return html`last read ${formatSpan(nowMs - lastSuccessAt)} ago`;
}
