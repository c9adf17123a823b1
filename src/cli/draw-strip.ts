/** The last hour of a check in one line: how high a cell is tells its latency. Pure. */

import type {z} from 'zod';
import type {stripSchema} from '../server/schema-parts.ts';
import {formatLatency} from '../util/readable.ts';
import {type DrawOptions, paint, wrap} from './draw-lines.ts';

export type LastHour = z.output<typeof stripSchema>;

/**
 * Indented by two: a cell for each minute (for more than one, where the terminal is narrow), and below it how many runs were up. No line
 * where nothing ran. `whose` names the check, where that is not plain.
 */
export function drawStrip(strip: LastHour, options: DrawOptions, whose = ''): string[] {
	const hour = strip.slice(-minutesAtMost);
	const runs = sum(hour);
	const ran = runs.up + runs.down + runs.unknown;
	if (ran === 0) return [];
	const {columns, unicode} = options;
	const width = Math.ceil(hour.length / Math.max(columns - indent, 10));
	const cells = Array.from({length: Math.ceil(hour.length / width)}, (_, at) =>
		sum(hour.slice(at * width, (at + 1) * width)),
	);
	const highest = Math.max(...cells.map(({worst}) => worst));
	const marks = unicode ? blocks : ascii;
	const worst = runs.up > 0 && highest > 0 ? `, worst ${formatLatency(highest)}` : '';
	const blind = runs.unknown === 0 ? '' : `, ${runs.unknown} unknown`;
	const axis = width === 1 ? '' : `, ${width} min a cell`;
	return [
		' '.repeat(indent) + cells.map(cell => drawCell(cell, highest, marks, options)).join(''),
		...wrap(
			`last hour${whose === '' ? '' : ` of ${whose}`}: ${runs.up} of ${ran} up${blind}${worst}${axis}`,
			options,
			indent,
		),
	];
}

const indent = 2;
const minutesAtMost = 60;
const blocks = {heights: '▁▂▃▄▅▆▇█', down: '✗', unknown: '?', nothing: '·'};
const ascii = {heights: '_-=+*%#', down: 'x', unknown: '?', nothing: '.'};

interface Runs {
	up: number;
	down: number;
	unknown: number;
	/** Seconds; 0 where none is known. */
	worst: number;
}

function sum(buckets: LastHour): Runs {
	const runs: Runs = {up: 0, down: 0, unknown: 0, worst: 0};
	for (const bucket of buckets) {
		if (!bucket) continue;
		runs.up += bucket.up;
		runs.down += bucket.down;
		runs.unknown += bucket.unknown;
		runs.worst = Math.max(runs.worst, bucket.worstSeconds ?? 0);
	}
	return runs;
}

/** A failure shows, however many runs around it were up. */
function drawCell(
	{up, down, unknown, worst}: Runs,
	highest: number,
	marks: typeof blocks,
	options: DrawOptions,
): string {
	if (down > 0) return paint(marks.down, 'red', options);
	if (unknown > 0) return paint(marks.unknown, 'yellow', options);
	if (up === 0) return marks.nothing;
	const share = highest > 0 ? worst / highest : 0;
	return marks.heights.charAt(Math.min(Math.floor(share * marks.heights.length), marks.heights.length - 1));
}
