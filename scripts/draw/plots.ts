/** Panels with a time axis, as SVG: lines, states, buckets. */

import {type Html, html} from '../../src/server/page/escape.ts';
import {type FieldJson, fieldOf, type PanelJson} from './dashboard-json.ts';
import type {Series, Window} from './prometheus.ts';
import {cssColour, formatValue, lineColour, show} from './values.ts';

/** A series with its legend. */
export interface Line extends Series {
	name: string;
}

/** Pixels. */
export interface Size {
	width: number;
	height: number;
}

interface Curve extends Line {
	colour: string;
	isFilled: boolean;
	/** Where the value of each moment starts, which is 0 unless curves stand on each other. */
	feet: number[];
}

const left = 58;
const below = 18;
const grid = '#2c2f36';

/** Lines or bars over time, above each other where they are stacked. */
export function drawLines(panel: PanelJson, lines: readonly Line[], window: Window, size: Size): Html {
	const field = panel.fieldConfig?.defaults ?? {};
	const isLog = field.custom?.scaleDistribution?.type === 'log';
	const curves = layCurves(panel, lines, field);
	const limits = dashedLimits(field);
	const heights = curves.flatMap(({points}) => points.map(([, value]) => value)).filter(Number.isFinite);
	const ticks = isLog ? decades(heights) : niceTicks(heights, field);
	const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
	const bend = isLog ? (value: number) => Math.log10(Math.max(value, low)) : (value: number) => value;
	const bottom = size.height - below;
	const y = (value: number) => bottom - ((bend(value) - bend(low)) / (bend(high) - bend(low) || 1)) * (bottom - 6);
	const x = timeScale(window, size);
	const marks = limits.filter(({value}) => value >= low && value <= high);
	return html`<svg width="${size.width}" height="${size.height}">
${ticks.map(tick => html`<path d="M${left} ${round(y(tick))}H${size.width}" stroke="${grid}"/><text x="${left - 6}" y="${round(y(tick)) + 4}" text-anchor="end">${formatValue(tick, field)}</text>`)}
${timeAxis(window, size)}
${curves.map(curve => (field.custom?.drawStyle === 'bars' ? drawBars(curve, x, y, (window.step * (size.width - left)) / (window.end - window.start)) : drawCurve(curve, x, y, window.step)))}
${marks.map(({value, colour}) => html`<path d="M${left} ${round(y(value))}H${size.width}" stroke="${colour}" stroke-dasharray="8 6"/>`)}
</svg>`;
}

/** A bar for each series whose colour is its state. */
export function drawStates(panel: PanelJson, lines: readonly Line[], window: Window, size: Size): Html {
	const room = Math.min(300, Math.max(...lines.map(({name}) => name.length * 6.4 + 12)));
	const pitch = Math.min(34, (size.height - below) / lines.length);
	const x = timeScale(window, size, room);
	return html`<svg width="${size.width}" height="${size.height}">
${lines.map(
	(line, row) =>
		html`<text x="${room - 8}" y="${round((row + 0.5) * pitch + 4)}" text-anchor="end">${line.name.slice(0, 48)}</text>${runsOf(
			line,
			fieldOf(panel, line.name),
			window.step,
		).map(({from, to, shown}) => {
			const [start, end] = [x(from), Math.min(size.width, x(to))];
			const fits = end - start > shown.text.length * 6.5 + 6 && pitch > 13;
			return html`<rect x="${round(start)}" y="${round(row * pitch + pitch * 0.1)}" width="${round(end - start)}" height="${round(pitch * 0.8)}" fill="${shown.colour ?? '#8e8e99'}" fill-opacity="0.85"/>${fits ? html`<text x="${round((start + end) / 2)}" y="${round((row + 0.5) * pitch + 4)}" text-anchor="middle" fill="#111">${shown.text}</text>` : ''}`;
		})}`,
)}
${timeAxis(window, size, room)}
</svg>`;
}

/** Buckets of a histogram over time: the brighter, the more. Its series count up to their label `le`, as Prometheus has them. */
export function drawHeatmap(panel: PanelJson, series: readonly Series[], window: Window, size: Size): Html {
	const unit = panel.fieldConfig?.defaults.unit ?? 's';
	const bands = series.toSorted((one, other) => edgeOf(one) - edgeOf(other));
	const pitch = (size.height - below - 4) / bands.length;
	const x = timeScale(window, size);
	const wide = (window.step * (size.width - left)) / (window.end - window.start);
	const cells = bands.flatMap((band, row) => {
		const lower = new Map(bands[row - 1]?.points);
		return band.points.map(([at, value]) => ({at, row, count: Math.max(0, value - (lower.get(at) ?? 0))}));
	});
	const most = Math.max(...cells.map(({count}) => count), 1e-9);
	const top = (row: number) => round((bands.length - row - 1) * pitch + 4);
	return html`<svg width="${size.width}" height="${size.height}">
${bands.map((band, row) => (row % Math.ceil(14 / pitch) === 0 ? html`<text x="${left - 6}" y="${top(row) + 6}" text-anchor="end">${edgeOf(band) === Infinity ? '+Inf' : formatValue(edgeOf(band), {unit})}</text>` : ''))}
${cells.filter(({count}) => count > most / 1000).map(({at, row, count}) => html`<rect x="${round(x(at) - wide)}" y="${top(row)}" width="${round(wide - 1)}" height="${round(Math.max(1, pitch - 1))}" fill="#ff9830" fill-opacity="${(0.15 + 0.85 * Math.sqrt(count / most)).toFixed(2)}"/>`)}
${timeAxis(window, size)}
</svg>`;
}

