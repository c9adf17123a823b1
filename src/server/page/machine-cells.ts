/** What is known of the machine behind a node: GPUs, instance, price, pod. */

import type {Machine, PodFacts} from '../../inventory/machine-types.ts';
import type {CheckView} from '../types.ts';
import {type Html, html} from './escape.ts';
import {asSentence, checkPath, sayReason, shownVerdict, verdictMark} from './words.ts';

const nothing = html`<span class="muted">–</span>`;

/** `2× RTX 4090` and the state of the last look there. */
export function renderGpus(machine: Machine | undefined, look: CheckView | undefined, root = ''): Html {
	const {gpus, instance} = machine ?? {};
	const number = gpus?.count ?? instance?.gpus;
	const model = gpus?.model ?? instance?.gpuModel;
	const what = [number, model && shortModel(model)].filter(part => part !== undefined).join('× ');
	if (what === '' && !look) return nothing;
	const state =
		look &&
		html`<a class="to" href="${checkPath(look.check.key, root)}">${verdictMark(shownVerdict(look))}</a>${look.verdict !== 'up' && look.last?.reason ? html` (${sayReason(look.last.reason, 'gpu')})` : ''} `;
	return html`${state}<span class="brief">${what}</span>`;
}

/** Without the words that all of them have. */
function shortModel(model: string): string {
	return model.replace(/\b(?:NVIDIA|GeForce|Tesla|Quadro)\s+/gi, '').trim() || model;
}

/** Its state at vast.ai, and what does not fit. */
export function renderInstance(instance: Machine['instance'], isFull = false): Html {
	if (!instance) return nothing;
	const {id, status, trouble, message} = instance;
	return html`${status} <span class="muted small">${id}</span>${trouble === undefined ? '' : html`<span class="odd small under">${asSentence(isFull ? trouble : firstSentence(trouble))}</span>`}${isFull && message ? html`<span class="muted small under">vast.ai says: ${message}</span>` : ''}`;
}

export function renderPrice(instance: Machine['instance']): Html {
	return instance?.pricePerHour === undefined ? nothing : html`${dollars(instance.pricePerHour)}`;
}

/** Its phase, whether it is ready, why not, and how often it was restarted. */
export function renderPod(pod: PodFacts | undefined, isFull = false): Html {
	if (!pod) return nothing;
	const {namespace, name, phase, reason, ready, restarts, detail, deletionAt} = pod;
	const notes = [
		ready === false ? 'not ready' : undefined,
		reason === 'none' ? undefined : reason,
		deletionAt === undefined ? undefined : 'asked to go',
		restarts === undefined || restarts === 0 ? undefined : `restarted ${restarts} times`,
	].filter(note => note !== undefined);
	return html`${phase}${notes.length > 0 ? html` <span class="odd">${notes.join(', ')}</span>` : ''}<span class="muted small under">${namespace}/${name}</span>${isFull && detail ? html`<span class="muted small under">${detail}</span>` : ''}`;
}

export function dollars(amount: number): string {
	return `$${amount.toFixed(2)}`;
}

function firstSentence(text: string): string {
	return /^.*?[.:](?=\s|$)/s.exec(text)?.[0].replace(/:$/, '.') ?? text;
}
