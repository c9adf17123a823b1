/** The status page. */

import {type Note, sayAlone} from '../../notes/types.ts';
import type {DaemonView} from '../types.ts';
import {renderColophon, renderDocument} from './document.ts';
import {renderEnded} from './ended.ts';
import {type Html, html} from './escape.ts';
import {headline} from './headline.ts';
import {renderIncidents} from './incident-cards.ts';
import {renderMatrix} from './matrix.ts';
import {renderNodes} from './nodes.ts';
import {renderNotes} from './note-cards.ts';
import {findNotes} from './notes.ts';
import {renderCalm, renderHeader} from './overview.ts';
import {renderPools, renderRented} from './pools.ts';
import {renderProbeForm} from './probe-form.ts';
import {type LongPart, linkTo, type PageQuery, wholePage} from './query.ts';
import {type Snapshot, takeSnapshot} from './snapshot.ts';
import {renderProblems, renderSources, renderVantages} from './sources.ts';

/** The page as it is now; `nowMs` is the wall clock that ages are counted from. */
export function renderPage(view: DaemonView, nowMs: number, query: PageQuery = wholePage): string {
	const snapshot = takeSnapshot(view, nowMs);
	const {checks, pools, rented, machines, sources, vantages, problems} = snapshot;
	const notes = findNotes(snapshot).filter(note => !isTold(note, snapshot));
	const pressing = notes.filter(({isMild}) => !isMild).length;
	const parts: Record<LongPart, () => Html> = {
		incidents: () => renderIncidents(snapshot, query) ?? renderCalm(snapshot, pressing),
		checks: () => renderMatrix(checks, query),
		nodes: () => renderNodes(snapshot, query),
	};
	const main = query.all
		? html`${renderHeader(snapshot, pressing)}${parts[query.all]()}`
		: html`${renderHeader(snapshot, pressing)}
${parts.incidents()}
${renderEnded(snapshot)}
${renderNotes(notes)}
${renderPools(pools, machines, nowMs)}
${parts.checks()}
${parts.nodes()}
${renderRented(rented, machines, nowMs)}
${renderVantages(vantages)}
${renderSources(sources, nowMs)}
${renderProblems(problems)}`;
	return renderDocument({
		title: headline(snapshot, pressing),
		root: '',
		above: renderFilter(query),
		main,
		footer: html`${renderProbeForm(vantages, checks)}${renderColophon(view.version, '')}`,
		refreshes: true,
		skipTo: {id: 'checks', words: 'Skip to the checks'},
	});
}

/** What an incident says already, in its own words or as evidence. */
function isTold(note: Note, {incidents}: Snapshot): boolean {
	const alone = sayAlone(note);
	return incidents.some(({cause}) =>
		[cause, ...cause.evidence].some(({says}) => says.includes(note.says) || says.includes(alone)),
	);
}

/** For incidents, checks and nodes at once; a part that is shown alone stays so. */
function renderFilter(query: PageQuery): Html {
	const {filter, all} = query;
	return html`<search><form method="get" action="./" class="filter">
<label>show only <input type="search" name="filter" value="${filter}" maxlength="200" size="22" placeholder="june-gpu down" autocomplete="off" autocapitalize="off" spellcheck="false"></label>${all ? html`<input type="hidden" name="all" value="${all}">` : ''}
<button>Filter</button>${filter === '' ? '' : html` <a href="${linkTo({...query, filter: ''}, all)}">everything</a>`}
</form>
<nav aria-label="Parts of the page">${['incidents', 'checks', 'nodes', 'vantages', 'sources', 'probe'].map(part => html`<a href="${all ? linkTo(query) : ''}#${part}">${part}</a> `)}</nav></search>`;
}
