/** Targets × vantages, a table for each check: verdict, latency, path, and the last hour. */

import {latencySeconds} from '../../engine/latency.ts';
import {hashText} from '../../util/hash.ts';
import {formatLatency, formatPath} from '../../util/readable.ts';
import type {CheckView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {renderPaging} from './paging.ts';
import {linkTo, matcherOf, matchesCheck, type PageQuery, slicePage, wholePage} from './query.ts';
import {drawStrip, renderStripLegend} from './strip.ts';
import {
	badness,
	checkPath,
	count,
	formatLoss,
	type Shown,
	sayReason,
	shownVerdict,
	verdictMark,
	verdictWords,
} from './words.ts';

/** Cells on the whole page, shared by the tables; each shows at least some rows, and none more than most. */
const cellsOfAll = 400;
const rows = {least: 4, most: 50};
/** More tables than this, and the worst are shown. */
const tablesAtMost = 60;
/** More vantages than this, and more than targets, stand below each other. */
const columnsToTurn = 4;
/** Beyond these the worst columns are shown. */
const columnsAtMost = 10;
const rowsOfAPage = 300;

export function renderMatrix(checks: readonly CheckView[], query: PageQuery = wholePage): Html {
	const matches = matcherOf(query);
	const found = query.filter === '' ? checks : checks.filter(view => matchesCheck(matches, view));
	if (checks.length === 0) return html``;
	const tables = Array.from(Map.groupBy(found, ({check}) => check.name).values(), layOut);
	const number =
		query.filter === ''
			? ''
			: html` <span class="muted">${found.length} of ${checks.length} have “${query.filter}”</span>`;
	return html`<section id="checks" aria-labelledby="checks-title">
<h2 id="checks-title">Checks${number}</h2>
${tables.length > 0 ? renderStripLegend() : ''}
<div class="groups">${query.all === 'checks' ? renderAPage(tables, query) : renderWorst(tables, query)}</div>
</section>`;
}

function renderWorst(tables: readonly Table[], query: PageQuery): Html {
	const worst = tables.length <= tablesAtMost ? tables : [...tables].toSorted(compareTables).slice(0, tablesAtMost);
	const budget = cellsOfAll / Math.max(1, worst.length);
	const left = tables.length - worst.length;
	return html`${worst.map(table => {
		const room = Math.min(rows.most, Math.max(rows.least, Math.floor(budget / table.columns.length)));
		return renderTable(table, table.lines.slice(0, room), query);
	})}${left > 0 ? html`<p class="rest">${count(left, 'more kind')} of checks not shown here; <a href="${linkTo(query, 'checks')}">show all checks</a>.</p>` : ''}`;
}

function renderAPage(tables: readonly Table[], query: PageQuery): Html {
	const all = tables.flatMap(table => table.lines.map(line => ({table, line})));
	const {shown, ...paging} = slicePage(all, query, rowsOfAPage);
	const onPage = Map.groupBy(shown, ({table}) => table);
	return html`${Array.from(onPage, ([table, lines]) =>
		renderTable(
			table,
			lines.map(({line}) => line),
			undefined,
		),
	)}${renderPaging('checks', query, paging)}`;
}

/** All checks of one name: what stands below each other, and what beside. */
interface Table {
	first: CheckView;
	/** Of what the rows are: targets, or vantages. */
	isTurned: boolean;
	columns: readonly string[];
	titles: readonly string[];
	columnOf(view: CheckView): string;
	/** Worst first. */
	lines: readonly Row[];
}

function layOut(views: readonly CheckView[]): Table {
	const first = views[0] as CheckView;
	const looksAtItself = first.check.target.address === 'self';
	const vantages = new Set(views.map(({check}) => check.vantage));
	const targets = new Set(views.map(({check}) => check.target.name));
	// The longer list goes down the page, where there is room.
	const isTurned = looksAtItself || (vantages.size > targets.size && vantages.size > columnsToTurn);
	const rowOf = ({check}: CheckView) => (isTurned ? check.vantage : check.target.name);
	const columnOf = ({check}: CheckView) => (looksAtItself ? '' : isTurned ? check.target.name : check.vantage);
	const columns = worstColumns(views, columnOf);
	return {
		first,
		isTurned,
		columns,
		titles: looksAtItself ? ['state'] : columns.map(column => (isTurned ? column : `from ${column}`)),
		columnOf,
		lines: Array.from(Map.groupBy(views, rowOf)).toSorted(compareRows),
	};
}

/** In the order of their names. */
function worstColumns(views: readonly CheckView[], columnOf: (view: CheckView) => string): string[] {
	const columns = Map.groupBy(views, columnOf);
	if (columns.size <= columnsAtMost) return [...columns.keys()].toSorted();
	const worst = Array.from(columns, ([name, own]) => ({name, badness: worstOf(own)}));
	return worst
		.toSorted((one, other) => other.badness - one.badness || (one.name < other.name ? -1 : 1))
		.slice(0, columnsAtMost)
		.map(({name}) => name)
		.toSorted();
}

function renderTable(
	{first: {check}, isTurned, columns, titles, columnOf, lines}: Table,
	shown: readonly Row[],
	/** Where the rest is counted, what leads to it. */
	query: PageQuery | undefined,
): Html {
	const id = `check-${hashText(check.name).toString(36)}`;
	const visible = new Set(columns);
	const all = lines.flatMap(([, cells]) => cells);
	const drawn = new Set(shown.flatMap(([, cells]) => cells.filter(cell => visible.has(columnOf(cell)))));
	const rest = query
		? all.filter(view => !drawn.has(view))
		: shown.flatMap(([, cells]) => cells.filter(cell => !drawn.has(cell)));
	return html`<div class="group${columns.length > 1 ? ' wide' : ''}">
<h3 id="${id}">${check.name} <span class="muted">${check.type} every ${check.intervalMs / 1000} s</span></h3>
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}" id="scroll-${id}">
<table class="matrix${columns.length > 1 ? ' several' : ''}">
<thead><tr><th scope="col">${isTurned ? 'from' : 'target'}</th>${titles.map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${shown.map(([name, cells]) =>
		renderRow(
			name,
			columns.map((column, at) => ({title: titles[at] ?? '', view: cells.find(cell => columnOf(cell) === column)})),
		),
	)}</tbody>
</table></div>
${renderRest(rest, check.name, query)}
</div>`;
}

type Row = [name: string, cells: CheckView[]];

function worstOf(views: readonly CheckView[]): number {
	return views.reduce((worst, view) => Math.max(worst, badness(view)), 0);
}

function compareRows([oneName, one]: Row, [otherName, other]: Row): number {
	return worstOf(other) - worstOf(one) || byName.compare(oneName, otherName);
}

function compareTables(one: Table, other: Table): number {
	const worst = ({lines: [line]}: Table) => (line ? worstOf(line[1]) : 0);
	return worst(other) - worst(one);
}

const byName = new Intl.Collator('en', {numeric: true});

interface Cell {
	/** Of its column, for where columns stand below each other. */
	title: string;
	view: CheckView | undefined;
}

function renderRow(name: string, cells: readonly Cell[]): Html {
	return html`<tr><th scope="row">${name}</th>${cells.map(
		({title, view}) =>
			html`<td>${cells.length > 1 ? html`<span class="column">${title} </span>` : ''}${view ? renderCell(view) : html`<span class="muted">–</span>`}</td>`,
	)}</tr>`;
}

function renderCell(view: CheckView): Html {
	const {check, last} = view;
	const shown = shownVerdict(view);
	const said = listCellNotes(check, last, shown).map(note => html` ${note}`);
	const mark =
		shown === 'pending'
			? verdictMark(shown)
			: html`<a class="to" href="${checkPath(check.key)}" title="its ladder and last runs">${verdictMark(shown)}</a>`;
	return html`<div class="cell"><span>${mark}${said}</span>${shown === 'pending' ? '' : drawStrip(view.strip)}</div>`;
}

function listCellNotes(check: CheckView['check'], last: CheckView['last'], shown: Shown): Html[] {
	const {path, derp_region: region} = last?.reading?.facts ?? {};
	const seconds = shown === 'up' ? latencySeconds(check, last) : undefined;
	const loss = shown === 'up' ? formatLoss(last) : undefined;
	const notes = [
		seconds === undefined ? undefined : formatLatency(seconds),
		shown === 'up' || last?.reason === undefined ? undefined : sayReason(last.reason, check.type),
		formatPath(path, region),
		loss === undefined ? undefined : `loss ${loss}`,
	];
	const plain = notes.filter(note => note !== undefined).map(note => html`<span class="note">${note}</span>`);
	return shown === 'up' && last?.late ? [renderLate(check, last), ...plain] : plain;
}

/** A run that our own thread was too late for took no longer than was measured. */
function renderLate(check: CheckView['check'], last: NonNullable<CheckView['last']>): Html {
	const seconds = latencySeconds(check, {...last, late: false});
	const much = formatLatency(last.latenessMs / 1000);
	const title = `tailprobe's own thread was ${much} late during this run: the time is too high, and no latency is counted from it.`;
	const note = seconds === undefined ? 'late' : `≤ ${formatLatency(seconds)}, late`;
	return html`<span class="note" title="${title}">${note}</span>`;
}

function renderRest(hidden: readonly CheckView[], name: string, query: PageQuery | undefined): Html {
	if (hidden.length === 0) return html``;
	const kinds = Map.groupBy(hidden, shownVerdict);
	const said = Array.from(kinds, ([kind, views]) => `${views.length} ${verdictWords[kind]}`).join(', ');
	const all = query && linkTo({...query, filter: `${query.filter} ${name}`.trim()}, 'checks');
	return html`<p class="rest">${count(hidden.length, 'more check')} not shown here (${said})${all ? html`; <a href="${all}">show all of ${name}</a>` : '; narrow the filter to see them'}.</p>`;
}
