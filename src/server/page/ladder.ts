/** The ladder of a diagnosis: what carries the link, what all else stands on first, each rung with what was seen of it. */

import {type Diagnosis, type Rung, rungTitles} from '../../diagnosis/types.ts';
import {formatLatency} from '../../util/readable.ts';
import {type CausePlace, renderCause, renderEvidence} from './cause-parts.ts';
import {type Html, html} from './escape.ts';
import {asSentence, checkPath, clockTime, count, type Shown, verdictMark, withCode} from './words.ts';

const alsoShown = 5;

/** Cause, ladder and the other faults of one subject. `isUnsure`: it failed, and that is not confirmed yet. */
export function renderDiagnosis(
	{ladder, cause, also, shared, asked, verdict}: Diagnosis,
	unasked: readonly string[],
	place: CausePlace,
	isUnsure = false,
): Html {
	const {nowMs, root} = place;
	const when = asked
		? html`Asked afresh at ${clockTime(asked.atMs, nowMs)}: ${count(asked.looks, 'look')} in ${formatLatency(asked.durationMs / 1000)}.`
		: 'From what is known; nothing was asked for this.';
	return html`<section id="cause" aria-labelledby="cause-title">
<h2 id="cause-title">${verdict === 'up' ? 'What slows it' : 'Why'}</h2>
<p class="muted small">${when}</p>
${cause ? html`<div class="cause">${renderCause(cause, 'cause', place, isUnsure)}${renderShared(shared, root)}</div>` : html`<p>${verdict === 'up' ? 'Nothing: it works as it should.' : 'No cause is known yet.'}</p>`}
${also.length > 0 ? html`<details id="also"><summary id="also-title">${count(also.length, 'other fault')} seen on the way</summary>${also.slice(0, alsoShown).map((other, at) => html`<div class="cause">${renderCause(other, `also ${at}`, place)}</div>`)}</details>` : ''}
${unasked.length > 0 ? html`<p class="muted small">Could not be asked: ${unasked.slice(0, 10).map(sentence => html`${asSentence(sentence)} `)}</p>` : ''}
</section>
${renderLadder(ladder, nowMs)}`;
}

function renderShared({count: number, keys}: Diagnosis['shared'], root: string): Html {
	if (number === 0) return html``;
	const hidden = number - keys.length;
	return html`<details id="shared"><summary id="shared-title">${count(number, 'more check')} ${number === 1 ? 'is' : 'are'} down or unknown for it</summary><ul class="plain">${keys.map(key => html`<li><a href="${checkPath(key, root)}">${key}</a></li>`)}${hidden > 0 ? html`<li>and ${hidden} more</li>` : ''}</ul></details>`;
}

const marks: Record<Rung['state'], [Shown, string]> = {
	holds: ['up', 'holds'],
	broken: ['down', 'broken'],
	unseen: ['pending', 'not seen'],
};

function renderLadder(ladder: readonly Rung[], nowMs: number): Html {
	if (ladder.length === 0) return html``;
	return html`<section id="ladder" aria-labelledby="ladder-title">
<h2 id="ladder-title">Ladder <span class="muted">what all else stands on comes first</span></h2>
<ol class="ladder">${ladder.map(({name, state, says, evidence}) => {
		const isFresh = evidence.some(({fresh}) => fresh);
		const seen = renderEvidence(evidence, nowMs, [says]);
		return html`<li class="${state}"><span>${verdictMark(...marks[state])}</span><span class="rung">${rungTitles[name]}</span><span class="says">${withCode(asSentence(says))}${isFresh ? html` <span class="tag">asked now</span>` : ''}</span>
${seen.text === '' ? '' : html`<details id="rung-${name}"><summary id="rung-${name}-title">what was seen</summary>${seen}</details>`}</li>`;
	})}</ol>
</section>`;
}
