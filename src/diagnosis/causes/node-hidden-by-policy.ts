import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {effectOfRecord, evidenceOfList, evidenceOfRefusal, isDirect, refusalOf, sayAgo} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const nodeHiddenByPolicy: Cause = {
	id: 'node-hidden-by-policy',
	rung: 'node',
	title: 'The node is there, and hidden from the vantage',
	means:
		'headscale lists the node, but does not tell the vantage of it: its access policy lets the two not talk to each other. A vantage that hears no news from headscale knows of no new nodes either. Look at the policy, and whether owner and tags of both are what it expects.',
	find(scene) {
		const {peer, node, vantageName, world, nowMs, otherTunnels} = scene;
		const doesAnswerUs = scene.tunnel?.verdict === 'up' || scene.check?.verdict === 'up';
		if (!node || !world.nodesAreFresh || refusalOf(scene) !== 'missing' || doesAnswerUs) return undefined;
		const own = world.platform.tailscaled.find(({vantage}) => vantage === vantageName);
		const {createdMs, owner, tags} = node.node;
		const isNew = createdMs !== undefined && nowMs - createdMs < newForMs;
		const isHeard = own?.online !== false && world.vantage(vantageName)?.facts.online !== 'false';
		const seen = otherTunnels.find(look => look.verdict === 'up' && isSeenSince(look, scene.tunnel));
		const refusal = evidenceOfRefusal(scene);
		const belongs =
			tags.length > 0 ? `has the tags ${tags.slice(0, 5).join(', ')}` : owner === '' ? '' : `belongs to ${owner}`;
		return {
			effect: seen && !isDirect(scene) ? 'breaks' : effectOfRecord(scene),
			confidence: isHeard && !isNew ? 'likely' : 'consistent',
			about: `node ${peer}`,
			says: `headscale lists ${peer}, but tailscaled of ${vantageName} has no such peer: the policy hides it${isNew && createdMs !== undefined ? `, or news of it did not come yet (it joined ${sayAgo(createdMs, nowMs)})` : isHeard ? '' : `, or ${vantageName} hears nothing from headscale`}.`,
			evidence: [
				...(refusal ? [refusal] : []),
				evidenceOfList(scene),
				...(belongs === '' ? [] : [{says: `${peer} ${belongs}.`}]),
				...(seen ? [evidenceOf(seen)] : []),
			],
			next: [
				headscaleCommand(
					scene,
					['policy', 'get'],
					`Whether a rule lets ${vantageName} and ${peer} talk to each other.`,
				),
				tailscaleCommand(scene, vantageName, ['status'], `Whether ${peer} is in the list, and others are.`),
			],
		};
	},
};

/** A peer is told of within seconds; later than this it should be known. */
const newForMs = 60_000;
