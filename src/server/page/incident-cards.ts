/** What is wrong now as cards, each fault once, worst first: its cause, since when, how sure that is, and what to do next. */

import type {Incident} from '../../diagnosis/incidents.ts';
import {systemOf} from '../../notes/source-groups.ts';
import {hashText} from '../../util/hash.ts';
import {formatSpan} from '../../util/readable.ts';
import {listNames} from '../../util/words.ts';
import type {CheckView, SourceView} from '../types.ts';
import {type CausePlace, renderCommands, renderEvidence, sayConfidence} from './cause-parts.ts';
import {isUnsure, listChecks, sayTries, sayUnsure, sayWasDown} from './check-list.ts';
import {type Html, html} from './escape.ts';
import {worstFirst} from './order.ts';
import {renderPaging} from './paging.ts';
import {linkTo, matcherOf, matchesCheck, type PageQuery, slicePage, wholePage} from './query.ts';
import type {Snapshot} from './snapshot.ts';
import {saySufferers} from './sufferers.ts';
import {asSentence, checkPath, clockTime, count, nodePath, verdictMark, verdictWords, withCode} from './words.ts';

const shownAtMost = 20;
const ofAPage = 40;

/** Undefined where nothing is wrong. */
export function renderIncidents(
	snapshot: Pick<Snapshot, 'incidents' | 'sources' | 'isNode' | 'nowMs'>,
	query: PageQuery = wholePage,
): Html | undefined {
	const {incidents, sources, isNode, nowMs} = snapshot;
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
<ul class="troubles">${shown.map(incident => renderIncident(incident, sources, {nowMs, isNode, root: ''}))}</ul>
${isWhole ? renderPaging('incidents', query, paging) : hidden > 0 ? html`<p class="rest">${count(hidden, 'more incident')} not shown here; <a href="${linkTo(query, 'incidents')}">show all incidents</a>.</p>` : ''}
</section>`;
}

/** One fault. `sources`: those that it may have the ages of. */
export function renderIncident(
	{id, state, cause, sinceMs, checks, about}: Incident,
	sources: readonly SourceView[],
	place: CausePlace,
): Html {
	const {nowMs, root} = place;
	const [lead] = checks;
	const slug = `i-${hashText(id).toString(36)}`;
	const [first, ...others] = cause.next;
	const body = lead?.last?.reading?.facts.body_start;
	const reads = sayReads(cause, sources, nowMs);
	const suffers = saySufferers({cause, checks});
	// Two spans that differ by a second or a slot only make one wonder.
	const span =
		sinceMs === undefined || / for \d+ (?:s|min|h|d)\b/.test(cause.says) ? '' : ` (${formatSpan(nowMs - sinceMs)})`;
	return html`<li class="${state}" id="${slug}">
<h3>${verdictMark(state)} ${cause.title} <span class="about">${about}</span></h3>
<p class="muted small since">${sinceMs === undefined ? '' : html`since ${clockTime(sinceMs, nowMs)}${span}`}</p>
<div class="why">
<p>${withCode(asSentence(cause.says))}</p>
${body && !cause.says.includes(body) ? html`<p>Its answer begins: <q>${body}</q></p>` : ''}
<p>${withCode(cause.means)}</p>
${suffers === undefined ? '' : html`<p class="small"><b>Suffers:</b> ${asSentence(suffers)}</p>`}
<p class="muted small">${sayUnsure(checks, nowMs)} ${sayConfidence(cause.confidence, isUnsure(checks))}${lead?.verdict === 'unknown' ? sayBlind(lead, checks, nowMs) : ''}${reads === '' ? '' : ` ${reads}`}</p>
${renderCommands([first], slug, place)}
${checks.length === 0 ? '' : html`<details id="${slug}-checks"><summary id="${slug}-checks-title">${sayCounts(checks)}</summary>${listChecks(checks, sinceMs, nowMs, root)}</details>`}
<details id="${slug}-more"><summary id="${slug}-more-title">What was seen${others.length > 0 ? ', and what to try next' : ''}</summary>${renderEvidence(cause.evidence, nowMs, [cause.says])}${renderCommands(others, `${slug} more`, place)}</details>
${renderLinks(lead, cause.about, place)}
</div>
</li>`;
}

/** Of what nobody could look at: what was known before, and when it is tried again. */
function sayBlind(lead: CheckView, checks: readonly CheckView[], nowMs: number): Html {
	const known = sayWasDown(lead, nowMs);
	const tries = sayTries(checks, nowMs);
	return html`${known ? html` It ${known}.` : ''}${tries === '' ? '' : ` ${asSentence(tries)}`}`;
}

/** `3 checks down, 5 unknown for it`. */
function sayCounts(checks: readonly CheckView[]): string {
	const kinds = Map.groupBy(checks, ({verdict}) => verdict);
	const parts = (['down', 'unknown', 'up'] as const).flatMap(kind => {
		const number = kinds.get(kind)?.length ?? 0;
		return number === 0 ? [] : [{kind, number}];
	});
	if (parts.every(({kind}) => kind === 'up')) return `${count(checks.length, 'check')} that it concerns`;
	const said = parts.map(({kind, number}, at) =>
		at === 0 ? `${count(number, 'check')} ${verdictWords[kind]}` : `${number} ${verdictWords[kind]}`,
	);
	return checks.every(({verdict}) => verdict === 'up')
		? `${count(checks.length, 'check')} ${checks.length === 1 ? 'shows' : 'show'} it`
		: `${said.join(', ')} for it`;
}

/** How old what is known is of systems that cannot be read: once for all of their sources. */
function sayReads({about, evidence}: Incident['cause'], sources: readonly SourceView[], nowMs: number): string {
	const failing = sources.filter(
		source =>
			source.ok === false &&
			(systemOf(source) === about || evidence.some(({says}) => says.startsWith(`${source.name} `))),
	);
	const kinds = Map.groupBy(failing, source => `${systemOf(source)} ${source.lastSuccessAt === undefined}`);
	return Array.from(kinds.values(), same => {
		const names = same.map(({name}) => name);
		const read = sayAges(same, ({lastSuccessAt}) => lastSuccessAt, nowMs);
		const tried = sayAges(same, ({lastTriedAt}) => lastTriedAt, nowMs);
		const ages = [
			read === undefined ? 'never read' : `last read ${read} ago`,
			...(tried === undefined ? [] : [`last tried ${tried} ago`]),
		];
		return asSentence(`${listNames({count: names.length, names})}: ${ages.join(', ')}`);
	}).join(' ');
}

/** `40 s`, or `40 s to 58 s`. */
function sayAges(
	sources: readonly SourceView[],
	timeOf: (source: SourceView) => number | undefined,
	nowMs: number,
): string | undefined {
	const ages = sources.flatMap(source => {
		const at = timeOf(source);
		return at === undefined ? [] : [nowMs - at];
	});
	if (ages.length === 0) return undefined;
	const spans = new Set([formatSpan(Math.min(...ages)), formatSpan(Math.max(...ages))]);
	return [...spans].join(' to ');
}

/** What is at fault first, then the check that tells most. */
function renderLinks(lead: CheckView | undefined, about: string, {root, isNode}: CausePlace): Html {
	const [, kind = about, name = ''] = /^(node|vantage|pod|instance|pool) (.+)$/.exec(about) ?? [];
	const isMachine = kind === 'node' || kind === 'vantage';
	// Of a port or a name the check is its page.
	const behind = isMachine ? undefined : lead?.check.target.peer || undefined;
	const places: Record<string, Html> = {
		vantage: html`<a href="${root}#vantages">vantages</a>`,
		headscale: html`<a href="${root}#sources">sources</a>`,
		pod: html`<a href="${root}#pods">pods</a>`,
		instance: html`<a href="${root}#rented">instances</a>`,
		pool: html`<a href="${root}#pools">pools</a>`,
	};
	const links = [
		isMachine && (kind === 'node' || isNode(name)) ? linkToNode(name, root) : places[kind],
		lead &&
			html`<a href="${checkPath(lead.check.key, root)}">ladder and history of ${lead.check.name} ${lead.check.target.name}</a>`,
		behind && linkToNode(behind, root),
	].filter(link => link instanceof Object);
	return links.length === 0
		? html``
		: html`<p class="small">${links.map((link, at) => html`${at > 0 ? ' · ' : ''}${link}`)}</p>`;
}

function linkToNode(name: string, root: string): Html {
	return html`<a href="${nodePath(name, root)}">node ${name}</a>`;
}
