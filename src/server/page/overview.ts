/** The top of the page: the whole in one sentence and a few numbers, and what there is to read when nothing is wrong. */

import {isUnsupported} from '../../notes/unsupported-notes.ts';
import {verdictOf} from '../../pools/view.ts';
import {formatSpan} from '../../util/readable.ts';
import {isUnsound} from '../../vantages/unsound.ts';
import {countChecks} from '../json.ts';
import {type Html, html} from './escape.ts';
import {countDegraded, headline} from './headline.ts';
import type {Snapshot} from './snapshot.ts';
import {clockTime, count, verdictMark, verdictWords} from './words.ts';

export function renderHeader(snapshot: Snapshot, notes: number): Html {
	const {checks, pools, sources, vantages, nowMs} = snapshot;
	const all = countChecks(checks);
	const unsupported = checks.filter(isUnsupported).length;
	const counts = {...all, unknown: all.unknown - unsupported};
	const {up, down, unknown} = counts;
	const failing = sources.filter(({ok}) => ok === false).length;
	const sick = vantages.filter(isUnsound).length;
	const degraded = countDegraded(snapshot);
	const isShort = pools.some(pool => verdictOf(pool).verdict === 'short');
	const state =
		down > 0 || isShort ? 'down' : unknown > 0 || failing > 0 || sick > 0 ? 'unknown' : up > 0 ? 'up' : 'pending';
	return html`<header class="top ${state}">
<h1><span class="name">tailprobe</span> ${headline(snapshot, notes)}</h1>
<ul class="counts">
${(['up', 'down', 'unknown', 'pending'] as const).filter(kind => counts[kind] > 0).map(kind => html`<li>${verdictMark(kind, `${counts[kind]} ${verdictWords[kind]}`)}</li>`)}
${unsupported > 0 ? html`<li><a href="#notes">${unsupported} cannot run</a></li>` : ''}
${degraded > 0 ? html`<li><a class="to" href="#incidents">${verdictMark('degraded', `${degraded} degraded`)}</a></li>` : ''}
${failing > 0 ? html`<li><a href="#sources">${count(failing, 'source')} failing</a></li>` : ''}
${sick > 0 ? html`<li><a href="#vantages">${count(sick, 'vantage')} not sound</a></li>` : ''}
${notes > 0 ? html`<li><a href="#notes">${count(notes, 'note')}</a></li>` : ''}
</ul>
<p class="asof muted">${clockTime(nowMs, nowMs)}</p>
</header>`;
}

/** When nothing is wrong: that, or what to wait for, or what to write. Nothing when all there is to say are notes. */
export function renderCalm(snapshot: Snapshot, notes: number): Html {
	const said = sayCalm(snapshot, notes);
	return said ? html`<section id="incidents" class="fine">${said}</section>` : html``;
}

function sayCalm({checks, sources}: Snapshot, notes: number): Html | undefined {
	if (checks.length === 0) return renderNoChecks(sources.some(({ok}) => ok !== true));
	const waiting = checks.filter(({ran}) => !ran).length;
	if (waiting === checks.length)
		return html`<p><b>The first runs are under way.</b> Starts are spread over each check's interval, so the last one begins within ${formatSpan(Math.max(...checks.map(({check}) => check.intervalMs)))}.</p>`;
	if (waiting > 0)
		return html`<p>${notes > 0 ? 'Nothing is down' : 'Nothing is wrong'} so far; ${count(waiting, 'check has', 'checks have')} not run yet.</p>`;
	return notes > 0 ? undefined : html`<p>Nothing is wrong.</p>`;
}

function renderNoChecks(unread: boolean): Html {
	return html`<p><b>There is nothing to watch yet.</b> ${
		unread
			? 'Checks of nodes begin as soon as headscale has listed them; the sources below say how far that is.'
			: 'Add a check to the configuration file, then reload it with SIGHUP or with a POST to /-/reload:'
	}</p>
<pre>checks:
  - name: tunnel
    prober: tunnel
    nodes: {}          # every node that headscale lists
    interval: 15s
  - name: livekit
    module: http_2xx
    targets: [{name: livekit, target: "http://livekit:7880/"}]
    via: tailnet</pre>`;
}
