import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {countDiedTogether, isSilent, silentNodes, tunnelOf, tunnelsFrom} from '../seen/tunnels.ts';
import type {Cause, Finding} from '../types.ts';

export const noUnderlay: Cause = {
	id: 'no-underlay',
	rung: 'underlay',
	title: 'Nothing beneath the tunnel leads there',
	means:
		'The machine is alive, yet neither UDP nor a relay carries a packet between the two: the network of one of them is broken, or a firewall there drops UDP and the relay alike. Look at the network of the machine that is named, not at its services.',
	find(scene) {
		const tunnel = tunnelOf(scene);
		if (!tunnel || !isSilent(tunnel)) return undefined;
		return ofVantage(scene, tunnel) ?? ofNode(scene, tunnel);
	},
};

/** Not one of its tunnels is answered: that is rather one broken end than many. */
function ofVantage({world, vantageName, otherTunnels}: Scene, tunnel: Look): Finding | undefined {
	const nodes = silentNodes(world, vantageName);
	if (!nodes) return undefined;
	const reached = otherTunnels.find(look => look.verdict === 'up' && isSeenSince(look, tunnel));
	// One that died days ago says nothing of the network of today.
	const count = 1 + countDiedTogether(world, tunnel);
	if (count < 2 || (count < 3 && !reached)) return undefined;
	return {
		effect: 'breaks',
		confidence: reached ? 'likely' : 'consistent',
		about: `vantage ${vantageName}`,
		says: `None of the ${nodes.size} nodes that ${vantageName} looks at answers it, neither directly nor by a relay${reached ? `; ${reached.view.check.vantage} does reach ${reached.view.check.target.peer}` : ''}. The network of ${vantageName} itself is more likely broken than all of them.`,
		evidence: [
			evidenceOf(tunnel, 'an answer by any way'),
			...(reached ? [evidenceOf(reached)] : []),
			...tunnelsFrom(world, vantageName)
				.slice(0, 4)
				.filter(look => look.view !== tunnel.view)
				.map(look => evidenceOf(look)),
		],
		next: [
			tailscaleCommand(
				{world},
				vantageName,
				['netcheck'],
				'Whether UDP passes and any relay answers; if not, it is this network.',
			),
			commandOf(vantageName, ['iptables', '-L', '-n', '-v'], 'Whether a rule that counts packets drops what leaves.'),
		],
	};
}

/** It answers beside the tailnet. */
function ofNode(scene: Scene, tunnel: Look): Finding | undefined {
	const {world, peer, vantageName, otherTunnels} = scene;
	if (otherTunnels.some(look => look.verdict === 'up' && isSeenSince(look, tunnel))) return undefined;
	const alive = lifeOf(scene, tunnel);
	if (!alive || tunnelsFrom(world, vantageName).every(look => look.verdict !== 'up')) return undefined;
	return {
		effect: 'breaks',
		confidence: 'likely',
		about: `node ${peer}`,
		says: `${peer} is alive (${alive.says}) and nobody reaches it in the tailnet: no ping is answered, neither directly nor by a relay, while other nodes answer. Its network drops what tailscaled sends, or its tailscaled does not run.`,
		evidence: [
			evidenceOf(tunnel, 'an answer by any way'),
			...(alive.look ? [evidenceOf(alive.look)] : []),
			...otherTunnels.slice(0, 2).map(look => evidenceOf(look)),
		],
		next: [
			tailscaleCommand(scene, peer, ['status'], 'Over ssh or the console: whether tailscaled runs and is signed in.'),
			tailscaleCommand(scene, peer, ['netcheck'], 'Whether UDP passes and any relay answers from there.'),
			commandOf(peer, ['iptables', '-L', '-n', '-v'], 'Whether a rule that counts packets drops UDP or port 443.'),
		],
	};
}

/** Its public port answers, or it looks at others itself by a way beside the tailnet. */
function lifeOf({world, peer}: Scene, tunnel: Look): {says: string; look?: Look} | undefined {
	const look = world
		.ofPeer(peer)
		.filter(({check}) => check.target.via === 'direct' && check.target.address !== 'self')
		.map(world.look)
		.find(one => one.verdict === 'up' && one.view.check.expect === undefined && isSeenSince(one, tunnel));
	if (look) return {says: `${look.view.check.name} answers beside the tailnet`, look};
	const own = world.vantage(peer);
	if (own?.condition === 'sound' && own.type === 'pod') return {says: 'its pod runs commands for us'};
	return undefined;
}
