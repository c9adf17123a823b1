import {formatPath, formatSpan} from '../../util/readable.ts';
import {commandOf, headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look} from '../scene.ts';
import {sideOf, tunnelOf} from '../seen/tunnels.ts';
import type {Cause} from '../types.ts';

export const wireguardDead: Cause = {
	id: 'wireguard-dead',
	rung: 'tunnel',
	title: 'The way holds, WireGuard does not',
	means:
		'Packets reach the other tailscaled and come back, but nothing passes the encrypted tunnel between the two. Usually one side has an old key of the other (it signed in anew while headscale did not tell), or the policy of one side leaves the other out. Restarting tailscaled on the side that is named makes it ask for the keys again.',
	find(scene) {
		const {world, peer, vantageName, nowMs} = scene;
		const tunnel = tunnelOf(scene);
		if (!tunnel || !isDead(tunnel)) return undefined;
		const {path, derp_region: region} = tunnel.outcome?.reading?.facts ?? {};
		const side = sideOf(scene, isDead);
		const handshakeMs = world.fresh?.peer?.kind === 'known' ? world.fresh.peer.status.lastHandshakeMs : undefined;
		const where = side.which === 'vantage' ? vantageName : peer;
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: side.about,
			says: `${peer} answers ${vantageName} beneath the tunnel${path ? ` (${formatPath(path, region)})` : ''}, and nothing comes back through WireGuard. ${side.says}`,
			evidence: [
				evidenceOf(tunnel, 'an answer through WireGuard'),
				...(handshakeMs === undefined
					? []
					: [{says: `The last handshake of WireGuard was ${formatSpan(nowMs - handshakeMs)} ago.`, atMs: handshakeMs}]),
				...side.looks.map(look => evidenceOf(look)),
			],
			next: [
				tailscaleCommand(
					scene,
					where,
					['status', '--peers'],
					'Whether both sides list each other, with the same addresses.',
				),
				headscaleCommand(scene, ['nodes', 'list'], `Whether ${peer} is there once, and with the key that it has.`),
				commandOf(
					where,
					['systemctl', 'restart', 'tailscaled'],
					'It asks for all keys again; tunnels there break for a second.',
				),
			],
		};
	},
};

function isDead({verdict, outcome}: Look): boolean {
	const {facts = {}} = outcome?.reading ?? {};
	return verdict === 'down' && facts.disco === 'answered' && facts.tsmp === 'silent';
}
