/** The nodes: what headscale says of each, beside what our own tunnels see. */

import {formatLatency, formatPath, formatSpan} from '../../util/readable.ts';
import type {NodeView, SourceView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {ageOf, count, verdictMark} from './words.ts';

const titles = ['name', 'owner', 'headscale', 'last seen', 'key expires', 'tunnel'];
const nodesShown = 100;
/** A key that ends within a week is worth a look. */
const soonMs = 7 * 86_400_000;

/** While the list cannot be read, what headscale said is shown with its age. */
export function renderNodes(nodes: readonly NodeView[], sources: readonly SourceView[], nowMs: number): Html {
	if (nodes.length === 0) return html``;
	const failing = sources.find(({name, ok}) => name === 'headscale-nodes' && ok === false);
	const asOf = failing && html` <span class="asof-list">as of ${ageOf(failing.lastSuccessAt, nowMs)}</span>`;
	const sorted = nodes
		.map(view => ({view, worry: worryOf(view, nowMs)}))
		.toSorted(
			(one, other) =>
				other.worry - one.worry || one.view.node.name.localeCompare(other.view.node.name, 'en', {numeric: true}),
		);
	const hidden = sorted.slice(nodesShown);
	const fine = hidden.filter(({worry}) => worry === 0).length;
	return html`<section id="nodes" aria-labelledby="nodes-title">
<h2 id="nodes-title">Nodes <span class="muted">${nodes.length}${asOf && html`, headscale's columns${asOf}`}</span></h2>
<div class="scroll" role="region" tabindex="0" aria-labelledby="nodes-title" id="scroll-nodes">
<table class="stack${asOf ? ' old' : ''}">
<thead><tr>${titles.map(title => html`<th scope="col">${title}${title === 'headscale' ? asOf : ''}</th>`)}</tr></thead>
<tbody>${sorted.slice(0, nodesShown).map(({view}) => renderNode(view, asOf !== undefined, nowMs))}</tbody>
</table></div>
${hidden.length > 0 ? html`<p class="rest">${count(hidden.length, 'more node')} not shown here (${fine} without a worry); <a href="api/v1/nodes">api/v1/nodes</a> has them all.</p>` : ''}
</section>`;
}

/** Disagreement, then tunnels that are down, that nobody could look at, keys that end; 0 is fine. */
function worryOf({node, tunnels, disagreement}: NodeView, nowMs: number): number {
	if (disagreement) return 4;
	if (tunnels.some(({verdict}) => verdict === 'down')) return 3;
	if (tunnels.some(({verdict}) => verdict === 'unknown')) return 2;
	return node.keyExpiryMs !== undefined && node.keyExpiryMs < nowMs + soonMs ? 1 : 0;
}

// headscale notes when a node was last seen as it leaves, so that of one that is online is of some earlier time.
function renderNode({node, tunnels, disagreement}: NodeView, old: boolean, nowMs: number): Html {
	const [address] = node.addresses;
	return html`<tr>
<th scope="row">${node.name}${node.ephemeral ? html` <span class="tag">ephemeral</span>` : ''}${address ? html`<span class="muted small under">${address}</span>` : ''}</th>
<td data-label="owner">${node.owner}${node.tags.map(tag => html` <span class="tag">${tag}</span>`)}</td>
<td class="told" data-label="headscale">${node.online === undefined ? html`<span class="muted">–</span>` : node.online ? 'online' : 'offline'}</td>
<td class="told" data-label="last seen">${ageOf(node.online === true ? undefined : node.lastSeenMs, nowMs)}</td>
<td class="told" data-label="key expires">${renderExpiry(node.keyExpiryMs, nowMs)}</td>
<td data-label="tunnel">${tunnels.length === 0 ? html`<span class="muted">not checked</span>` : tunnels.map(each => renderTunnel(each, tunnels.length > 1))}${
		disagreement
			? html`<span class="odd under">headscale ${old ? 'said' : 'says'} ${disagreements[disagreement]}</span>`
			: ''
	}</td>
</tr>`;
}

const disagreements: Record<NonNullable<NodeView['disagreement']>, string> = {
	online_but_unreachable: 'online, no tunnel answers',
	offline_but_reachable: 'offline, a tunnel answers',
};

function renderExpiry(expiryMs: number | undefined, nowMs: number): Html {
	if (expiryMs === undefined) return html`<span class="muted">never</span>`;
	if (expiryMs <= nowMs) return html`<span class="odd">expired ${formatSpan(nowMs - expiryMs)} ago</span>`;
	const age = ageOf(expiryMs, nowMs);
	return expiryMs < nowMs + soonMs ? html`<span class="odd">${age}</span>` : age;
}

function renderTunnel({vantage, verdict, path, rttSeconds}: NodeView['tunnels'][number], several: boolean): Html {
	const notes = [rttSeconds === undefined ? undefined : formatLatency(rttSeconds), formatPath(path)].filter(
		note => note !== undefined,
	);
	const said = notes.map(note => html` <span class="note">${note}</span>`);
	return html`<span class="tunnel">${verdictMark(verdict)}${said}${several ? html` <span class="muted">from ${vantage}</span>` : ''}</span>`;
}
