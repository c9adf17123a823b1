/** Lines for a terminal: as wide as it is, without colour and outside of Unicode where it must be, harmless whatever is in them. Pure. */

import {styleText} from 'node:util';
import {oneLine} from '../util/errors.ts';

export interface DrawOptions {
	/** Characters that a line may have. */
	columns: number;
	color: boolean;
	/** Characters outside ASCII may be used. */
	unicode: boolean;
}

/** What came from outside, fit to be drawn: no control characters, at most `maxLength`, ASCII where nothing else can be shown. */
export function clean(text: string, maxLength: number, {unicode}: Pick<DrawOptions, 'unicode'>): string {
	const line = oneLine(text, maxLength).toWellFormed();
	return unicode ? line : line.replace(/[^\x20-\x7e]/gu, character => inAscii[character] ?? '?');
}

/**
 * Breaks a text between words, and long words anywhere; what came from outside loses its control characters. All lines but the first begin
 * with `hanging` spaces (as the first, where it is not given).
 */
export function wrap(text: string, options: DrawOptions, indent: number, hanging = indent): string[] {
	const lines: string[] = [];
	let line = '';
	const room = () => Math.max(options.columns - (lines.length === 0 ? indent : hanging), 10);
	for (const word of clean(text, longestText, options).split(/\s+/)) {
		for (let rest = word; rest !== ''; ) {
			if (line !== '' && line.length + 1 + rest.length > room()) {
				lines.push(line);
				line = '';
			}
			const piece = rest.length > room() ? headOfName(rest, room()) : rest;
			rest = rest.slice(piece.length);
			line = line === '' ? piece : `${line} ${piece}`;
			if (rest !== '') {
				lines.push(line);
				line = '';
			}
		}
	}
	return [...lines, line].filter(each => each !== '').map((each, at) => ' '.repeat(at === 0 ? indent : hanging) + each);
}

/** A verdict in its colour, and behind it what it is about. */
export function headline(word: string, color: Color, text: string, options: DrawOptions, hanging = 2): string[] {
	const [first = '', ...rest] = wrap(text, options, word.length + 2, hanging);
	return [`${paint(word, color, options)}  ${first.trimStart()}`.trimEnd(), ...rest];
}

/** In one line: what does not fit is cut off, and that shows. */
export function cut(text: string, columns: number, options: DrawOptions): string {
	const line = clean(text, longestText, options);
	if (line.length <= columns) return line;
	const dots = options.unicode ? '…' : '...';
	return `${headOf(line, columns - dots.length).trimEnd()}${dots}`;
}

export type Color = 'green' | 'red' | 'yellow' | 'cyan';

export function paint(text: string, color: Color, {color: wanted}: Pick<DrawOptions, 'color'>): string {
	return wanted ? styleText(color, text, {validateStream: false}) : text;
}

/** Colour of a verdict. */
export const verdictColor = {up: 'green', down: 'red', unknown: 'yellow'} as const;

const longestText = 1000;

const inAscii: Readonly<Record<string, string>> = {
	'…': '...',
	'–': '-',
	'—': '-',
	'→': '->',
	'×': 'x',
	'’': "'",
	'‘': "'",
	'“': '"',
	'”': '"',
	'·': ',',
};

/** As long as fits, but rather up to the last of the marks that join names than with a name cut in two. */
function headOfName(text: string, units: number): string {
	const head = headOf(text, units);
	const end = Math.max(...['/', ':', ',', '=', '@'].map(mark => head.lastIndexOf(mark))) + 1;
	return end > units / 3 ? head.slice(0, end) : head;
}

/** At most so many UTF-16 units, at least one character, and none cut in half. */
function headOf(text: string, units: number): string {
	const end = Math.max(units, 1);
	const isHalf = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && end < text.length;
	return text.slice(0, isHalf ? Math.max(end - 1, 2) : end);
}
