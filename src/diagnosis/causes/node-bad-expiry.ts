import {formatTime} from '../../util/format-time.ts';
import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {
	doesAnswer,
	effectOfRecord,
	evidenceOfList,
	evidenceOfRefusal,
	keyFaultOf,
	refusalOf,
} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const nodeBadExpiry: Cause = {
	id: 'node-bad-expiry',
	rung: 'node',
	title: 'headscale has an impossible expiry for the node',
	means:
		'The expiry of the node lies decades in the past, which nobody can have wanted. headscale writes such a time when a machine logs out, and some versions did so for nodes that should never expire, after a restart or an upgrade. The node counts as expired: sign it in again, or set its expiry anew with `headscale nodes expire`.',
	find(scene) {
		const {peer, node} = scene;
		if (peer === '' || keyFaultOf(scene) !== 'impossible' || doesAnswer(scene)) return undefined;
		const expiryMs = node?.node.keyExpiryMs;
		const date = expiryMs === undefined ? undefined : formatTime(expiryMs)?.slice(0, 10);
		const refusal = evidenceOfRefusal(scene);
		return {
			effect: effectOfRecord(scene),
			confidence: expiryMs !== undefined && refusalOf(scene) === 'expired' ? 'certain' : 'likely',
			about: `node ${peer}`,
			says:
				date === undefined
					? `headscale names no time at which the key of ${peer} expires, and yet it is taken for expired: some versions write the year 1 for "never", and clients take it at its word.`
					: `headscale says that the key of ${peer} expired on ${date}: it was logged out, or headscale spoilt its record.`,
			evidence: [
				evidenceOfList(scene, 'an expiry that somebody can have wanted, or none'),
				...(refusal ? [refusal] : []),
			],
			next: [
				headscaleCommand(scene, ['nodes', 'list', '--output', 'json'], `What stands under \`expiry\` of ${peer}.`),
				tailscaleCommand(scene, peer, ['status'], 'Whether it says that it is logged out.'),
			],
		};
	},
};
