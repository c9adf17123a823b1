/**
 * Reads the Prometheus text format 0.0.4. As strict as Prometheus itself: one line that is none of the format refuses the whole
 * text, so that a login page or half an answer is never taken for "no metrics".
 */

import {oneLine} from '../util/errors.ts';
import type {Family} from './types.ts';

/** The text is not the format, or too much of it. The message names the line. */
export class ExpositionError extends Error {
	override name = 'ExpositionError';
}

/** More than this is refused; a headscale of thousands of nodes tells a few hundred. */
const maxSamples = 50_000;
const maxLineLength = 65_536;
const maxLabels = 100;
/** All labels of all samples: what costs most to read. */
const maxLabelsInAll = 60_000;

/** Families by name, with their samples in order; a family without samples is there too. Timestamps are read over. Throws ExpositionError. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
	const families = new Map<string, Family & {samples: Sample[]}>();
	let samples = 0;
	let labels = 0;
	let number = 0;
	for (let start = 0; start < text.length; ) {
		number++;
		const end = text.indexOf('\n', start);
		if (end === -1) throw new ExpositionError(`The metrics end in the middle of line ${number}.`);
		if (end - start > maxLineLength)
			throw new ExpositionError(`Line ${number} of the metrics is longer than ${maxLineLength}.`);
		const line = text.slice(start, end).replace(/^[ \t]+/, '');
		start = end + 1;
		if (line === '') continue;
		if (line.startsWith('#')) {
			const typed = /^#[ \t]+TYPE[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]+(\w+)[ \t]*$/.exec(line);
			const name = typed?.[1];
			if (name !== undefined && !families.has(name)) families.set(name, {type: toType(typed?.[2]), samples: []});
			continue;
		}
		if (++samples > maxSamples) throw new ExpositionError(`The metrics have more than ${maxSamples} samples.`);
		const sample = readSample(line, number);
		labels += Object.keys(sample.labels).length;
		if (labels > maxLabelsInAll) throw new ExpositionError(`The metrics have more than ${maxLabelsInAll} labels.`);
		const name = familyName(sample.name, families);
		const family = families.get(name) ?? {type: 'untyped', samples: []};
		families.set(name, family);
		family.samples.push(sample);
	}
	return families;
}

type Sample = Family['samples'][number];

const types: readonly Family['type'][] = ['counter', 'gauge', 'histogram', 'summary'];

function toType(word: string | undefined): Family['type'] {
	return types.find(type => type === word) ?? 'untyped';
}

/** `x_bucket`, `x_sum` and `x_count` belong to x where that is a histogram; the latter two also where it is a summary. */
function familyName(name: string, families: ReadonlyMap<string, Family>): string {
	if (families.has(name)) return name;
	const suffix = /_(bucket|sum|count)$/.exec(name)?.[0];
	if (suffix === undefined) return name;
	const base = name.slice(0, -suffix.length);
	const type = families.get(base)?.type;
	return type === 'histogram' || (type === 'summary' && suffix !== '_bucket') ? base : name;
}

function readSample(line: string, number: number): Sample {
	const cursor = {line, at: 0};
	const name = take(cursor, /[a-zA-Z_:][a-zA-Z0-9_:]*/y);
	const labels = name && take(cursor, /[ \t]*\{/y) ? readLabels(cursor) : [];
	const rest = /^[ \t]*(\S+)(?:[ \t]+-?\d+)?[ \t]*$/.exec(line.slice(cursor.at));
	const value = readValue(rest?.[1]);
	if (!name || !labels || value === undefined) {
		throw new ExpositionError(
			`Line ${number} of the metrics is not the Prometheus text format: "${oneLine(line, 80)}".`,
		);
	}
	return {name, labels: Object.fromEntries(labels), value};
}

/** From behind `{` to behind `}`; undefined when that is broken. A comma may follow the last label. */
function readLabels(cursor: Cursor): [string, string][] | undefined {
	const labels: [string, string][] = [];
	while (!take(cursor, /[ \t]*\}/y)) {
		if (labels.length >= maxLabels) return undefined;
		if (labels.length > 0 && !take(cursor, /[ \t]*,/y)) return undefined;
		if (labels.length > 0 && take(cursor, /[ \t]*\}/y)) return labels;
		take(cursor, /[ \t]*/y);
		const name = take(cursor, /[a-zA-Z_][a-zA-Z0-9_]*/y);
		if (!name || !take(cursor, /[ \t]*=[ \t]*"/y)) return undefined;
		const raw = take(cursor, /(?:[^"\\]|\\["\\n])*/y) ?? '';
		if (!take(cursor, /"/y)) return undefined;
		labels.push([name, raw.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))]);
	}
	return labels;
}

function readValue(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
	if (/^nan$/i.test(text)) return Number.NaN;
	const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
	return infinity ? (infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : undefined;
}

interface Cursor {
	line: string;
	at: number;
}

/** The text that the sticky pattern matches at the cursor, which moves behind it; undefined (and no move) when it does not. */
function take(cursor: Cursor, pattern: RegExp): string | undefined {
	pattern.lastIndex = cursor.at;
	const match = pattern.exec(cursor.line);
	if (!match) return undefined;
	cursor.at += match[0].length;
	return match[0];
}
