/** Pools against their minimum, and what rented machines cost that cannot be reached. */

import type {PoolMember, PoolView} from '../../pools/types.ts';
import {verdictOf} from '../../pools/view.ts';
import type {VastInstanceView, VastView} from '../../vast/view.ts';
import {type Html, html} from './escape.ts';
import {asSentence, count, type Shown, verdictMark} from './words.ts';

const membersShown = 10;
const instancesShown = 20;

export function renderPools(pools: readonly PoolView[]): Html {
	if (pools.length === 0) return html``;
	return html`<section id="pools" aria-labelledby="pools-title">
<h2 id="pools-title">Pools</h2>
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
	return html`<span class="why under">${name}: ${asSentence(why ?? state)}</span>`;
}

/** What is rented at vast.ai: its price, and what of it is of no use. */
export function renderRented(rented: VastView | undefined): Html {
	if (!rented) return html``;
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
</section>`;
}

function renderInstance({id, label, gpuModel, pricePerHour, trouble = ''}: VastInstanceView): Html {
	const about = [label, gpuModel, pricePerHour === undefined ? undefined : `${dollars(pricePerHour)} an hour`];
	return html`<li>instance ${id} <span class="muted">${about.filter(Boolean).join(' · ')}</span><span class="why under">${asSentence(trouble)}</span></li>`;
}

function dollars(amount: number): string {
	return `$${amount.toFixed(2)}`;
}
