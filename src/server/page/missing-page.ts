/** What is shown for a check or a node that is not there: what may have been meant. */

import {nearest} from '../../util/nearest.ts';
import type {DaemonView} from '../types.ts';
import {renderColophon, renderDocument, renderTrail} from './document.ts';
import {html} from './escape.ts';
import {checkPath, nodePath} from './words.ts';

/** `root` leads from the page that was asked for to the status page. It asks for itself again: after a reload the thing may be there. */
export function renderMissingPage(view: DaemonView, kind: 'check' | 'node', wanted: string, root: string): string {
	const names = kind === 'check' ? view.checks().map(({check}) => check.key) : listNodes(view);
	const meant = similar(wanted, names);
	const path = kind === 'check' ? checkPath : nodePath;
	const main = html`${renderTrail(root, `${kind} not found`)}
<h1>No such ${kind}</h1>
<p>There is no ${kind} <code>${wanted.slice(0, 300)}</code> now. It may have gone with a change of the configuration${kind === 'node' ? ', or have left the tailnet' : ' or of the nodes that headscale lists'}.</p>
${meant.length > 0 ? html`<p>Perhaps you mean:</p><ul class="plain">${meant.map(name => html`<li><a href="${path(name, root)}">${name}</a></li>`)}</ul>` : ''}
<p><a href="${root}#${kind === 'check' ? 'checks' : 'nodes'}">All ${kind}s are on the status page.</a></p>`;
	return renderDocument({
		title: `no such ${kind}`,
		root,
		main,
		footer: renderColophon(view.version, root),
		refreshes: true,
	});
}

function listNodes(view: DaemonView): string[] {
	return [
		...new Set([...view.nodes().map(({node}) => node.name), ...view.checks().map(({check}) => check.target.peer)]),
	].filter(name => name !== '');
}

const namesAtMost = 5;
const comparedAtMost = 2000;
const longestCompared = 200;

/** The nearest by slips, then those that have a part in common. */
function similar(wanted: string, names: readonly string[]): string[] {
	if (wanted === '' || wanted.length > longestCompared) return [];
	const near = nearest(wanted, names.slice(0, comparedAtMost));
	const parts = wanted
		.toLowerCase()
		.split('/')
		.filter(part => part.length > 2);
	const shares = (name: string) => parts.filter(part => name.toLowerCase().includes(part)).length;
	const alike = names
		.map(name => ({name, shared: shares(name)}))
		.filter(({shared}) => shared > 0)
		.toSorted((one, other) => other.shared - one.shared)
		.map(({name}) => name);
	return [...new Set([...(near === undefined ? [] : [near]), ...alike])].slice(0, namesAtMost);
}
