/** The rung of the node: is it registered, is its key valid, is it online as headscale says. */

import {formatSpan} from '../../util/readable.ts';
import {confidenceOf} from '../causes/node-silent.ts';
import type {Scene} from '../scene.ts';
import {
	doesAnswer,
	evidenceOfList,
	evidenceOfRefusal,
	isUnlisted,
	keyFaultOf,
	listSource,
	nodeNameOf,
	refusalOf,
	sayAgo,
} from '../seen/node-state.ts';
import type {Evidence, Rung} from '../types.ts';
import type {RungLook} from './types.ts';

/** Whether headscale lists the node, online and with a key that is valid. */
export const nodeRung: RungLook = {
	name: 'node',
	look(scene) {
		const {peer, world, node, nowMs} = scene;
		const name = nodeNameOf(scene);
		if (name === '') return undefined;
		const source = listSource(world);
		if (!source)
			return {state: 'unseen', says: 'No headscale is configured that would tell of its nodes.', evidence: []};
		const refusal = evidenceOfRefusal(scene);
		const evidence = [evidenceOfList(scene), ...(refusal ? [refusal] : []), ...evidenceOfPeer(scene)];
		const {lastSuccessAt} = source;
		if (!world.nodesAreFresh && refusal === undefined)
			return {
				state: 'unseen',
				says:
					lastSuccessAt === undefined
						? `headscale's list of nodes was not read yet.`
						: `headscale's list of nodes is ${formatSpan(nowMs - lastSuccessAt)} old: ${node ? sayListed(scene) : `${name} was not on it`}.`,
				evidence: lastSuccessAt === undefined ? [] : evidence,
			};
		const fault = faultOf(scene);
		if (fault !== undefined) return {state: 'broken', says: fault, evidence};
		// A target by a name that is no node's, and that answers, is something else in the tailnet.
		if (!node) return peer === '' ? undefined : {state: 'unseen', says: `${name} is not listed.`, evidence};
		return {state: 'holds', says: `${name} is registered${sayKey(scene)}, ${sayOnline(scene)}.`, evidence};
	},
};

/** What is broken about it, as one sentence. */
function faultOf(scene: Scene): Rung['says'] | undefined {
	const {node, vantageName, nowMs} = scene;
	const name = nodeNameOf(scene);
	const answers = doesAnswer(scene);
	if (isUnlisted(scene)) return answers ? undefined : `headscale does not list ${name}.`;
	if (keyFaultOf(scene) === 'expired' && !answers) return `The key of ${name} has expired.`;
	if (keyFaultOf(scene) === 'impossible' && !answers) return `headscale has an impossible expiry for ${name}.`;
	if (refusalOf(scene) === 'missing' && scene.tunnel?.verdict !== 'up')
		return `tailscaled of ${vantageName} has no peer ${name}.`;
	if (node?.node.online === false && !answers) {
		const {lastSeenMs} = node.node;
		return `headscale calls ${name} offline${lastSeenMs === undefined ? '' : `, last noted ${sayAgo(lastSeenMs, nowMs)}`}.`;
	}
	if (confidenceOf(scene) === 'likely') return `headscale calls ${name} online, and nothing of it answers.`;
	return undefined;
}

function sayListed({node, peer}: Scene): string {
	const online = node?.node.online;
	return `then ${peer} was ${online === undefined ? 'listed' : online ? 'online' : 'offline'}`;
}

function sayKey({node, nowMs}: Scene): string {
	const expiryMs = node?.node.keyExpiryMs;
	if (expiryMs === undefined) return ', its key never expires';
	return expiryMs > nowMs ? `, its key is valid for ${formatSpan(expiryMs - nowMs)}` : '';
}

function sayOnline(scene: Scene): string {
	const online = scene.node?.node.online;
	if (online === undefined) return 'whether it is online is not told';
	if (online) return 'online';
	return 'offline by headscale, though it answers';
}

/** What tailscaled says of the peer, where it was asked and had something to say. */
function evidenceOfPeer({world: {fresh}, vantageName, peer}: Scene): Evidence[] {
	if (fresh?.peer?.kind === 'silent') return [{says: fresh.peer.detail, atMs: fresh.atMs, fresh: true}];
	if (fresh?.peer?.kind !== 'known') return [];
	const {online, curAddr, relay, lastHandshakeMs} = fresh.peer.status;
	const facts = [
		online ? 'online' : 'offline',
		curAddr === '' ? 'no direct path in use' : `direct by ${curAddr}`,
		...(relay === '' ? [] : [`home relay ${relay}`]),
		lastHandshakeMs === undefined ? 'no handshake yet' : `last handshake ${sayAgo(lastHandshakeMs, fresh.atMs)}`,
	];
	return [{says: `tailscaled of ${vantageName} says of ${peer}: ${facts.join(', ')}.`, atMs: fresh.atMs, fresh: true}];
}
