/** One panel as HTML: its title, and what its kind shows of the answers. */

import {type Html, html} from '../../src/server/page/escape.ts';
import {type FieldJson, fieldOf, type PanelJson} from './dashboard-json.ts';
import {drawHeatmap, drawLines, drawStates, type Line, type Size} from './plots.ts';
import type {Series, Window} from './prometheus.ts';
import {shapeTable} from './tables.ts';
import {formatValue, lineColour, show} from './values.ts';

const lineHeight = 18;
const titleHeight = 30;

/** `answers`: the series that each query gave, by its letter. Throws for what cannot be drawn truly. */
export function drawPanel(
	panel: PanelJson,
	answers: ReadonlyMap<string, readonly Series[]>,
	window: Window,
	size: Size,
): Html {
	return html`<h3>${panel.title}</h3>${draw(panel, answers, window, {width: size.width - 16, height: size.height - titleHeight - 8})}`;
}

function draw(panel: PanelJson, answers: ReadonlyMap<string, readonly Series[]>, window: Window, size: Size): Html {
	if (panel.type === 'text') return drawText(panel.options?.content ?? '');
	const lines = [...answers].flatMap(([refId, series]) => series.map(one => named(panel, refId, one)));
	if (lines.length === 0) return html`<p class="none">${panel.fieldConfig?.defaults.noValue ?? 'No data'}</p>`;
	if (panel.type === 'table') return drawTable(panel, answers, size);
	if (panel.transformations !== undefined && panel.transformations.length > 0)
		throw new Error(`${panel.title}: transformations are drawn for tables only`);
	if (panel.type === 'stat') return drawStat(panel, lines, size);
	if (panel.type === 'bargauge') return drawBarGauge(panel, lines, size);
	if (panel.type === 'state-timeline') return drawStates(panel, lines, window, size);
	if (panel.type === 'heatmap') return drawHeatmap(panel, lines, window, size);
	if (panel.type === 'timeseries') return drawWithLegend(panel, lines, window, size);
	throw new Error(
		`The panel "${panel.title}" is of type ${panel.type}, which cannot be drawn: scripts/draw knows text, table, stat, bargauge, state-timeline, heatmap and timeseries. Use one of these, or teach it this one.`,
	);
}

function named(panel: PanelJson, refId: string, series: Series): Line {
	const format = panel.targets?.find(target => target.refId === refId)?.legendFormat ?? '';
	const name = format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => series.labels[label] ?? '');
	return {...series, name: name.trim() === '' ? 'Value' : name};
}

function drawWithLegend(panel: PanelJson, lines: readonly Line[], window: Window, size: Size): Html {
	const {legend} = panel.options ?? {};
	const aside = legend?.placement === 'right';
	const entries = lines.map(({name, points}, at) => {
		const field = fieldOf(panel, name);
		const last = points.at(-1)?.[1];
		const value = legend?.displayMode === 'table' && last !== undefined ? formatValue(last, field) : '';
		return html`<span><i style="background:${lineColour(at, field)}"></i>${name} <b>${value}</b></span>`;
	});
	const perRow = Math.max(1, Math.floor(size.width / (Math.max(...lines.map(({name}) => name.length)) * 6.6 + 34)));
	const rows = Math.min(Math.ceil(lines.length / perRow), Math.floor(size.height / 3 / lineHeight));
	const room = aside
		? {width: size.width - 310, height: size.height}
		: {width: size.width, height: size.height - rows * lineHeight - 4};
	const style = aside ? `width:300px;max-height:${size.height}px` : `max-height:${rows * lineHeight}px`;
	return html`<div class="${aside ? 'aside' : 'under'}">${drawLines(panel, lines, window, room)}<div class="legend" style="${style}">${entries}</div></div>`;
}

/** So much of Markdown as the dashboards use: a list whose words may be bold. */
function drawText(content: string): Html {
	const lines = content.split('\n').map(line => line.replace(/^- /, ''));
	return html`<ul>${lines.map(line => html`<li>${line.split('**').map((part, at) => (at % 2 === 1 ? html`<b>${part}</b>` : part))}</li>`)}</ul>`;
}

