/** Nodes as targets of Prometheus: which of them, how they are dialled, what labels say of them. */

import {selectNodes} from '../inventory/select.ts';
import type {TailnetNode} from '../inventory/types.ts';
import type {SdQuery, TargetGroup} from './api-schemas.ts';

/** One group per node that the query means and its pattern can be filled for. `domain`: that of MagicDNS, where it is known. */
export function discoverNodes(
	nodes: readonly TailnetNode[],
	query: SdQuery,
	domain: string | undefined,
): TargetGroup[] {
	const {tag, owner, name, online, ephemeral} = query;
	return selectNodes(nodes, {tags: tag, owner, name, ephemeral})
		.filter(node => online === undefined || meansOnline(node, online))
		.flatMap(node => {
			const target = fillPattern(query, node, domain);
			return target === undefined ? [] : [{targets: [target], labels: labelsOf(node, domain)}];
		});
}

/** Where it is not known whether a node is online (headscale just restarted) it stays: a target that goes and comes back loses its alerts. */
function meansOnline(node: TailnetNode, wanted: boolean): boolean {
	return wanted ? node.online !== false : node.online === false;
}

function fillPattern({target, port}: SdQuery, node: TailnetNode, domain: string | undefined): string | undefined {
	const [address] = node.addresses;
	if (address === undefined || (/\{(?:node|fqdn)\}/.test(target) && !node.resolvable)) return undefined;
	const filled = target
		.replaceAll('{node}', node.name)
		.replaceAll('{fqdn}', `${node.name}.${domain}`)
		.replaceAll('{address}', address.includes(':') ? `[${address}]` : address);
	return port === undefined ? filled : `${filled}:${port}`;
}

function labelsOf(node: TailnetNode, domain: string | undefined): Record<string, string> {
	const {id, name, addresses, owner, tags, online, ephemeral, resolvable} = node;
	const said = {
		id,
		name,
		...(resolvable && domain !== undefined ? {fqdn: `${name}.${domain}`} : {}),
		address: addresses[0] ?? '',
		owner,
		// As Prometheus writes lists: a comma at both ends, so that a pattern finds a whole tag.
		tags: tags.length === 0 ? '' : `,${tags.join(',')},`,
		online: online === undefined ? '' : String(online),
		ephemeral: ephemeral === undefined ? '' : String(ephemeral),
	};
	return Object.fromEntries(Object.entries(said).map(([key, value]) => [`__meta_tailprobe_node_${key}`, value]));
}
