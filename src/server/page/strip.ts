/** The last hour of a check as a small drawing: up is a low line, down a full bar, unknown a dash in the middle. */

import {clockText} from '../../util/format-time.ts';
import {formatLatency} from '../../util/readable.ts';
import type {CheckView, StripBucket} from '../types.ts';
import {type Html, html} from './escape.ts';
import {verdictMark} from './words.ts';

export function drawStrip(strip: CheckView['strip'], shape = 'strip'): Html {
	const kinds = strip.map(kindOf);
	const minutes = {up: 0, down: 0, unknown: 0};
	for (const kind of kinds) if (kind) minutes[kind]++;
	const first = kinds.findIndex(kind => kind !== undefined);
	if (first === -1) return html`<span class="muted small note">no runs in the last hour</span>`;

	const paths = (['up', 'down', 'unknown'] as const)
		.filter(kind => minutes[kind] > 0)
		.map(kind => html`<path class="${kind}" d="${outline(kinds, kind)}"/>`);
	const label = sayMinutes(minutes, strip.length - first);
	return html`<svg class="${shape}" role="img" viewBox="0 0 ${strip.length * 2} 12" preserveAspectRatio="none"><title>${label}</title>${paths}</svg>`;
}

/** The same in words: a line for each stretch of minutes of one kind, oldest first; nothing for minutes in which nothing ran. */
export function sayHour(strip: CheckView['strip'], nowMs: number): Html {
	const kinds = strip.map(kindOf);
	const nowMinute = Math.floor(nowMs / 60_000);
	const stretches: {kind: Kind; from: number; to: number}[] = [];
	for (const [at, kind] of kinds.entries()) {
		const last = stretches.at(-1);
		if (!kind) continue;
		if (last?.kind === kind && last.to === at - 1) last.to = at;
		else stretches.push({kind, from: at, to: at});
	}
	const minute = (at: number) =>
		clockText((nowMinute - strip.length + 1 + at) * 60_000, nowMs).replace(/:\d\d UTC$/, '');
	return html`<ul class="plain">${stretches.map(({kind, from, to}) => html`<li>${minute(from)}${to > from ? `–${minute(to)}` : ''} UTC ${verdictMark(kind, kindWords[kind])}${worstOf(strip.slice(from, to + 1))}</li>`)}</ul>`;
}

const kindWords: Record<Kind, string> = {up: 'up', down: 'a failure in each minute', unknown: 'unknown in each minute'};

function worstOf(buckets: CheckView['strip']): string {
	const slowest = Math.max(...buckets.map(bucket => bucket?.worstSeconds ?? 0));
	return slowest > 0 ? `, ${formatLatency(slowest)} at worst` : '';
}

/** What the drawings mean, for above them. */
export function renderStripLegend(): Html {
	return html`<p class="muted small legend">The last hour, a mark for each minute, now at the right: ${key('up')} up, ${key('down')} a failure, ${key('unknown')} unknown, gaps where nothing ran.</p>`;
}

/** `a failure in 4 of the last 9 minutes`, counted from the first minute in which anything ran. */
function sayMinutes({up, down, unknown}: Record<Kind, number>, length: number): string {
	if (length === 1) return `${down > 0 ? 'a failure' : unknown > 0 ? 'unknown' : 'up'} in the last minute`;
	const parts = [
		down > 0 ? `a failure in ${down}` : '',
		unknown > 0 ? `unknown in ${unknown}` : '',
		down + unknown > 0 ? '' : `up in ${up === length ? 'all' : up}`,
	];
	return `${parts.filter(part => part !== '').join(', ')} of the last ${length} minutes`;
}

type Kind = 'up' | 'down' | 'unknown';

/** Top edge and height. */
const bars: Record<Kind, [top: number, height: number]> = {up: [8.5, 3.5], down: [0, 12], unknown: [4.5, 3]};

function kindOf(bucket: StripBucket | undefined): Kind | undefined {
	if (!bucket) return undefined;
	if (bucket.down > 0) return 'down';
	return bucket.unknown > 0 ? 'unknown' : 'up';
}

/** One minute as a sample. */
function key(kind: Kind): Html {
	return html`<svg class="strip key" aria-hidden="true" viewBox="0 0 6 12"><path class="${kind}" d="${outline([kind, kind, kind], kind)}"/></svg>`;
}

/** One box for each row of minutes of that kind. */
function outline(kinds: readonly (Kind | undefined)[], kind: Kind): string {
	const [top, height] = bars[kind];
	let path = '';
	for (let from = 0; from < kinds.length; from++) {
		if (kinds[from] !== kind) continue;
		let to = from;
		while (kinds[to] === kind) to++;
		path += `M${from * 2} ${top}h${(to - from) * 2}v${height}h-${(to - from) * 2}z`;
		from = to;
	}
	return path;
}
