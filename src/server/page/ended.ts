/** What failed within the last minutes and works again: the page of what is wrong has no memory of it. */

import {formatSpan} from '../../util/readable.ts';
import {count} from '../../util/words.ts';
import type {CheckView, Outcome} from '../types.ts';
import {type Html, html} from './escape.ts';
import type {Snapshot} from './snapshot.ts';
import {checkPath, clockTime, sayReason, verdictMark} from './words.ts';

/** Minutes of the strip that count as lately. */
const minutes = 15;
const rowsShown = 10;
/** Histories are unpacked one by one. */
const historiesAtMost = 200;

export function renderEnded({checks, recent, nowMs}: Pick<Snapshot, 'checks' | 'recent' | 'nowMs'>): Html {
	const rows = listEnded(checks, key => recent(key), nowMs);
	if (rows.length === 0) return html``;
	const hidden = rows.length - rowsShown;
	return html`<section id="ended" aria-labelledby="ended-title">
<h2 id="ended-title">Ended lately <span class="muted">in the last ${minutes} min</span></h2>
<ul class="ended">${rows.slice(0, rowsShown).map(row => renderRow(row, nowMs))}</ul>
${hidden > 0 ? html`<p class="rest">and ${count(hidden, 'more row')}.</p>` : ''}
</section>`;
}

/** Of one machine and for one reason. */
interface Ended {
	machine: string;
	verdict: 'down' | 'unknown';
	reason: string;
	fromMs: number;
	toMs: number;
	/** The one that failed first before the others. */
	views: CheckView[];
}

/** The last to end first. */
function listEnded(checks: readonly CheckView[], recent: (key: string) => readonly Outcome[], nowMs: number): Ended[] {
	const rows = new Map<string, Ended>();
	for (const view of checks.filter(hasFailedLately).slice(0, historiesAtMost)) {
		const failure = lastFailure(recent(view.check.key));
		if (!failure || failure.toMs < nowMs - minutes * 60_000) continue;
		const {peer, name} = view.check.target;
		const machine = failure.reason === 'vantage' ? view.check.vantage : peer || name;
		const id = JSON.stringify([machine, failure.verdict, failure.reason]);
		const row = rows.get(id);
		if (!row) {
			rows.set(id, {...failure, machine, views: [view]});
			continue;
		}
		if (failure.fromMs < row.fromMs) row.views.unshift(view);
		else row.views.push(view);
		row.fromMs = Math.min(row.fromMs, failure.fromMs);
		row.toMs = Math.max(row.toMs, failure.toMs);
	}
	return [...rows.values()].toSorted((one, other) => other.toMs - one.toMs);
}

function hasFailedLately({verdict, ran, strip}: CheckView): boolean {
	return ran && verdict === 'up' && strip.slice(-minutes).some(bucket => bucket && bucket.down + bucket.unknown > 0);
}

/** The last row of runs that were not up, until the run that was again; undefined where none is known. Newest first. */
function lastFailure(runs: readonly Outcome[]): Pick<Ended, 'verdict' | 'reason' | 'fromMs' | 'toMs'> | undefined {
	const newest = runs.findIndex(({verdict}) => verdict !== 'up');
	const up = runs[newest - 1];
	if (newest < 1 || !up) return undefined;
	const before = runs.findIndex(({verdict}, at) => at > newest && verdict === 'up');
	const failed = runs.slice(newest, before === -1 ? undefined : before);
	// What was down says more than what could not be looked at before or after.
	const telling = failed.find(({verdict}) => verdict === 'down') ?? failed[0];
	const first = failed.at(-1);
	if (!telling || !first) return undefined;
	return {
		verdict: telling.verdict === 'down' ? 'down' : 'unknown',
		reason: telling.reason ?? 'no reason given',
		fromMs: first.startedAt,
		toMs: up.startedAt,
	};
}

function renderRow({machine, verdict, reason, fromMs, toMs, views}: Ended, nowMs: number): Html {
	const [lead] = views;
	const more = views.length - 1;
	return html`<li><span>${clockTime(fromMs, nowMs)} to ${clockTime(toMs, nowMs)} <span class="muted">(${formatSpan(toMs - fromMs)})</span></span> <span>${verdictMark(verdict)} <b>${machine}</b>: ${sayReason(reason, lead?.check.type)}${lead ? html` <span class="small"><a href="${checkPath(lead.check.key)}">${lead.check.name} ${lead.check.target.name}</a> <span class="muted">from ${lead.check.vantage}${more > 0 ? `, and ${count(more, 'more check')}` : ''}</span></span>` : ''}</span></li>`;
}
