/** Failing checks as a list with links to their pages: by name, target and vantage, each with its reason and what makes it differ. */

import {formatSpan} from '../../util/readable.ts';
import type {CheckView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {checkPath, clockTime, count, sayReason, shownVerdict, verdictMark} from './words.ts';

const listedAtMost = 20;
/** A check that failed so long before the others has a cause of its own, perhaps: its time is told. */
const earlierMs = 60_000;

export function listChecks(views: readonly CheckView[], sinceMs: number | undefined, nowMs: number, root = ''): Html {
	const hidden = views.length - listedAtMost;
	return html`<ul class="plain">${views.slice(0, listedAtMost).map(view => renderItem(view, sinceMs, nowMs, root))}${hidden > 0 ? html`<li>and ${count(hidden, 'more check')}</li>` : ''}</ul>`;
}

function renderItem(view: CheckView, sinceMs: number | undefined, nowMs: number, root: string): Html {
	const {check, last} = view;
	const notes = [
		last?.reason === undefined ? undefined : sayReason(last.reason, check.type),
		view.verdict === 'unknown' ? sayWasDown(view, nowMs) : sayEarlier(view, sinceMs, nowMs),
	].filter(note => note !== undefined);
	return html`<li>${verdictMark(shownVerdict(view))} <a href="${checkPath(check.key, root)}">${check.name} ${check.target.name}</a> <span class="muted">from ${check.vantage}</span>${notes.map((note, at) => html`${at > 0 ? ', ' : ' '}${note}`)}</li>`;
}

/** What was known to be down before nobody could look. */
export function sayWasDown({downSince, downReason}: CheckView, nowMs: number): Html | undefined {
	if (downSince === undefined) return undefined;
	const why = downReason === undefined ? '' : `, ${downReason}`;
	return html`was down since ${clockTime(downSince, nowMs)} (${formatSpan(nowMs - downSince)})${why}`;
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

/** Whether the failure may yet turn out to be none. */
export function isUnsure(views: readonly CheckView[]): boolean {
	return views.some(({downSince}) => downSince !== undefined) && !views.some(({confirmed}) => confirmed);
}

/** When it was seen first, while it is not confirmed. */
export function sayUnsure(views: readonly CheckView[], nowMs: number): Html {
	if (!isUnsure(views)) return html``;
	const first = Math.min(...views.flatMap(({downSince}) => downSince ?? []));
	return html` <span class="unsure">first seen ${formatSpan(nowMs - first)} ago, not confirmed yet</span>`;
}

/** When the newest of them was tried last, and by when all of them are tried again; '' where nothing ran. */
export function sayTries(views: readonly CheckView[], nowMs: number): string {
	const tried = views.flatMap(({last}) => last?.startedAt ?? []);
	if (tried.length === 0) return '';
	const within = Math.max(...views.map(({check}) => check.recheckMs ?? check.intervalMs));
	return `last tried ${formatSpan(nowMs - Math.max(...tried))} ago, again within ${formatSpan(within)}`;
}
