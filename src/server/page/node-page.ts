/** The page of one node: its ladder, its checks, and the machine behind it. */

import {diagnose} from '../../diagnosis/diagnose.ts';
import type {World} from '../../diagnosis/world.ts';
import {worldNow} from '../../diagnosis/world-now.ts';
import {latencySeconds} from '../../engine/latency.ts';
import {formatLatency, formatPath, formatSpan} from '../../util/readable.ts';
import type {CheckView, DaemonView, DiagnoseAnswer} from '../types.ts';
import {renderColophon, renderDocument, renderTrail} from './document.ts';
import {type Html, html} from './escape.ts';
import {renderDiagnosis} from './ladder.ts';
import {renderGpus, renderInstance, renderPod, renderPrice} from './machine-cells.ts';
import {renderExpiry} from './nodes.ts';
import {noWish, renderProbeForm} from './probe-form.ts';
import {drawStrip, renderStripLegend} from './strip.ts';
import {nodesOf, problemOf, renderAsk, tailprobeCommand} from './subject-parts.ts';
import {ageOf, badness, checkPath, clockTime, count, nodePath, sayReason, shownVerdict, verdictMark} from './words.ts';

const checksShown = 100;

/** The page as it is now; undefined where nobody knows such a node. With an answer it tells that, and does not ask for itself again. */
export function renderNodePage(
	view: DaemonView,
	name: string,
	nowMs: number,
	answer?: DiagnoseAnswer,
): string | undefined {
	const world = worldNow(view, nowMs);
	const checks = world.ofPeer(name);
	const isNode = nodesOf(world);
	if (!isNode(name)) return undefined;
	const root = answer ? '../../' : '../';
	const told = answer?.kind === 'diagnosed' ? answer : undefined;
	const diagnosis = told?.diagnosis ?? diagnose(world, {kind: 'node', node: name});
	const {verdict, sinceMs} = diagnosis;
	const main = html`${renderTrail(root, `node ${name}`)}
<header class="top ${verdict}">
<h1>${verdictMark(verdict)} ${name}</h1>
<p class="asof muted">${clockTime(nowMs, nowMs)}</p>
</header>
${verdict === 'up' || sinceMs === undefined ? '' : html`<p>Since ${clockTime(sinceMs, nowMs)} (${formatSpan(nowMs - sinceMs)}).</p>`}
${renderAsk(answer ? 'diagnose' : `${nodePath(name, root)}/diagnose`, problemOf(answer))}
${answer ? html`<p class="small"><a href="${nodePath(name, root)}">back to the page that follows this node</a></p>` : ''}
${renderDiagnosis(diagnosis, told?.unasked ?? [], {nowMs, root, isNode})}
${renderChecks('checks', 'Checks of it', checks, root)}
${renderChecks(
	'own',
	'Checks from it',
	world.fromVantage(name).filter(({check}) => check.target.peer !== name),
	root,
)}
<section id="about" aria-labelledby="about-title"><h2 id="about-title">About this node</h2>
<dl class="facts">${listFacts(name, world, root).map(([term, fact]) => html`<dt>${term}</dt><dd>${fact}</dd>`)}</dl>
${tailprobeCommand(['diagnose', name], 'The same in a terminal.')}</section>`;
	return renderDocument({
		title: `${verdict} ${name}`,
		root,
		main,
		footer: html`${renderProbeForm(view.vantages(), world.checks, noWish, root)}${renderColophon(view.version, root)}`,
		refreshes: answer === undefined,
		skipTo: {id: 'ladder', words: 'Skip to the ladder'},
	});
}

/** Worst first. */
function renderChecks(id: string, title: string, checks: readonly CheckView[], root: string): Html {
	if (checks.length === 0) return html``;
	const shown = checks.toSorted((one, other) => badness(other) - badness(one)).slice(0, checksShown);
	const hidden = checks.length - shown.length;
	return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title} <span class="muted">${checks.length}</span></h2>
${renderStripLegend()}
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}-title" id="scroll-${id}"><table class="stack">
<thead><tr>${['check', 'from', 'state', 'latency', 'path', 'the last hour'].map(name => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${shown.map(view => renderRow(view, root))}</tbody></table></div>
${hidden > 0 ? html`<p class="rest">${count(hidden, 'more check')} not shown here.</p>` : ''}</section>`;
}

function renderRow(view: CheckView, root: string): Html {
	const {check, last} = view;
	const seconds = latencySeconds(check, last);
	const {path, derp_region: region} = last?.reading?.facts ?? {};
	const shown = shownVerdict(view);
	return html`<tr>
<th scope="row"><a href="${checkPath(check.key, root)}">${check.name} ${check.target.name}</a></th>
<td data-label="from">${check.vantage}</td>
<td data-label="state">${verdictMark(shown)}${shown !== 'up' && last?.reason ? html` <span class="note">${sayReason(last.reason, check.type)}</span>` : ''}</td>
<td data-label="latency">${seconds === undefined ? html`<span class="muted">–</span>` : formatLatency(seconds)}</td>
<td data-label="path">${formatPath(path, region) ?? html`<span class="muted">–</span>`}</td>
<td data-label="the last hour">${drawStrip(view.strip)}</td>
</tr>`;
}

function listFacts(name: string, world: World, root: string): [term: string, told: Html | string][] {
	const node = world.node(name)?.node;
	const machine = world.machines.byNode.get(name);
	const gpu = world.ofPeer(name).find(({check}) => check.type === 'gpu');
	const {nowMs, nodesAreFresh} = world;
	const facts: [string, Html | string][] = node
		? [
				['headscale', `${online[String(node.online)]}${nodesAreFresh ? '' : ', as it said last'}`],
				['last seen', ageOf(node.online === true ? undefined : node.lastSeenMs, nowMs)],
				['key expires', renderExpiry(node.keyExpiryMs, nowMs)],
				['addresses', node.addresses.join(', ')],
				[
					'owner',
					html`${node.owner}${[...node.tags, ...(node.ephemeral ? ['ephemeral'] : [])].map(tag => html` <span class="tag">${tag}</span>`)}`,
				],
			]
		: [['headscale', nodesAreFresh ? 'does not list this node' : 'its list cannot be read now']];
	if (machine?.gpus || gpu || machine?.instance) facts.push(['GPU', renderGpus(machine, gpu, root)]);
	if (machine?.instance) {
		facts.push(['instance', renderInstance(machine.instance, true)]);
		facts.push(['price per hour', renderPrice(machine.instance)]);
	}
	if (machine?.pod) facts.push(['pod', renderPod(machine.pod, true)]);
	return facts;
}

const online: Record<string, string> = {
	true: 'online',
	false: 'offline',
	undefined: 'does not say whether it is online',
};
