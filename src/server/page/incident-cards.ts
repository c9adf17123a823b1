/** What is wrong now as cards, each fault once, worst first: its cause, since when, how sure that is, and what to do next. */

import type {Incident} from '../../diagnosis/incidents.ts';
import {hashText} from '../../util/hash.ts';
import {formatSpan} from '../../util/readable.ts';
import type {CheckView, SourceView} from '../types.ts';
import {renderCommand, renderCommands, renderEvidence, sayConfidence} from './cause-parts.ts';
import {listChecks, sayTries, sayUnsure, sayWasDown} from './check-list.ts';
import {type Html, html} from './escape.ts';
import {newestAndBroadestFirst} from './order.ts';
import {renderPaging} from './paging.ts';
import {linkTo, matcherOf, matchesCheck, type PageQuery, slicePage, wholePage} from './query.ts';
import type {Snapshot} from './snapshot.ts';
import {systemOf} from './source-groups.ts';
import {asSentence, checkPath, clockTime, count, nodePath, type Shown, verdictMark, withCode} from './words.ts';

const shownAtMost = 20;
const ofAPage = 40;

/** Undefined where nothing is wrong. */
export function renderIncidents(
	{incidents, sources, nowMs}: Pick<Snapshot, 'incidents' | 'sources' | 'nowMs'>,
	query: PageQuery = wholePage,
): Html | undefined {
	if (incidents.length === 0) return undefined;
	const matches = matcherOf(query);
	const found = worstFirst(incidents).filter(
		({state, about, cause, checks}) =>
			matches(state, about, cause.title, cause.about, cause.says) || checks.some(view => matchesCheck(matches, view)),
	);
	const isWhole = query.all === 'incidents';
	const {shown, ...paging} = slicePage(found, isWhole ? query : wholePage, isWhole ? ofAPage : shownAtMost);
	const hidden = found.length - shown.length;
	const number =
		query.filter === '' ? `${incidents.length}` : `${found.length} of ${incidents.length} have “${query.filter}”`;
	return html`<section id="incidents" aria-labelledby="incidents-title">
<h2 id="incidents-title">Incidents <span class="muted">${number}</span></h2>
<ul class="troubles">${shown.map(incident => renderIncident(incident, sources, nowMs))}</ul>
${isWhole ? renderPaging('incidents', query, paging) : hidden > 0 ? html`<p class="rest">${count(hidden, 'more incident')} not shown here; <a href="${linkTo(query, 'incidents')}">show all incidents</a>.</p>` : ''}
</section>`;
}

const ranks: Record<Incident['state'], number> = {down: 0, unknown: 1, degraded: 2};

/** What is down before what nobody can look at before what is only worse than wanted; of each the newest first. */
function worstFirst(incidents: readonly Incident[]): Incident[] {
	const ordered = incidents.map(incident => ({incident, sinceMs: incident.sinceMs, breadth: incident.checks.length}));
	return [...Map.groupBy(ordered, ({incident: {state}}) => state)]
		.toSorted(([one], [other]) => ranks[one] - ranks[other])
		.flatMap(([, same]) => newestAndBroadestFirst(same).map(({incident}) => incident));
}

const marks: Record<Incident['state'], [Shown, string]> = {
	down: ['down', 'down'],
	unknown: ['unknown', 'unknown'],
	degraded: ['pending', 'degraded'],
};

/** One fault. `sources`: those that it may have the ages of. `root` leads to the status page. */
export function renderIncident(
	{id, state, cause, sinceMs, checks, about}: Incident,
	sources: readonly SourceView[],
	nowMs: number,
	root = '',
): Html {
	const [lead] = checks;
	const slug = `i-${hashText(id).toString(36)}`;
	const [first, ...others] = cause.next;
	const body = lead?.last?.reading?.facts.body_start;
	const reads = sayReads(cause, sources, nowMs);
	return html`<li class="${state}" id="${slug}">
<h3>${verdictMark(...marks[state])} ${cause.title} <span class="about">${about}</span>${sayUnsure(checks, nowMs)}</h3>
<p class="muted small since">${sinceMs === undefined ? '' : html`since ${clockTime(sinceMs, nowMs)} (${formatSpan(nowMs - sinceMs)})`}</p>
<div class="why">
<p>${withCode(asSentence(cause.says))}</p>
${body ? html`<p>Its answer begins: <q>${body}</q></p>` : ''}
<p class="muted small">${sayConfidence(cause.confidence)}${lead?.verdict === 'unknown' ? sayBlind(lead, checks, nowMs) : ''}${reads === '' ? '' : ` ${reads}`}</p>
${renderCommand(first, slug)}
${checks.length === 0 ? '' : html`<details id="${slug}-checks"><summary id="${slug}-checks-title">${count(checks.length, 'check')} ${checks.length === 1 ? 'fails' : 'fail'} for it</summary>${listChecks(checks, sinceMs, nowMs, root)}</details>`}
<details id="${slug}-more"><summary id="${slug}-more-title">What was seen, and what it means</summary>${renderEvidence(cause.evidence, nowMs)}<p>${withCode(cause.means)}</p>${renderCommands(others, slug)}</details>
${renderLinks(lead, cause.about, root)}
</div>
</li>`;
}

/** Of what nobody could look at: what was known before, and when it is tried again. */
function sayBlind(lead: CheckView, checks: readonly CheckView[], nowMs: number): Html {
	const known = sayWasDown(lead, nowMs);
	const tries = sayTries(checks, nowMs);
	return html`${known ? html` It ${known}.` : ''}${tries === '' ? '' : ` ${asSentence(tries)}`}`;
}

/** How old what is known is of systems that cannot be read. */
function sayReads({about, evidence}: Incident['cause'], sources: readonly SourceView[], nowMs: number): string {
	const failing = sources.filter(
		source =>
			source.ok === false &&
			(systemOf(source) === about || evidence.some(({says}) => says.startsWith(`${source.name} `))),
	);
	const ages = Map.groupBy(failing, ({lastSuccessAt, lastTriedAt}) => {
		const read = lastSuccessAt === undefined ? 'never read' : `last read ${formatSpan(nowMs - lastSuccessAt)} ago`;
		return lastTriedAt === undefined ? read : `${read}, last tried ${formatSpan(nowMs - lastTriedAt)} ago`;
	});
	return Array.from(ages, ([age, same]) => asSentence(`${same.map(({name}) => name).join(', ')}: ${age}`)).join(' ');
}

function renderLinks(lead: CheckView | undefined, about: string, root: string): Html {
	const node = /^node (.+)$/.exec(about)?.[1] ?? (lead?.check.target.peer || undefined);
	const pool = about.startsWith('pool ');
	const links = [
		lead &&
			html`<a href="${checkPath(lead.check.key, root)}">ladder and history of ${lead.check.name} ${lead.check.target.name}</a>`,
		node && html`<a href="${nodePath(node, root)}">node ${node}</a>`,
		pool && html`<a href="${root}#pools">pools</a>`,
	].filter(link => link instanceof Object);
	return links.length === 0
		? html``
		: html`<p class="small">${links.map((link, at) => html`${at > 0 ? ' · ' : ''}${link}`)}</p>`;
}
