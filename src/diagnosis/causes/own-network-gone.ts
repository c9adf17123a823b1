import {commandOf} from '../commands.ts';
import {healthCommand} from '../seen/control-words.ts';
import {
	effectOfVantage,
	evidenceOfVantage,
	isFromBefore,
	isNotBelieved,
	rootVantage,
	spanOf,
	troubleOf,
} from '../seen/vantage-words.ts';
import type {Cause, Command} from '../types.ts';

export const ownNetworkGone: Cause = {
	id: 'own-network-gone',
	rung: 'vantage',
	title: "tailprobe's own network is gone",
	means:
		'Nothing outside the machine that looks answers it: neither the relay nor any peer, nor what answered it before. Its cable, route, firewall or provider is at fault, and nothing can be said of the targets. Look at the network of that machine.',
	find(scene) {
		const state = rootVantage(scene);
		if (!state) return undefined;
		const isSeen = troubleOf(state) === 'network-gone';
		// What goes past the tailnet is only held against our own network.
		const isDoubted =
			state.condition === 'sound' &&
			!isFromBefore(scene) &&
			scene.check?.view.check.target.via === 'direct' &&
			isNotBelieved(scene);
		if (!isSeen && !isDoubted) return undefined;
		const warning = scene.world.platform.tailscaled
			.find(({vantage}) => vantage === state.name)
			?.warnings?.find(({code}) => code === 'network-status');
		const next: [Command, ...Command[]] = [
			commandOf(state.name, ['ip', '-br', 'address'], 'Whether its interface is up and has an address.'),
			commandOf(state.name, ['ip', 'route'], 'Whether there is a default route.'),
		];
		const health = healthCommand(scene, state.name, 'Whether anything outside answers.');
		return {
			effect: effectOfVantage(scene),
			confidence: isSeen ? 'likely' : 'consistent',
			about: `vantage ${state.name}`,
			says: isSeen
				? `Nothing outside has answered vantage ${state.name}${spanOf(state, scene.nowMs)}: neither its relay nor any peer.`
				: (scene.check?.outcome?.detail ?? ''),
			evidence: [
				...evidenceOfVantage(scene, state),
				...(warning ? [{says: 'Its tailscaled says that the machine has no network.', atMs: scene.nowMs}] : []),
			],
			next: health ? [...next, health] : next,
		};
	},
};
