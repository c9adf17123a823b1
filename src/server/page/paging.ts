/** The way through a list that is shown by pages. */

import {type Html, html} from './escape.ts';
import {type LongPart, linkTo, type PageQuery} from './query.ts';

export function renderPaging(part: LongPart, query: PageQuery, {page, pages}: {page: number; pages: number}): Html {
	const before = page > 1 ? html`<a href="${linkTo(query, part, page - 1)}" rel="prev">the page before</a> · ` : '';
	const after = page < pages ? html` · <a href="${linkTo(query, part, page + 1)}" rel="next">the next page</a>` : '';
	return html`<nav class="rest" aria-label="Pages of ${part}">${before}page ${page} of ${pages}${after} · <a href="${linkTo(query)}">the whole status page</a></nav>`;
}
