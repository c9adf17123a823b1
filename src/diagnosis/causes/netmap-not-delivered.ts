import {commandOf} from '../commands.ts';
import {controlOf, effectOfControl, evidenceOfControl, healthCommand, sourceOf} from '../seen/control-words.ts';
import {tailscaleThere} from '../seen/vantage-words.ts';
import type {Cause, Evidence} from '../types.ts';

/** It was not told anything for minutes, or is not connected at all. */
const codes: readonly string[] = ['mapresponse-timeout', 'not-in-map-poll'];

export const netmapNotDelivered: Cause = {
	id: 'netmap-not-delivered',
	rung: 'control',
	title: 'The vantage is not told of the tailnet any more',
	means:
		'headscale answers tailprobe, and does not reach the tailscaled of the machine that looks: what joined or changed since is not known there, while tunnels that are there live on. A proxy between them ends the connection, or headscale cannot make the list for it. Look at its log, and restart tailscaled there once it can connect.',
	find(scene) {
		const {world, vantage: state, peer, node, nowMs} = scene;
		const control = controlOf(world);
		// While headscale itself does not work that is why, and just after a restart it need not be anything.
		if (!state || !control || control.trouble !== undefined || sourceOf(world, 'health')?.ok !== true) return undefined;
		if (world.platform.headscale?.graceUntilMs !== undefined) return undefined;
		if (state.condition === 'gone' || (state.facts.backendState ?? 'Running') !== 'Running') return undefined;
		const own = world.platform.tailscaled.find(({vantage}) => vantage === state.name);
		const warnings = (own?.warnings ?? []).filter(({code}) => codes.includes(code));
		const isCutOff = (own?.online ?? state.facts.online !== 'false') === false;
		const isMissing = world.fresh?.peer?.kind === 'missing' && node !== undefined && world.nodesAreFresh;
		// A peer that is missing where news comes in is hidden by the policy.
		if (warnings.length === 0 && !isCutOff) return undefined;
		// Where that is so for everybody, it is no matter of this vantage.
		if (!isMissing && world.nodes.length > 1 && world.nodes.every(({node: {online}}) => online === false))
			return undefined;
		const explains = isMissing && scene.check?.verdict === 'down';
		const evidence: Evidence[] = [
			...(isMissing
				? [
						{
							says: `The tailscaled of ${state.name} knows no ${peer}, which headscale lists.`,
							wanted: 'a peer of that name',
							atMs: world.fresh?.atMs ?? nowMs,
							fresh: true as const,
						},
					]
				: []),
			...(isCutOff
				? [
						{
							says: `The tailscaled of ${state.name} is not connected to its control server.`,
							wanted: 'a connection',
							atMs: nowMs,
						},
					]
				: []),
			...warnings.map(({code, says, sinceMs}) => ({
				says: `The tailscaled of ${state.name} warns (${code})${says === undefined ? '.' : `: “${says}”`}`,
				...(sinceMs === undefined ? {} : {atMs: sinceMs}),
			})),
		];
		const health = healthCommand(scene, state.name, 'Whether it reaches headscale from there.');
		return {
			...(explains
				? {effect: 'breaks' as const}
				: {
						effect:
							effectOfControl(scene, 'likely').effect === 'breaks' && isCutOff
								? ('breaks' as const)
								: ('beside' as const),
					}),
			confidence: explains || isCutOff ? 'likely' : 'consistent',
			about: `vantage ${state.name}`,
			says: isMissing
				? `The tailscaled of vantage ${state.name} was never told of ${peer}, which headscale lists.`
				: `The tailscaled of vantage ${state.name} has no connection to headscale, which answers tailprobe.`,
			evidence: [...evidence, ...evidenceOfControl(scene)],
			next: [
				tailscaleThere(scene, state, ['status'], 'Its health at the end, and whether it knows the peer.'),
				...(health ? [health] : []),
				commandOf(
					state.name,
					['journalctl', '-u', 'tailscaled', '-n', '50'],
					'Why it loses the connection: map response, unexpected EOF.',
				),
			],
		};
	},
};