function drawStat(panel: PanelJson, lines: readonly Line[], {width, height}: Size): Html {
	const {colorMode = 'value', textMode = 'auto'} = panel.options ?? {};
	const beside = width / lines.length > 90 || width > height * 2.2;
	const room = beside ? width / lines.length : width;
	const boxes = lines.map(({name, points}) => {
		const {text, colour = '#ccccdc'} = show(points.at(-1)?.[1], fieldOf(panel, name));
		const withName = textMode === 'value_and_name' || textMode === 'name' || (textMode === 'auto' && lines.length > 1);
		const fits = Math.min(46, (room / Math.max(text.length, 2)) * 1.3, (beside ? height : height / lines.length) * 0.5);
		const style =
			colorMode === 'background'
				? `background:${colour};color:#111`
				: `color:${colorMode === 'none' ? '#ccccdc' : colour}`;
		return html`<div style="${style}">${withName ? html`<small>${name}</small>` : ''}<strong style="font-size:${Math.round(fits)}px">${text}</strong></div>`;
	});
	return html`<div class="stat ${beside ? 'beside' : 'above'}" style="height:${height}px">${boxes}</div>`;
}

function drawBarGauge(panel: PanelJson, lines: readonly Line[], {width, height}: Size): Html {
	const most = panel.fieldConfig?.defaults.max ?? Math.max(...lines.map(({points}) => points.at(-1)?.[1] ?? 0), 1e-9);
	const pitch = Math.min(34, height / lines.length);
	const room = width - 320;
	return html`<svg width="${width}" height="${height}">${lines.map(({name, points}, row) => {
		const value = points.at(-1)?.[1] ?? 0;
		const {text, colour = '#73bf69'} = show(value, fieldOf(panel, name));
		const y = row * pitch;
		return html`<text x="212" y="${y + pitch * 0.6}" text-anchor="end">${name}</text><rect x="220" y="${y + 3}" width="${room}" height="${pitch - 6}" fill="#22252b"/><rect x="220" y="${y + 3}" width="${Math.max(0, Math.min(1, value / most)) * room}" height="${pitch - 6}" fill="${colour}"/><text x="${width - 90}" y="${y + pitch * 0.6}" fill="${colour}">${text}</text>`;
	})}</svg>`;
}

function drawTable(panel: PanelJson, answers: ReadonlyMap<string, readonly Series[]>, {height}: Size): Html {
	const {columns: all, rows} = shapeTable(panel, answers);
	const fields = new Map(all.map(column => [column, fieldOf(panel, column)]));
	const columns = all.filter(column => fields.get(column)?.custom?.hidden !== true);
	const shownRows = rows.slice(0, Math.max(1, Math.floor(height / 25) - 1));
	const more = rows.length - shownRows.length;
	const kindOf = (column: string) => (rows.some(row => typeof row[column] === 'number') ? 'number' : 'word');
	return html`<table><tr>${columns.map(column => html`<th${sized(fields.get(column))} class="${kindOf(column)}">${column}</th>`)}</tr>
${shownRows.map(row => html`<tr>${columns.map(column => cell(row[column], fields.get(column) ?? {}, kindOf(column)))}</tr>`)}</table>${more > 0 ? html`<p class="more">… and ${more} more, by scrolling</p>` : ''}`;
}

function sized(field: FieldJson | undefined): Html | string {
	const width = field?.custom?.width;
	return width === undefined ? '' : html` style="width:${width}px"`;
}

function cell(value: string | number | undefined, field: FieldJson, alignment: string): Html {
	const {text, colour = '#ccccdc'} = show(value, field);
	const kind = field.custom?.cellOptions?.type ?? 'auto';
	const style =
		kind === 'color-background' ? `background:${colour};color:#111` : kind === 'color-text' ? `color:${colour}` : '';
	return html`<td class="${alignment}" style="${style}">${text}</td>`;
}
