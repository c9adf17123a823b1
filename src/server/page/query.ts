/** What of the page somebody asked for: a filter, or all of one part. Works by plain links and a form, without script. */

import type {CheckView} from '../types.ts';
import {shownVerdict, verdictWords} from './words.ts';

/** Parts that may be longer than the page shows. */
const longParts = ['incidents', 'checks', 'nodes'] as const;
export type LongPart = (typeof longParts)[number];

export interface PageQuery {
	/** As written, cleaned of what surrounds it and bounded. */
	filter: string;
	/** The part that is shown alone and whole, by pages. */
	all?: LongPart;
	/** From 1 on. */
	page: number;
}

export const wholePage: PageQuery = {filter: '', page: 1};

const filterAtMost = 200;
const pageAtMost = 10_000;

/** Whatever is not understood counts as not said. */
export function readQuery(search: URLSearchParams): PageQuery {
	const filter = (search.get('filter') ?? '').trim().slice(0, filterAtMost).toWellFormed();
	const all = longParts.find(part => part === search.get('all'));
	const page = /^[1-9]\d{0,5}$/.test(search.get('page') ?? '') ? Number(search.get('page')) : 1;
	return {filter, page: Math.min(page, pageAtMost), ...(all ? {all} : {})};
}

/** The link to another part or page of the same filter, relative to the status page. */
export function linkTo({filter}: PageQuery, part?: LongPart, page = 1): string {
	const search = new URLSearchParams();
	if (filter !== '') search.set('filter', filter);
	if (part) search.set('all', part);
	if (page > 1) search.set('page', String(page));
	return search.size === 0 ? './' : `./?${search}`;
}

export type Matcher = (...texts: readonly (string | undefined)[]) => boolean;

/** Whether all words of the filter are somewhere in the texts, however they are written. Everything passes an empty filter. */
export function matcherOf({filter}: PageQuery): Matcher {
	const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return () => true;
	return (...texts) => {
		const text = texts.join('\n').toLowerCase();
		return words.every(word => text.includes(word));
	};
}

export function matchesCheck(matches: Matcher, view: CheckView): boolean {
	const {check, last} = view;
	return matches(
		check.name,
		check.type,
		check.vantage,
		check.target.name,
		check.target.peer,
		verdictWords[shownVerdict(view)],
		last?.reason,
		last?.reading?.facts.path,
	);
}

/** A slice of a list that is shown by pages. */
export interface Slice<T> {
	shown: readonly T[];
	page: number;
	pages: number;
}

/** A page beyond the last is the last. */
export function slicePage<T>(list: readonly T[], {page}: PageQuery, size: number): Slice<T> {
	const pages = Math.max(1, Math.ceil(list.length / size));
	const at = Math.min(page, pages);
	return {shown: list.slice((at - 1) * size, at * size), page: at, pages};
}
