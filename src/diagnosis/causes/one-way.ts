import {commandOf, headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {isSilent, tunnelOf, tunnelsFrom} from '../seen/tunnels.ts';
import type {Cause} from '../types.ts';

export const oneWay: Cause = {
	id: 'one-way',
	rung: 'tunnel',
	title: 'Only this vantage does not reach the node',
	means:
		'The node answers others, and this vantage reaches other nodes, so both are alive: what is broken is between these two alone. Think of a firewall or a route that leaves out one of them, or of one side that does not know the other (policy, or a list of nodes from before).',
	find(scene) {
		const {world, peer, vantageName, otherTunnels} = scene;
		const tunnel = tunnelOf(scene);
		if (!tunnel || !isSilent(tunnel)) return undefined;
		const doesAnswer = (look: Look) => look.verdict === 'up' && isSeenSince(look, tunnel);
		const theirs = otherTunnels.filter(doesAnswer);
		const [first] = theirs;
		if (!first) return undefined;
		const own = tunnelsFrom(world, vantageName).find(doesAnswer);
		if (!own) return undefined;
		const others = theirs.map(({view}) => view.check.vantage).slice(0, 3);
		return {
			effect: 'breaks',
			confidence: theirs.some(({isFresh}) => isFresh) && own.isFresh && tunnel.isFresh ? 'certain' : 'likely',
			about: `${vantageName} to ${peer}`,
			says: `${peer} answers ${others.join(', ')} and not ${vantageName}, which does reach ${own.view.check.target.peer}: the fault is between these two alone.`,
			evidence: [evidenceOf(tunnel, 'an answer'), ...theirs.slice(0, 3).map(look => evidenceOf(look)), evidenceOf(own)],
			next: [
				tailscaleCommand(
					scene,
					vantageName,
					['ping', '--until-direct=false', '-c', '5', peer],
					'Whether any way is answered.',
				),
				tailscaleCommand(scene, peer, ['status', '--peers'], `Whether it lists ${vantageName}.`),
				headscaleCommand(scene, ['policy', 'get'], 'Whether a rule leaves out one of the two.'),
				commandOf(
					peer,
					['iptables', '-L', '-n', '-v'],
					'Whether a rule that counts packets drops what comes from there.',
				),
			],
		};
	},
};
