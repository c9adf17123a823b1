/** Mistakes as people read them: the same words for every file. */

import type {z} from 'zod';
import {oneLine} from '../util/errors.ts';
import type {Mistake} from './judge.ts';

/** What the schema complains of, each with its place. */
export function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
	const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part));
	if (issue.code === 'unrecognized_keys')
		return issue.keys.map(key => ({
			path: [...path, key],
			message: `there is no key named ${JSON.stringify(oneLine(key, 60))} here`,
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
		const deepest = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
		if (deepest && deepest.path.length > 0) return mistakesOf({...deepest, path: [...issue.path, ...deepest.path]});
	}
	return [
		{path, message: issue.message.replace(/^(?:Invalid input|Too small|Too big|Invalid option): expected/, 'expected')},
	];
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
