import {headscaleCommand, signInCommand, tailscaleCommand} from '../commands.ts';
import type {Scene} from '../scene.ts';
import {before} from '../seen/control-words.ts';
import {confidenceOfMachine} from '../seen/machine-state.ts';
import {
	effectOfRecord,
	evidenceOfList,
	evidenceOfRefusal,
	keyFaultOf,
	refusalOf,
	sayAgo,
	silentTunnels,
} from '../seen/node-state.ts';
import type {Cause, Command} from '../types.ts';

export const nodeKeyExpired: Cause = {
	id: 'node-key-expired',
	rung: 'node',
	title: 'The key of the node expired',
	means:
		'Other machines do not talk to a node whose key has expired, although headscale may go on to call it online. Sign the node in again on that machine, or lift its expiry with `headscale nodes expire` (`--disable`, or a later time) on versions that can; then it is back within seconds.',
	find(scene) {
		const {peer, node, nowMs, vantageName, world} = scene;
		if (peer === '' || keyFaultOf(scene) !== 'expired') return undefined;
		const expiryMs = node?.node.keyExpiryMs;
		const isPast = expiryMs !== undefined && expiryMs <= nowMs;
		const isRefused = refusalOf(scene) === 'expired';
		// headscale goes on calling an expired node online: one that is offline may be off for all that the key tells.
		const isOff = !isRefused && node?.node.online === false && world.nodesAreFresh;
		const refusal = evidenceOfRefusal(scene);
		const more = isRefused
			? ', and tailscaled refuses to talk to it'
			: isOff
				? '; headscale calls it offline as well, so it may just be off'
				: '';
		return {
			effect: isOff && confidenceOfMachine(scene) === 'certain' ? 'beside' : effectOfRecord(scene),
			confidence: isRefused || (isPast && !isOff && silentTunnels(scene).length > 0) ? 'certain' : 'likely',
			about: `node ${peer}`,
			says: isPast
				? `The key of ${peer} expired ${sayAgo(expiryMs, nowMs)}${more}.`
				: `tailscaled of ${vantageName} refuses to talk to ${peer}: it says that the key of the node has expired.`,
			evidence: [
				...(isPast ? [evidenceOfList(scene, 'a key that is valid')] : []),
				...(refusal ? [refusal] : []),
				...(isPast ? [] : [evidenceOfList(scene)]),
			],
			next: before(node && isPast ? [liftCommand(scene, node.node.id)] : [], [
				signInCommand(scene, peer, 'Signs the node in again: it prints where to approve that.'),
				headscaleCommand(
					scene,
					['nodes', 'list'],
					`When the key of ${peer} expires, and whether it is called expired.`,
				),
				tailscaleCommand(scene, vantageName, ['status'], `Whether ${peer} is shown as expired.`),
			]),
		};
	},
};

function liftCommand(scene: Scene, id: string): Command {
	return headscaleCommand(
		scene,
		['nodes', 'expire', '--identifier', id, '--disable'],
		'Lifts its expiry, and it is back within seconds; headscale before 0.29 takes a later time instead: `--expiry 2030-01-01T00:00:00Z`.',
	);
}
