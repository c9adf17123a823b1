/** What the pages of a check and of a node have in common: how one asks afresh, and the commands that tell the same in a terminal. */

import type {World} from '../../diagnosis/world.ts';
import {shellQuote} from '../../shell/quote.ts';
import type {DiagnoseAnswer} from '../types.ts';
import {renderCommand} from './cause-parts.ts';
import {type Html, html} from './escape.ts';

/** Whether there is a page of a node of that name: headscale lists it, a check leads there, or something is known of its machine. */
export function nodesOf({
	node,
	ofPeer,
	machines,
}: Pick<World, 'node' | 'ofPeer' | 'machines'>): (name: string) => boolean {
	return name => name !== '' && (node(name) !== undefined || ofPeer(name).length > 0 || machines.byNode.has(name));
}

/** A form, because asking is work: it goes through the same door as a POST to the API. `action` is relative to the page. */
export function renderAsk(action: string, problem: string | undefined): Html {
	return html`<form action="${action}" method="post" class="ask"><button id="ask">Ask afresh</button> <span class="muted small">Looks at every rung now; takes up to ten seconds.</span></form>
${problem === undefined ? '' : html`<p role="alert" class="problem">${problem}</p>`}`;
}

/** Why an answer has no diagnosis in it; undefined where it has, or where nobody asked. */
export function problemOf(answer: DiagnoseAnswer | undefined): string | undefined {
	return answer === undefined || answer.kind === 'diagnosed' ? undefined : answer.detail;
}

/** `tailprobe` with the words quoted where a shell would read something in them. */
export function tailprobeCommand(words: readonly string[], why: string): Html {
	return renderCommand(
		{where: 'wherever tailprobe is', run: ['tailprobe', ...words.map(asWord)].join(' '), why},
		'own',
		'Or',
	);
}

function asWord(text: string): string {
	return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : shellQuote(text.replaceAll('\0', ''));
}
