/** The nodes: what headscale says of each, what our own tunnels see, and the machine behind it. Worst first. */

import type {Machine, MachinesView} from '../../inventory/machine-types.ts';
import {formatLatency, formatPath, formatSpan} from '../../util/readable.ts';
import type {CheckView, NodeView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {renderGpus, renderInstance, renderPod, renderPrice} from './machine-cells.ts';
import {renderPaging} from './paging.ts';
import {linkTo, type Matcher, matcherOf, type PageQuery, slicePage, wholePage} from './query.ts';
import type {Snapshot} from './snapshot.ts';
import {ageOf, count, nodePath, verdictMark} from './words.ts';

const shownAtMost = 100;
const ofAPage = 250;
const tunnelsShown = 5;
/** A key that ends within a week is worth a look. */
const soonMs = 7 * 86_400_000;

/** One row, with what decides its place. */
interface Row {
	view: NodeView;
	machine: Machine | undefined;
	gpu: CheckView | undefined;
	worry: number;
}

/** While the list cannot be read, what headscale said is shown with its age; so are instances and pods. */
export function renderNodes(
	{nodes, sources, checks, machines, nowMs}: Pick<Snapshot, 'nodes' | 'sources' | 'checks' | 'machines' | 'nowMs'>,
	query: PageQuery = wholePage,
): Html {
	if (nodes.length === 0) return html``;
	const failing = sources.find(({name, ok}) => name === 'headscale-nodes' && ok === false);
	const asOf = failing && html` <span class="asof-list">as of ${ageOf(failing.lastSuccessAt, nowMs)}</span>`;
	const looks = new Map(
		checks.flatMap(view => (view.check.type === 'gpu' && view.ran ? [[view.check.target.peer, view]] : [])),
	);
	const all = nodes
		.map((view): Row => {
			const gpu = looks.get(view.node.name);
			return {view, machine: machines.byNode.get(view.node.name), gpu, worry: worryOf(view, gpu, nowMs)};
		})
		.toSorted((one, other) => other.worry - one.worry || byName.compare(one.view.node.name, other.view.node.name));
	const matches = matcherOf(query);
	const found = query.filter === '' ? all : all.filter(row => matchesRow(matches, row));
	const isWhole = query.all === 'nodes';
	const {shown, ...paging} = slicePage(found, isWhole ? query : wholePage, isWhole ? ofAPage : shownAtMost);
	const hidden = isWhole ? [] : found.slice(shown.length);
	const fine = hidden.filter(({worry}) => worry === 0).length;
	const columns = columnsOf(machines, looks.size > 0, nowMs);
	const number = query.filter === '' ? `${nodes.length}` : `${found.length} of ${nodes.length} have “${query.filter}”`;
	return html`<section id="nodes" aria-labelledby="nodes-title">
<h2 id="nodes-title">Nodes <span class="muted">${number}${asOf && html`, headscale's columns${asOf}`}</span></h2>
<div class="scroll" role="region" tabindex="0" aria-labelledby="nodes-title" id="scroll-nodes">
<table class="stack nodes${asOf ? ' old' : ''}">
<thead><tr>${['name', 'owner', 'headscale', 'last seen', 'key expires', 'tunnel'].map(title => html`<th scope="col">${title}${title === 'headscale' ? asOf : ''}</th>`)}${columns.map(({title, asOf: age}) => html`<th scope="col">${title}${age}</th>`)}</tr></thead>
<tbody>${shown.map(row => renderRow(row, columns, asOf !== undefined, nowMs))}</tbody>
</table></div>
${isWhole ? renderPaging('nodes', query, paging) : ''}
${hidden.length > 0 ? html`<p class="rest">${count(hidden.length, 'more node')} not shown here (${fine} without a worry); <a href="${linkTo(query, 'nodes')}">show all nodes</a>.</p>` : ''}
</section>`;
}

const byName = new Intl.Collator('en', {numeric: true});

/** Disagreement, then tunnels that are down, GPUs that are, what nobody could look at, keys that end; 0 is fine. */
function worryOf({node, tunnels, disagreement}: NodeView, gpu: CheckView | undefined, nowMs: number): number {
	if (disagreement) return 5;
	if (tunnels.some(({verdict}) => verdict === 'down')) return 4;
	if (gpu?.verdict === 'down') return 3;
	if (tunnels.some(({verdict}) => verdict === 'unknown')) return 2;
	return node.keyExpiryMs !== undefined && node.keyExpiryMs < nowMs + soonMs ? 1 : 0;
}

function matchesRow(matches: Matcher, {view: {node, tunnels}, machine, gpu}: Row): boolean {
	return matches(
		node.name,
		node.hostname,
		node.owner,
		...node.tags,
		...node.addresses,
		node.online === undefined ? undefined : node.online ? 'online' : 'offline',
		...tunnels.flatMap(({verdict, path}) => [verdict, path]),
		machine?.pod?.name,
		machine?.instance?.id,
		machine?.gpus?.model ?? machine?.instance?.gpuModel,
		gpu?.last?.reason,
	);
}

interface Column {
	title: string;
	/** While it is not what is so now. */
	asOf: Html | undefined;
	render(row: Row): Html;
}

/** Only what somebody tells of: without Kubernetes there are no pods, without vast.ai no prices. */
function columnsOf({byNode, podsAt, instancesAt}: MachinesView, hasGpuLooks: boolean, nowMs: number): Column[] {
	const has = (part: keyof Machine) => byNode.values().some(machine => machine[part] !== undefined);
	const age = (at: MachinesView['podsAt']) =>
		at && !at.isFresh ? html` <span class="asof-list">as of ${ageOf(at.ms, nowMs)}</span>` : undefined;
	const all: (Column & {isThere: boolean})[] = [
		{
			title: 'GPU',
			asOf: undefined,
			isThere: hasGpuLooks || has('gpus'),
			render: ({machine, gpu}) => renderGpus(machine, gpu),
		},
		{
			title: 'instance',
			asOf: age(instancesAt),
			isThere: has('instance'),
			render: ({machine}) => renderInstance(machine?.instance),
		},
		{
			title: 'per hour',
			asOf: age(instancesAt),
			isThere: has('instance'),
			render: ({machine}) => renderPrice(machine?.instance),
		},
		{title: 'pod', asOf: age(podsAt), isThere: has('pod'), render: ({machine}) => renderPod(machine?.pod)},
	];
	return all.filter(({isThere}) => isThere);
}

// headscale notes when a node was last seen as it leaves, so that of one that is online is of some earlier time.
function renderRow(row: Row, columns: readonly Column[], old: boolean, nowMs: number): Html {
	const {node, tunnels, disagreement} = row.view;
	const [address] = node.addresses;
	const hidden = tunnels.length - tunnelsShown;
	return html`<tr>
<th scope="row"><a href="${nodePath(node.name)}">${node.name}</a>${node.ephemeral ? html` <span class="tag">ephemeral</span>` : ''}${address ? html`<span class="muted small under">${address}</span>` : ''}</th>
<td data-label="owner">${node.owner}${node.tags.map(tag => html` <span class="tag">${tag}</span>`)}</td>
<td class="told" data-label="headscale">${node.online === undefined ? html`<span class="muted">–</span>` : node.online ? 'online' : 'offline'}</td>
<td class="told" data-label="last seen">${ageOf(node.online === true ? undefined : node.lastSeenMs, nowMs)}</td>
<td class="told" data-label="key expires">${renderExpiry(node.keyExpiryMs, nowMs)}</td>
<td data-label="tunnel">${
		tunnels.length === 0
			? html`<span class="muted">not checked</span>`
			: worstFirst(tunnels)
					.slice(0, tunnelsShown)
					.map(each => renderTunnel(each, tunnels.length > 1))
	}${hidden > 0 ? html`<span class="muted small under">and from ${hidden} more</span>` : ''}${
		disagreement
			? html`<span class="odd under">headscale ${old ? 'said' : 'says'} ${disagreements[disagreement]}</span>`
			: ''
	}</td>
${columns.map(({title, render}) => html`<td data-label="${title}">${render(row)}</td>`)}
</tr>`;
}

const disagreements: Record<NonNullable<NodeView['disagreement']>, string> = {
	online_but_unreachable: 'online, no tunnel answers',
	offline_but_reachable: 'offline, a tunnel answers',
};

export function renderExpiry(expiryMs: number | undefined, nowMs: number): Html {
	if (expiryMs === undefined) return html`<span class="muted">never</span>`;
	if (expiryMs <= nowMs) return html`<span class="odd">expired ${formatSpan(nowMs - expiryMs)} ago</span>`;
	const age = ageOf(expiryMs, nowMs);
	return expiryMs < nowMs + soonMs ? html`<span class="odd">${age}</span>` : age;
}

function worstFirst(tunnels: NodeView['tunnels']): NodeView['tunnels'] {
	const rank = {down: 0, unknown: 1, up: 2};
	return tunnels.toSorted((one, other) => rank[one.verdict] - rank[other.verdict]);
}

function renderTunnel({vantage, verdict, path, rttSeconds}: NodeView['tunnels'][number], several: boolean): Html {
	const notes = [rttSeconds === undefined ? undefined : formatLatency(rttSeconds), formatPath(path)].filter(
		note => note !== undefined,
	);
	const said = notes.map(note => html` <span class="note">${note}</span>`);
	return html`<span class="tunnel">${verdictMark(verdict)}${said}${several ? html` <span class="muted">from ${vantage}</span>` : ''}</span>`;
}
