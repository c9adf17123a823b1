/** Numbers, times and verdicts as the page writes them. */

import type {Outcome, Reason, Verdict} from '../../engine/types.ts';
import {clockText, formatTime} from '../../util/format-time.ts';
import {formatSpan} from '../../util/readable.ts';
import type {CheckView} from '../types.ts';
import {type Html, html} from './escape.ts';

export {asSentence, count} from '../../util/words.ts';

/** A verdict, and `pending` before the first run. */
export type Shown = Verdict | 'pending';

export function shownVerdict({ran, verdict}: CheckView): Shown {
	return ran ? verdict : 'pending';
}

/** Each verdict as it is counted for a person. */
export const verdictWords: Record<Shown, string> = {up: 'up', down: 'down', unknown: 'unknown', pending: 'not run yet'};

/** Worst first: what a person should read before the rest. */
export function badness(view: CheckView): number {
	const shown = shownVerdict(view);
	return shown === 'down' && view.confirmed ? 4 : {down: 3, unknown: 2, pending: 1, up: 0}[shown];
}

/** Reasons that are no words of people, as such; the others are what they say. `type`: of the check, which may mean something of its own. */
export function sayReason(reason: string, type = ''): string {
	const own = wordsOfTypes[type];
	if (own && Object.hasOwn(own, reason)) return own[reason as Reason] ?? reason;
	return Object.hasOwn(reasonWords, reason) ? (reasonWords[reason as Reason] ?? reason) : reason;
}

const wordsOfTypes: Readonly<Record<string, Partial<Record<Reason, string>>>> = {
	gpu: {status: 'nvidia-smi fails', content: 'GPU trouble'},
	dns: {status: 'no such answer', content: 'another answer'},
};

const reasonWords: Partial<Record<Reason, string>> = {
	resolve: 'name not resolved',
	wrong_network: 'outside the tailnet',
	tls: 'TLS failed',
	proxy: 'proxy refuses',
	protocol: 'protocol error',
	status: 'wrong status',
	content: 'wrong content',
	loss: 'pings lost',
	expected_unreachable: 'must not answer',
	vantage: 'nobody can look',
	late: 'tailprobe was late',
	internal: 'error in tailprobe',
};

/** A verdict by shape and word; the shapes stand once in the page. */
export function verdictMark(
	shown: Shown | 'degraded',
	word = shown === 'degraded' ? shown : verdictWords[shown],
): Html {
	return html`<span class="verdict ${shown}"><svg class="mark" aria-hidden="true"><use href="#mark-${shown}"/></svg>${word}</span>`;
}

/** The shapes: a disc, a cross in a square, a ring with a gap, a triangle that points down, a dot. */
export const markShapes = html`<svg class="shapes" aria-hidden="true">
<symbol id="mark-up" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.5"/></symbol>
<symbol id="mark-down" viewBox="0 0 12 12"><path d="M1 1h10v10H1zM3.6 4.7 4.9 6 3.6 7.3l1.1 1.1L6 7.1l1.3 1.3 1.1-1.1L7.1 6l1.3-1.3-1.1-1.1L6 4.9 4.7 3.6z" fill-rule="evenodd"/></symbol>
<symbol id="mark-unknown" viewBox="0 0 12 12"><path d="M6 1 11 6 6 11 1 6zM6 3.1 3.1 6 6 8.9 8.9 6z" fill-rule="evenodd"/></symbol>
<symbol id="mark-degraded" viewBox="0 0 12 12"><path d="M1 2.5h10L6 10.5z"/></symbol>
<symbol id="mark-pending" viewBox="0 0 12 12"><circle cx="6" cy="6" r="1.8"/></symbol>
</svg>`;

/** How long ago, or in how long, with the exact time on demand; a dash where no time is known. */
export function ageOf(wallMs: number | undefined, nowMs: number): Html {
	const iso = formatTime(wallMs);
	if (wallMs === undefined || iso === undefined) return html`<span class="muted">–</span>`;
	const text = wallMs > nowMs ? `in ${formatSpan(wallMs - nowMs)}` : `${formatSpan(nowMs - wallMs)} ago`;
	return html`<time datetime="${iso}" title="${iso}">${text}</time>`;
}

/** `03:02:10 UTC`, with the day when it is another one. */
export function clockTime(wallMs: number, nowMs: number): Html {
	return html`<time datetime="${formatTime(wallMs)}">${clockText(wallMs, nowMs)}</time>`;
}

/** The text with what stands between backquotes, such as a command to type, as code. */
export function withCode(text: string): Html {
	const parts = text.split('`');
	// A backquote that has no other to close it is one of the text.
	if (parts.length % 2 === 0) parts.splice(-2, 2, parts.slice(-2).join('`'));
	return html`${parts.map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

/** The page of a check; `root` leads from the page that links there to the status page: '' or '../'. */
export function checkPath(key: string, root = ''): string {
	return `${root}checks/${asSegment(key)}`;
}

/** The page of a node; `root` as above. */
export function nodePath(name: string, root = ''): string {
	return `${root}nodes/${asSegment(name)}`;
}

/** One segment of a path, whatever is in it. */
function asSegment(text: string): string {
	return encodeURIComponent(text.toWellFormed());
}

/** Loss of one run such as `33 %`; undefined where none is known or nothing was lost. */
export function formatLoss(outcome: Outcome | undefined): string | undefined {
	const ratio = outcome?.reading?.values.loss_ratio;
	return ratio === undefined || !(ratio > 0) ? undefined : `${Math.round(ratio * 100) || '< 1'} %`;
}
