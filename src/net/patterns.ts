/**
 * Regular expressions of the configuration, run against hostile text: RE2 syntax and time linear in the text (re2js). V8's own
 * engine backtracks for seconds, and its linear mode measured ten times slower than this one.
 */

import {RE2JS, RE2JSException, RE2JSSyntaxException} from 're2js';
import {oneLine} from '../util/errors.ts';

/** A compiled pattern; finds it anywhere in the text, as Go's MatchString does. */
export interface Pattern {
	test(text: string): boolean;
	/** Steps of the compiled pattern. Matching takes at worst about 8 ns for each step and character, typically 6 ns a character. */
	readonly size: number;
}

/** The pattern, compiled once and kept. Throws SyntaxError with a sentence that names the place when it is none. */
export function compilePattern(source: string): Pattern {
	const known = compiled.get(source);
	if (known) return known;
	if (compiled.size >= maxCompiled) compiled.clear();
	const pattern = compile(source);
	compiled.set(source, pattern);
	return pattern;
}

const compiled = new Map<string, Pattern>();
const maxCompiled = 500;

const maxLength = 2000;

function compile(source: string): Pattern {
	if (source.length > maxLength) throw new SyntaxError(`the pattern is longer than ${maxLength} characters`);
	try {
		const expression = RE2JS.compile(source);
		return {test: text => expression.test(text), size: expression.programSize()};
	} catch (error) {
		if (!(error instanceof RE2JSException)) throw error;
		throw new SyntaxError(describe(error, source));
	}
}

function describe(error: RE2JSException, source: string): string {
	if (!(error instanceof RE2JSSyntaxException) || !error.input)
		return `the pattern is no RE2 expression: ${error.message}`;
	const at = source.indexOf(error.input);
	const place = at < 0 ? '' : ` at character ${at + 1}`;
	return `the pattern is no RE2 expression: ${error.error} "${oneLine(error.input, 60)}"${place}`;
}
