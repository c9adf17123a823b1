/** What is worth knowing as cards: calmer than failures, and below them. */

import type {Note} from '../../notes/types.ts';
import {type Html, html} from './escape.ts';
import {checkPath, count, withCode} from './words.ts';

const notesShown = 20;
const alsoShown = 6;

export function renderNotes(notes: readonly Note[]): Html {
	if (notes.length === 0) return html``;
	const hidden = notes.length - notesShown;
	const mild = notes.filter(({isMild}) => isMild).length;
	return html`<section id="notes" aria-labelledby="notes-title">
<h2 id="notes-title">Worth knowing ${mild === 0 ? '' : html` <span class="muted">${mild === notes.length ? 'minor' : `${mild} of them minor`}</span>`}</h2>
<ul class="troubles notes">${notes.slice(0, notesShown).map(renderNote)}</ul>
${hidden > 0 ? html`<p class="rest">${count(hidden, 'more note')} not shown here.</p>` : ''}
</section>`;
}

function renderNote({about, from, says, isMild, key, more, also}: Note): Html {
	const hidden = also.length - alsoShown;
	return html`<li class="${isMild ? 'mild' : ''}">
<p><b>${about}</b>${from === undefined ? '' : html` <span class="muted">from ${from}</span>`}</p>
<p class="why">${withCode(says)}</p>
${also.length > 0 ? html`<ul class="also"><li class="muted">meanwhile</li>${also.slice(0, alsoShown).map(each => html`<li><a href="${checkPath(each.key)}">${each.name} ${each.target}</a> ${each.says}</li>`)}${hidden > 0 ? html`<li>and ${count(hidden, 'more check')}</li>` : ''}</ul>` : ''}
<p class="small">${key === undefined ? '' : html`<a href="${checkPath(key)}">its page</a>`}${more === undefined ? '' : html`<a href="${more}">more</a>`}</p>
</li>`;
}
