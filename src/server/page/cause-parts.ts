/** A cause as a person reads it: how sure it is, what was seen, and the next command. */

import type {Command, Confidence, Evidence, NamedCause} from '../../diagnosis/types.ts';
import {hashText} from '../../util/hash.ts';
import {type Html, html} from './escape.ts';
import {ageOf, asSentence, withCode} from './words.ts';

const confidenceWords: Record<Confidence, string> = {
	certain: 'Certain: it was seen itself.',
	likely: 'Likely: the usual reason of what was seen.',
	consistent: 'A guess: it fits what was seen, and other causes would fit too.',
};

export function sayConfidence(confidence: Confidence): string {
	return confidenceWords[confidence];
}

const evidenceShown = 12;

export function renderEvidence(evidence: readonly Evidence[], nowMs: number): Html {
	if (evidence.length === 0) return html``;
	const hidden = evidence.length - evidenceShown;
	return html`<ul class="evidence">${evidence.slice(0, evidenceShown).map(each => renderOne(each, nowMs))}${hidden > 0 ? html`<li class="muted">and ${hidden} more</li>` : ''}</ul>`;
}

function renderOne({says, wanted, atMs, fresh}: Evidence, nowMs: number): Html {
	const when = fresh
		? html` <span class="tag">asked now</span>`
		: atMs === undefined
			? ''
			: html` <span class="muted small">${ageOf(atMs, nowMs)}</span>`;
	return html`<li>${withCode(asSentence(says))}${wanted === undefined ? '' : html` <span class="muted">Wanted: ${asSentence(wanted)}</span>`}${when}</li>`;
}

/** A command in a box that is selected whole by a click or when it gets the focus. `place` tells boxes of one page apart. */
export function renderCommand({where, run, why}: Command, place: string, label = 'Next'): Html {
	const id = `run-${hashText(`${place} ${where} ${run}`).toString(36)}`;
	return html`<div class="next"><p class="small" id="${id}-why"><b>${label}</b> ${where}: <span class="muted">${asSentence(why)}</span></p>
<code class="command" id="${id}" tabindex="0" role="textbox" aria-readonly="true" aria-labelledby="${id}-why">${run}</code></div>`;
}

export function renderCommands(commands: readonly Command[], place: string): Html {
	return html`${commands.map((command, at) => renderCommand(command, `${place} ${at}`))}`;
}

/** In full, for the page of what it is about. */
export function renderCause(cause: NamedCause, place: string, nowMs: number): Html {
	const {title, about, says, means, confidence, evidence, next} = cause;
	return html`<h3>${title} <span class="muted">${about}</span></h3>
<p>${withCode(asSentence(says))}</p>
<p class="muted">${sayConfidence(confidence)}</p>
<p>${withCode(means)}</p>
${renderEvidence(evidence, nowMs)}
${renderCommands(next, place)}`;
}
