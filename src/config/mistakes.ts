/** Mistakes as people read them: the same words for every file. */

import type {z} from 'zod';
import {oneLine} from '../util/errors.ts';
import type {Mistake} from './judge.ts';
import {hintForKey} from './key-hints.ts';
import {exampleOfList, formsAt, kindsAt, kindWords} from './schema-nodes.ts';

/** What the schema complains of, each with its place. `written`: the whole that was judged, for better hints. */
export function mistakesOf(issue: z.core.$ZodIssue, schema: z.ZodType, written?: unknown): Mistake[] {
	const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
	if (issue.code === 'unrecognized_keys')
		return issue.keys.map(key => ({
			path: [...path, key],
			message: `there is no key named ${JSON.stringify(oneLine(key, 60))} here${hintForKey(schema, path, key, written)}`,
		}));
	if (issue.code === 'invalid_key')
		return [
			{
				path,
				message: `${JSON.stringify(oneLine(String(path.at(-1)), 60))} is no name: ${issue.issues[0]?.message ?? issue.message}`,
			},
		];
	if (issue.code === 'invalid_union') {
		const inner = issue.errors.map(errors => errors[0]).filter(error => error !== undefined);
		// Of equal ones that of a form whose keys are there.
		const deepest = inner.toSorted(
			(a, b) => b.path.length - a.path.length || Number(isMissing(a)) - Number(isMissing(b)),
		)[0];
		const hasOwnWords = issue.message !== 'Invalid input';
		const isDeep = deepest !== undefined && deepest.path.length > 0;
		const telling = isDeep ? deepest : inner.find(error => error.code === 'unrecognized_keys');
		// What is missing in one of the forms may not be wanted in another: words for all of them say more.
		if (telling && !(hasOwnWords && (!isDeep || isMissing(telling))))
			return mistakesOf({...telling, path: [...issue.path, ...telling.path]}, schema, written);
	}
	return [{path, message: wordsOf(issue, schema, path, written)}];
}

/** `file:line:column: key.key[0]: message`. */
export function describeMistake(
	mistake: Pick<Mistake, 'path' | 'message'>,
	{line, col}: {line: number; col: number},
	path: string,
): string {
	const place = mistake.path.reduce<string>(
		(text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
		'',
	);
	return oneLine(`${path}:${line}:${col}: ${place === '' ? '' : `${place}: `}${mistake.message}`, 500);
}

/** The message of a schema that brings its own words, or else ours for what the library says. */
function wordsOf(
	issue: z.core.$ZodIssue,
	schema: z.ZodType,
	path: readonly (string | number)[],
	written: unknown,
): string {
	const {message} = issue;
	if (message === 'Invalid input') {
		const kinds = kindsAt(schema, path);
		return kinds === '' ? 'expected another value' : `expected ${kinds}`;
	}
	const [, expected = '', received = ''] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
	const wanted =
		expected === 'array'
			? `a list such as ${exampleOfList(schema, path, formsAt(schema, path, written).value)}`
			: inWords(expected);
	if (received === 'undefined') return `this is missing: expected ${wanted}`;
	if (expected !== '') return `expected ${wanted}${expected === 'array' ? '' : `, got ${inWords(received)}`}`;
	if (issue.code === 'too_small' && message.startsWith('Too small:')) {
		if (issue.origin === 'string' && issue.minimum === 1) return 'expected a text that is not empty';
		return `expected at least ${issue.minimum}${unitOf(issue.origin, Number(issue.minimum))}`;
	}
	if (issue.code === 'too_big' && message.startsWith('Too big:'))
		return `expected at most ${issue.maximum}${unitOf(issue.origin, Number(issue.maximum))}`;
	return message
		.replace(/^(?:Invalid input|Too small|Too big|Invalid option): expected/, 'expected')
		.replaceAll('"|"', '", "');
}

function isMissing({code, message}: z.core.$ZodIssue): boolean {
	return code === 'invalid_type' && message.endsWith('received undefined');
}

function inWords(type: string): string {
	return kindWords[type] ?? type;
}

function unitOf(origin: string, count: number): string {
	if (origin === 'array') return count === 1 ? ' entry' : ' entries';
	return origin === 'string' ? ' characters' : '';
}
