/** The ladder of a diagnosis: what carries the link, from the bottom up, each rung with what was seen of it. */

import {type Diagnosis, type Rung, rungTitles} from '../../diagnosis/types.ts';
import {formatLatency} from '../../util/readable.ts';
import {renderCause, renderEvidence} from './cause-parts.ts';
import {type Html, html} from './escape.ts';
import {asSentence, checkPath, clockTime, count, type Shown, verdictMark, withCode} from './words.ts';

const alsoShown = 5;

/** Cause, ladder and the other faults of one subject. `root` leads to the status page. */
export function renderDiagnosis(
	{ladder, cause, also, shared, asked, verdict}: Diagnosis,
	unasked: readonly string[],
	nowMs: number,
	root: string,
): Html {
	const when = asked
		? html`Asked afresh at ${clockTime(asked.atMs, nowMs)}: ${count(asked.looks, 'look')} in ${formatLatency(asked.durationMs / 1000)}.`
		: 'From what is known; nothing was asked for this.';
	return html`<section id="cause" aria-labelledby="cause-title">
<h2 id="cause-title">${verdict === 'up' ? 'What slows it' : 'Why'}</h2>
<p class="muted small">${when}</p>
${cause ? html`<div class="cause">${renderCause(cause, 'cause', nowMs)}${renderShared(shared, root)}</div>` : html`<p>${verdict === 'up' ? 'Nothing: it works as it should.' : 'No cause is known yet.'}</p>`}
${also.length > 0 ? html`<details id="also"><summary id="also-title">${count(also.length, 'other fault')} seen on the way</summary>${also.slice(0, alsoShown).map((other, at) => html`<div class="cause">${renderCause(other, `also ${at}`, nowMs)}</div>`)}</details>` : ''}
${unasked.length > 0 ? html`<p class="muted small">Could not be asked: ${unasked.slice(0, 10).map(sentence => html`${asSentence(sentence)} `)}</p>` : ''}
</section>
${renderLadder(ladder, nowMs)}`;
}

function renderShared({count: number, keys}: Diagnosis['shared'], root: string): Html {
	if (number === 0) return html``;
	const hidden = number - keys.length;
	return html`<details id="shared"><summary id="shared-title">${count(number, 'more check')} ${number === 1 ? 'fails' : 'fail'} for it</summary><ul class="plain">${keys.map(key => html`<li><a href="${checkPath(key, root)}">${key}</a></li>`)}${hidden > 0 ? html`<li>and ${hidden} more</li>` : ''}</ul></details>`;
}

const marks: Record<Rung['state'], [Shown, string]> = {
	holds: ['up', 'holds'],
	broken: ['down', 'broken'],
	unseen: ['pending', 'not seen'],
};

function renderLadder(ladder: readonly Rung[], nowMs: number): Html {
	if (ladder.length === 0) return html``;
	return html`<section id="ladder" aria-labelledby="ladder-title">
<h2 id="ladder-title">Ladder <span class="muted">from the bottom up</span></h2>
<ol class="ladder">${ladder.map(({name, state, says, evidence}) => {
		const isFresh = evidence.some(({fresh}) => fresh);
		return html`<li class="${state}"><span>${verdictMark(...marks[state])}</span><span class="rung">${rungTitles[name]}</span><span class="says">${withCode(asSentence(says))}${isFresh ? html` <span class="tag">asked now</span>` : ''}</span>
${evidence.length > 0 ? html`<details id="rung-${name}"><summary id="rung-${name}-title">what was seen</summary>${renderEvidence(evidence, nowMs)}</details>` : ''}</li>`;
	})}</ol>
</section>`;
}
