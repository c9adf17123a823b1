/** A cause as a person reads it: how sure it is, what was seen, and the next command. */

import type {Command, Confidence, Evidence, NamedCause} from '../../diagnosis/types.ts';
import {hashText} from '../../util/hash.ts';
import {type Html, html} from './escape.ts';
import {foldEvidence} from './fold-evidence.ts';
import {ageOf, asSentence, nodePath, withCode} from './words.ts';

/** Where a cause is shown. */
export interface CausePlace {
	nowMs: number;
	/** Leads to the status page. */
	root: string;
	/** Whether there is a page of a node of that name. */
	isNode(name: string): boolean;
}

const confidenceWords: Record<Confidence, string> = {
	certain: 'Certain: it was seen itself.',
	likely: 'Likely: the usual reason of what was seen.',
	consistent: 'A guess: it fits what was seen, and other causes would fit too.',
};

/** `isUnsure`: of a failure that is not confirmed yet, nothing that is said of its cause is sure either. */
export function sayConfidence(confidence: Confidence, isUnsure = false): string {
	const words = confidenceWords[confidence];
	return isUnsure ? `If it stays, its cause is ${words.charAt(0).toLowerCase()}${words.slice(1)}` : words;
}

const evidenceShown = 12;

/** `told`: what stands beside it already. */
export function renderEvidence(evidence: readonly Evidence[], nowMs: number, told: readonly string[] = []): Html {
	const folded = foldEvidence(evidence, told);
	if (folded.length === 0) return html``;
	const hidden = folded.length - evidenceShown;
	return html`<ul class="evidence">${folded.slice(0, evidenceShown).map(each => renderOne(each, nowMs))}${hidden > 0 ? html`<li class="muted">and ${hidden} more</li>` : ''}</ul>`;
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
export function renderCommand({where, run, why}: Command, place: string, label = 'Next', more: Html = html``): Html {
	const id = `run-${hashText(`${place} ${where} ${run}`).toString(36)}`;
	const there = /^(?:on|in|at|where|wherever) /.test(where) ? where : `on ${where}`;
	return html`<div class="next"><p class="small" id="${id}-why"><b>${label}</b>, ${there}: <span class="muted">${withCode(asSentence(why))}</span>${more}</p>
<code class="command" id="${id}" tabindex="0" role="textbox" aria-readonly="true" aria-labelledby="${id}-why">${run}</code></div>`;
}

export function renderCommands(commands: readonly Command[], place: string, at: CausePlace): Html {
	return html`${commands.map((command, number) => renderCommand(command, `${place} ${number}`, 'Next', linkToAsk(command, at)))}`;
}

/** What this page can do by itself needs no terminal. */
function linkToAsk({run}: Command, {root, isNode}: CausePlace): Html {
	const [, name] = /^tailprobe diagnose (\S+)$/.exec(run) ?? [];
	if (name === undefined || !isNode(name)) return html``;
	return html` <a href="${nodePath(name, root)}#ask">Ask afresh on its page</a>, or:`;
}

/** In full, for the page of what it is about. */
export function renderCause(cause: NamedCause, place: string, at: CausePlace, isUnsure = false): Html {
	const {title, about, says, means, confidence, evidence, next} = cause;
	return html`<h3>${title} <span class="muted">${about}</span></h3>
<p>${withCode(asSentence(says))}</p>
<p>${withCode(means)}</p>
<p class="muted">${sayConfidence(confidence, isUnsure)}</p>
${renderEvidence(evidence, at.nowMs, [says])}
${renderCommands(next, place, at)}`;
}
