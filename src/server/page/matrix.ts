/** Targets × vantages, a table for each check: verdict, latency, path, and the last hour. */

import {latencySeconds} from '../../engine/latency.ts';
import {formatLatency, formatPath} from '../../util/readable.ts';
import type {CheckView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {drawStrip, renderStripLegend} from './strip.ts';
import {badness, count, formatLoss, historyPath, type Shown, shownVerdict, verdictMark, verdictWords} from './words.ts';

/** Rows on the whole page, shared by the tables; each shows at least some, and none more than most. */
const rows = {all: 400, least: 5, most: 50};

export function renderMatrix(checks: readonly CheckView[]): Html {
	const groups = Map.groupBy(checks, ({check}) => check.name);
	if (groups.size === 0) return html``;
	const shown = Math.min(rows.most, Math.max(rows.least, Math.floor(rows.all / groups.size)));
	return html`<section id="checks" aria-labelledby="checks-title">
<h2 id="checks-title">Checks</h2>
${renderStripLegend()}
${Array.from(groups.values(), (views, at) => renderGroup(`check-${at}`, views, shown))}
</section>`;
}

function renderGroup(id: string, views: readonly CheckView[], shown: number): Html {
	const [first] = views;
	const looksAtItself = first?.check.target.address === 'self';
	const vantages = new Set(views.map(({check}) => check.vantage));
	const targets = new Set(views.map(({check}) => check.target.name));
	// The longer list goes down the page, where there is room.
	const isTurned = looksAtItself || (vantages.size > targets.size && vantages.size > columnsAtMost);
	const rowOf = ({check}: CheckView) => (isTurned ? check.vantage : check.target.name);
	const columnOf = ({check}: CheckView) => (looksAtItself ? '' : isTurned ? check.target.name : check.vantage);
	const columns = [...new Set(views.map(columnOf))].toSorted();
	const lines = Array.from(Map.groupBy(views, rowOf)).toSorted(compareRows);
	const titles = looksAtItself ? ['state'] : columns.map(column => (isTurned ? column : `from ${column}`));
	return html`<div class="group">
<h3 id="${id}">${first?.check.name} <span class="muted">${first?.check.type} every ${(first?.check.intervalMs ?? 0) / 1000} s</span></h3>
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}" id="scroll-${id}">
<table class="matrix${columns.length > 1 ? ' several' : ''}">
<thead><tr><th scope="col">${isTurned ? 'from' : 'target'}</th>${titles.map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${lines.slice(0, shown).map(([name, cells]) =>
		renderRow(
			name,
			columns.map((column, at) => ({title: titles[at] ?? '', view: cells.find(cell => columnOf(cell) === column)})),
		),
	)}</tbody>
</table></div>
${renderRest(lines.slice(shown).flatMap(([, cells]) => cells))}
</div>`;
}

/** More vantages than this, and more than targets, stand below each other. */
const columnsAtMost = 4;

type Row = [name: string, cells: CheckView[]];

function compareRows([oneName, one]: Row, [otherName, other]: Row): number {
	const worst = (views: readonly CheckView[]) => Math.max(...views.map(badness));
	return worst(other) - worst(one) || oneName.localeCompare(otherName, 'en', {numeric: true});
}

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
			: html`<a class="to" href="${historyPath(check.key)}" title="its last runs">${verdictMark(shown)}</a>`;
	return html`<div class="cell"><span>${mark}${said}</span>${shown === 'pending' ? '' : drawStrip(view.strip)}</div>`;
}

function listCellNotes(check: CheckView['check'], last: CheckView['last'], shown: Shown): Html[] {
	const {path, derp_region: region} = last?.reading?.facts ?? {};
	const seconds = shown === 'up' ? latencySeconds(check, last) : undefined;
	const loss = shown === 'up' ? formatLoss(last) : undefined;
	const notes = [
		seconds === undefined ? undefined : formatLatency(seconds),
		shown === 'up' ? undefined : last?.reason,
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

function renderRest(hidden: readonly CheckView[]): Html {
	if (hidden.length === 0) return html``;
	const kinds = Map.groupBy(hidden, shownVerdict);
	const said = Array.from(kinds, ([kind, views]) => `${views.length} ${verdictWords[kind]}`).join(', ');
	return html`<p class="rest">${count(hidden.length, 'more check')} not shown here (${said}); <a href="api/v1/checks">api/v1/checks</a> has them all.</p>`;
}
