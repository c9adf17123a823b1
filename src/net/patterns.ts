/**
 * Regular expressions of the configuration, run against hostile text: RE2 syntax and time linear in the text (re2js). V8's own
 * engine backtracks for seconds, and its linear mode measured ten times slower than this one.
 */

import {createRequire} from 'node:module';
import type {Matcher, RE2JSException} from 're2js';
import {oneLine} from '../util/errors.ts';

/** A compiled pattern; finds it anywhere in the text, as Go's MatchString does. */
export interface Pattern {
	test(text: string): boolean;
	/** What the first match captured, found out when it is asked for; undefined without a match. */
	match(text: string): Captures | undefined;
	/**
	 * Steps of the compiled pattern. Whether it matches takes some 6 ns a character, at worst, as what was captured does, about 8 ns for
	 * each step and character.
	 */
	readonly size: number;
}

/** What a group captured, by its number (0: the whole match) or its name; undefined when it took no part or there is no such group. */
export type Captures = (group: string) => string | undefined;

/** The pattern, compiled once and kept. Throws SyntaxError with a sentence that names the place when it is none. */
export function compilePattern(source: string): Pattern {
	const known = compiled.get(source);
	if (known) return known;
	if (compiled.size >= maxCompiled) compiled.clear();
	const pattern = compile(source);
	compiled.set(source, pattern);
	return pattern;
}

/**
 * The template with `$1`, `${1}`, `$name`, `${name}` and `$$` filled in, as Go's Regexp.Expand does: a name is as long as it can be
 * (`$1x` is the group `1x`), and what was not captured is empty.
 */
export function expandTemplate(template: string, captures: Captures): string {
	return template.replace(
		/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
		(text, braced?: string, bare?: string) => (text === '$$' ? '$' : (captures(braced ?? bare ?? '') ?? '')),
	);
}

const compiled = new Map<string, Pattern>();
const maxCompiled = 500;

const maxLength = 2000;

/** Loaded with the first pattern: it is read by both threads, and most configurations have none. */
const loadRe2 = () => createRequire(import.meta.url)('re2js') as typeof import('re2js');

function compile(source: string): Pattern {
	if (source.length > maxLength) throw new SyntaxError(`the pattern is longer than ${maxLength} characters`);
	const {RE2JS, RE2JSException} = loadRe2();
	try {
		const expression = RE2JS.compile(source);
		return {
			test: text => expression.test(text),
			match: text => (expression.test(text) ? laterCaptures(() => expression.matcher(text)) : undefined),
			size: expression.programSize(),
		};
	} catch (error) {
		if (!(error instanceof RE2JSException)) throw error;
		throw new SyntaxError(describe(error, source));
	}
}

/** What a match captured is told by an engine that takes up to thirty times as long as the one that says whether there is a match. */
function laterCaptures(match: () => Matcher): Captures {
	let captures: Captures | undefined;
	return group => {
		captures ??= capturesOf(match());
		return captures(group);
	};
}

function capturesOf(matcher: Matcher): Captures {
	if (!matcher.find()) throw new Error('re2js finds a match with one of its engines and none with another');
	const named = matcher.getNamedGroups();
	return group => {
		if (!/^(?:0|[1-9]\d{0,7})$/.test(group))
			return (Object.hasOwn(named, group) ? named[group] : undefined) ?? undefined;
		return Number(group) <= matcher.groupCount() ? (matcher.group(Number(group)) ?? undefined) : undefined;
	};
}

function describe(error: RE2JSException, source: string): string {
	const {RE2JSSyntaxException} = loadRe2();
	if (!(error instanceof RE2JSSyntaxException) || !error.input)
		return `the pattern is no RE2 expression: ${error.message}`;
	const at = source.indexOf(error.input);
	const place = at < 0 ? '' : ` at character ${at + 1}`;
	return `the pattern is no RE2 expression: ${error.error} "${oneLine(error.input, 60)}"${place}`;
}
