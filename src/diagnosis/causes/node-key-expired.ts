import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import type {Cause} from '../types.ts';
import {
	doesAnswer,
	effectOfNode,
	evidenceOfList,
	evidenceOfRefusal,
	keyFaultOf,
	refusalOf,
	sayAgo,
	silentTunnels,
} from './node-state.ts';

export const nodeKeyExpired: Cause = {
	id: 'node-key-expired',
	rung: 'node',
	title: 'The key of the node expired',
	means:
		'Other machines do not talk to a node whose key has expired, although headscale may go on to call it online. Sign the node in again on that machine, or lift its expiry with `headscale nodes expire` (`--disable`, or a later time) on versions that can; then it is back within seconds.',
	find(scene) {
		const {peer, node, nowMs, vantageName} = scene;
		if (peer === '' || keyFaultOf(scene) !== 'expired') return undefined;
		const expiryMs = node?.node.keyExpiryMs;
		const isPast = expiryMs !== undefined && expiryMs <= nowMs;
		const isRefused = refusalOf(scene) === 'expired';
		// A record with tags never expires, whatever stands in it: so that without trouble there is nothing to tell.
		if (doesAnswer(scene) && (node?.node.tags.length ?? 0) > 0) return undefined;
		const refusal = evidenceOfRefusal(scene);
		return {
			effect: effectOfNode(scene),
			confidence: isRefused || (isPast && silentTunnels(scene).length > 0) ? 'certain' : 'likely',
			about: `node ${peer}`,
			says: isPast
				? `The key of ${peer} expired ${sayAgo(expiryMs, nowMs)}${isRefused ? ', and tailscaled refuses to talk to it' : ''}.`
				: `tailscaled of ${vantageName} refuses to talk to ${peer}: it says that the key of the node has expired.`,
			evidence: [
				...(isPast ? [evidenceOfList(scene, 'a key that is valid')] : []),
				...(refusal ? [refusal] : []),
				...(isPast ? [] : [evidenceOfList(scene)]),
			],
			next: [
				headscaleCommand(
					scene,
					['nodes', 'list'],
					`When the key of ${peer} expires, and whether it is called expired.`,
				),
				tailscaleCommand(peer, ['status'], 'Whether it says that it is logged out.'),
				tailscaleCommand(vantageName, ['status'], `Whether ${peer} is shown as expired.`),
			],
		};
	},
};
