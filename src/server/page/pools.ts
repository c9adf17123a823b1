/** Pools against their minimum, and what rented machines cost that cannot be reached. */

import type {MachinesView} from '../../inventory/machine-types.ts';
import type {PoolMember, PoolView} from '../../pools/types.ts';
import {verdictOf} from '../../pools/view.ts';
import type {VastInstanceView, VastView} from '../../vast/view.ts';
import {type Html, html} from './escape.ts';
import {dollars, renderPod} from './machine-cells.ts';
import {ageOf, asSentence, count, type Shown, verdictMark, withCode} from './words.ts';

const membersShown = 10;
const instancesShown = 20;

/** `machines`: how old is what is known of instances and pods, which decides with the checks. */
export function renderPools(pools: readonly PoolView[], machines: MachinesView, nowMs: number): Html {
	if (pools.length === 0) return html``;
	return html`<section id="pools" aria-labelledby="pools-title">
<h2 id="pools-title">Pools${sayAsOf([machines.instancesAt, machines.podsAt], nowMs)}</h2>
<table class="stack">
<thead><tr>${['pool', 'usable', 'not usable', 'unknown', 'GPUs usable'].map(title => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${pools.map(renderPool)}</tbody>
</table>
</section>`;
}

const marks: Record<ReturnType<typeof verdictOf>['verdict'], [Shown, string]> = {
	enough: ['up', 'enough'],
	short: ['down', 'too few'],
	unknown: ['unknown', 'unknown'],
};

function renderPool(pool: PoolView): Html {
	const {name, min, usable, unusable, unknown, gpusUsable, members} = pool;
	const [shown, word] = marks[verdictOf(pool).verdict];
	const troubled = members.filter(({state}) => state !== 'usable');
	const hidden = unusable + unknown - membersShown;
	return html`<tr>
<th scope="row">${name}</th>
<td data-label="usable">${verdictMark(shown, word)} ${usable} of at least ${min}${troubled.slice(0, membersShown).map(renderMember)}${hidden > 0 ? html`<span class="muted small under">${count(hidden, 'more')}</span>` : ''}</td>
<td data-label="not usable">${unusable}</td>
<td data-label="unknown">${unknown}</td>
<td data-label="GPUs usable">${gpusUsable ?? html`<span class="muted">–</span>`}</td>
</tr>`;
}

function renderMember({name, state, why}: PoolMember): Html {
	return html`<span class="why under">${name}: ${withCode(asSentence(why ?? state))}</span>`;
}

/** What is rented at vast.ai: its price, and what of it is of no use. */
export function renderRented(rented: VastView | undefined, machines: MachinesView, nowMs: number): Html {
	const pods = renderPodsOutside(machines, nowMs);
	if (!rented) return pods;
	const troubled = rented.instances.filter(({trouble}) => trouble !== undefined);
	return html`<section id="rented" aria-labelledby="rented-title">
<h2 id="rented-title">Rented</h2>
<p>${count(rented.count, 'instance')} at vast.ai for ${dollars(rented.pricePerHour)} an hour, ${
		rented.unreachablePricePerHour > 0
			? html`${verdictMark('down', '')}<b>${dollars(rented.unreachablePricePerHour)}</b> of it for what cannot be reached`
			: 'nothing of it for what cannot be reached'
	}${rented.unknownPricePerHour > 0 ? `, ${dollars(rented.unknownPricePerHour)} unknown` : ''}.</p>
${troubled.length > 0 ? html`<ul class="plain">${troubled.slice(0, instancesShown).map(renderInstance)}</ul>` : ''}
${rented.podsWithoutInstance.length > 0 ? html`<p class="rest">Pods without an instance: ${rented.podsWithoutInstance.join(', ')}.</p>` : ''}
</section>${pods}`;
}

/** Pods that stand for no node: pending ones, and those whose instance never joined. */
function renderPodsOutside({podsOutside, podsAt}: MachinesView, nowMs: number): Html {
	if (podsOutside.length === 0) return html``;
	const hidden = podsOutside.length - instancesShown;
	return html`<section id="pods" aria-labelledby="pods-title">
<h2 id="pods-title">Pods without a node <span class="muted">${podsOutside.length}</span>${sayAsOf([podsAt], nowMs)}</h2>
<ul class="plain">${podsOutside.slice(0, instancesShown).map(pod => html`<li>${renderPod(pod, true)}</li>`)}</ul>
${hidden > 0 ? html`<p class="rest">${count(hidden, 'more')}.</p>` : ''}
</section>`;
}

/** Where it is not what is so now: how old the oldest of it is. */
function sayAsOf(times: readonly MachinesView['podsAt'][], nowMs: number): Html {
	const old = times.flatMap(at => (at && !at.isFresh ? [at.ms] : []));
	return old.length === 0 ? html`` : html` <span class="muted">as of ${ageOf(Math.min(...old), nowMs)}</span>`;
}

function renderInstance({id, label, gpuModel, pricePerHour, trouble = ''}: VastInstanceView): Html {
	const about = [label, gpuModel, pricePerHour === undefined ? undefined : `${dollars(pricePerHour)} an hour`];
	return html`<li>instance ${id} <span class="muted">${about.filter(Boolean).join(' · ')}</span><span class="why under">${asSentence(trouble)}</span></li>`;
}
