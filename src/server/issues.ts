/** What is wrong with what a caller sent, field by field, in our words. */

import type {z} from 'zod';
import {oneLine} from '../util/errors.ts';

/** What is wrong with one field; '' is the whole of what was sent. */
export interface FieldIssue {
	field: string;
	/** A sentence without its full stop. */
	detail: string;
}

/** At most some ten of them. */
export function listIssues(error: z.ZodError): FieldIssue[] {
	return error.issues.slice(0, 10).flatMap(describeIssue);
}

/** All of them in one sentence's end; `whole` is how that which was sent is called, such as `the body`. */
export function sayIssues(issues: readonly FieldIssue[], whole: string): string {
	return `${issues.map(({field, detail}) => `${field || whole}: ${detail}`).join('; ')}.`;
}

function describeIssue(issue: z.core.$ZodIssue): FieldIssue[] {
	if (issue.code === 'unrecognized_keys')
		return issue.keys.slice(0, 10).map(key => ({field: oneLine(key, 60), detail: 'there is no field of this name'}));
	// Which one of several is wrong goes without saying.
	const names = issue.path.filter(part => typeof part === 'string');
	return [{field: names.join('.'), detail: issue.message}];
}