function layCurves(panel: PanelJson, lines: readonly Line[], field: FieldJson): Curve[] {
	const isStacked = field.custom?.stacking?.mode === 'normal';
	const reached = new Map<number, number>();
	return lines.map((line, at) => {
		const feet = line.points.map(([moment]) => (isStacked ? (reached.get(moment) ?? 0) : 0));
		const points = line.points.map(([moment, value], index) => [moment, value + (feet[index] ?? 0)] as const);
		for (const [moment, value] of points) if (isStacked && Number.isFinite(value)) reached.set(moment, value);
		return {...line, points, feet, isFilled: isStacked, colour: lineColour(at, fieldOf(panel, line.name))};
	});
}

/** A new piece begins where values lack. */
function drawCurve({points, feet, colour, isFilled}: Curve, x: Scale, y: Scale, step: number): Html[] {
	const pieces: {moment: number; value: number; foot: number}[][] = [];
	let last = -Infinity;
	for (const [index, [moment, value]] of points.entries()) {
		if (!Number.isFinite(value)) continue;
		if (moment - last > 1.5 * step) pieces.push([]);
		pieces.at(-1)?.push({moment, value, foot: feet[index] ?? 0});
		last = moment;
	}
	return pieces.map(piece => {
		const over = piece.map(({moment, value}) => `${round(x(moment))} ${round(y(value))}`);
		const under = piece.map(({moment, foot}) => `${round(x(moment))} ${round(y(foot))}`).toReversed();
		const [only] = over;
		if (over.length === 1 && only !== undefined)
			return html`<circle cx="${only.split(' ')[0]}" cy="${only.split(' ')[1]}" r="2" fill="${colour}"/>`;
		const area = isFilled
			? html`<path d="M${[...over, ...under].join('L')}Z" fill="${colour}" fill-opacity="0.3"/>`
			: '';
		return html`${area}<path d="M${over.join('L')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
	});
}

function drawBars({points, feet, colour}: Curve, x: Scale, y: Scale, wide: number): Html[] {
	return points
		.filter(([, value]) => Number.isFinite(value))
		.map(([moment, value], index) => {
			const top = y(value);
			return html`<rect x="${round(x(moment) - wide * 0.8)}" y="${round(top)}" width="${round(wide * 0.8)}" height="${round(y(feet[index] ?? 0) - top)}" fill="${colour}"/>`;
		});
}

/** Stretches of one state; one ends where the next begins, or a step after its last value. */
function runsOf({points}: Line, field: FieldJson, step: number) {
	const runs: {from: number; to: number; shown: ReturnType<typeof show>}[] = [];
	for (const [at, value] of points) {
		const shown = show(value, field);
		const last = runs.at(-1);
		const follows = last !== undefined && at - last.to < step / 2;
		if (follows && last.shown.text === shown.text && last.shown.colour === shown.colour) last.to = at + step;
		else runs.push({from: at, to: at + step, shown});
	}
	return runs;
}

type Scale = (value: number) => number;

function timeScale({start, end}: Window, {width}: Size, from = left): Scale {
	return at => from + ((at - start) / (end - start)) * (width - from);
}

function timeAxis(window: Window, size: Size, from = left): Html[] {
	const x = timeScale(window, size, from);
	const wanted = (window.end - window.start) / Math.max(2, (size.width - from) / 90);
	const gap = [60, 120, 300, 600, 900, 1800, 3600, 10_800].find(seconds => seconds >= wanted) ?? 21_600;
	const first = Math.ceil(window.start / gap) * gap;
	return Array.from({length: Math.floor((window.end - first) / gap) + 1}, (_, index) => first + index * gap)
		.filter(at => x(at) > from + 14 && x(at) < size.width - 14)
		.map(
			at =>
				html`<text x="${round(x(at))}" y="${size.height - 4}" text-anchor="middle">${new Date(at * 1000).toISOString().slice(11, 16)}</text>`,
		);
}

function niceTicks(values: readonly number[], {min, max, decimals, unit}: FieldJson): number[] {
	const low = min ?? Math.min(...values, Infinity);
	const high = max ?? Math.max(...values, -Infinity);
	const [from, to] = low < high ? [low, high] : Number.isFinite(low) ? [low, low + 1] : [0, 1];
	const rough = (to - from) / 4;
	const power = 10 ** Math.floor(Math.log10(rough));
	const nice = ([1, 2, 5, 10].find(factor => factor * power >= rough) ?? 10) * power;
	const gap = decimals === 0 && unit !== 's' ? Math.max(1, nice) : nice;
	const count = Math.max(1, Math.ceil(to / gap - 1e-9) - Math.floor(from / gap + 1e-9));
	return Array.from({length: count + 1}, (_, index) => (Math.floor(from / gap + 1e-9) + index) * gap);
}

function decades(values: readonly number[]): number[] {
	const positive = values.filter(value => value > 0);
	const low = Math.floor(Math.log10(Math.min(...positive, 1)));
	const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive, 10 ** low))));
	return Array.from({length: high - low + 1}, (_, index) => 10 ** (low + index));
}

function dashedLimits({thresholds, custom}: FieldJson): {value: number; colour: string}[] {
	const isDrawn = (custom?.thresholdsStyle?.mode ?? 'off') !== 'off';
	return (isDrawn ? (thresholds?.steps ?? []) : []).flatMap(({value, color}) =>
		value === null ? [] : [{value, colour: cssColour(color)}],
	);
}

function edgeOf({labels}: Series): number {
	return labels.le === '+Inf' ? Infinity : Number(labels.le);
}

function round(pixels: number): number {
	return Math.round(pixels * 10) / 10;
}
