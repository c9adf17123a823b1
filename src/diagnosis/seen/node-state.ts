/** What is known of the node behind a link, read the same way by all causes that concern it. Pure. */

import {isIP} from 'node:net';
import {duplicateHostnames} from '../../collectors/records.ts';
import {splitTarget} from '../../net/target.ts';
import type {NodeView} from '../../server/types.ts';
import {formatSpan} from '../../util/readable.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene, World} from '../scene.ts';
import type {Evidence, Finding} from '../types.ts';
import {endedSince, failingSince} from './answered-since.ts';
import {tunnelsFrom} from './tunnels.ts';

/** The name of the node; of a link to one that was never listed the name or address that it dials. '' where no node is meant. */
export function nodeNameOf({peer, check, world}: Scene): string {
	if (peer !== '' || check?.view.check.target.via !== 'tailnet') return peer;
	const host = splitTarget(check.view.check.target.address)?.host.toLowerCase().replace(/\.$/, '') ?? '';
	if (host === 'self' || host === splitTarget(world.landmarks.dnsServer)?.host) return '';
	const {domain} = world.landmarks;
	return domain !== undefined && host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : host;
}

/** headscale's list is what it says now, and the node is not on it. */
export function isUnlisted({world, node}: Scene): boolean {
	return node === undefined && world.nodesAreFresh;
}

/** headscale's list of nodes, as a source. */
export function listSource({sources}: Pick<World, 'sources'>): World['sources'][number] | undefined {
	return sources.find(({name}) => name === 'headscale-nodes');
}

/** What headscale says of the node, and when it said so. */
export function evidenceOfList(scene: Scene, wanted?: string): Evidence {
	const {node, world, nowMs} = scene;
	const atMs = listSource(world)?.lastSuccessAt;
	const name = nodeNameOf(scene);
	return {
		says: node
			? `headscale lists ${name}${describe(node, nowMs)}.`
			: `headscale lists ${world.nodes.length} nodes, and none is called ${name}.`,
		...(wanted === undefined ? {} : {wanted}),
		...(atMs === undefined ? {} : {atMs}),
	};
}

function describe(view: NodeView, nowMs: number): string {
	const {online, lastSeenMs, ephemeral, keyExpiryMs} = view.node;
	const tagged = hasTags(view) ? ', which should not count for a node with tags' : '';
	const facts = [
		online === undefined ? '' : online ? ' as online' : ' as offline',
		lastSeenMs === undefined ? '' : `last noted ${sayAgo(lastSeenMs, nowMs)}`,
		ephemeral ? 'ephemeral' : '',
		keyExpiryMs === undefined
			? ''
			: `its key ${keyExpiryMs > nowMs ? 'expires' : 'expired'} ${sayAgo(keyExpiryMs, nowMs)}${tagged}`,
	];
	return facts.filter(fact => fact !== '').join(', ');
}

/** `3 min ago`, `in 2 h`. */
export function sayAgo(atMs: number, nowMs: number): string {
	return atMs > nowMs ? `in ${formatSpan(atMs - nowMs)}` : `${formatSpan(nowMs - atMs)} ago`;
}

/** What tailscaled answers for a node that it will not ping: its key expired, or it knows no such peer. */
export function refusalOf({tunnel, world: {fresh}}: Scene): 'expired' | 'missing' | undefined {
	const asked = fresh?.peer;
	if (asked?.kind === 'known') return asked.status.expired ? 'expired' : undefined;
	if (asked?.kind === 'missing') return 'missing';
	const said = tunnel?.verdict === 'down' ? (tunnel.outcome?.reading?.facts.disco ?? '') : '';
	if (/key has expired/i.test(said)) return 'expired';
	return /no matching peer/i.test(said) ? 'missing' : undefined;
}

/** A sentence for it; undefined where tailscaled refuses nothing. */
export function evidenceOfRefusal(scene: Scene): Evidence | undefined {
	const {vantageName, tunnel, world} = scene;
	const refusal = refusalOf(scene);
	if (refusal === undefined) return undefined;
	if (!world.fresh?.peer) return tunnel && evidenceOf(tunnel);
	const name = nodeNameOf(scene);
	return {
		says:
			refusal === 'expired'
				? `tailscaled of ${vantageName} says that the key of ${name} has expired.`
				: `tailscaled of ${vantageName} knows no peer ${name}.`,
		wanted: 'a peer that may be talked to',
		atMs: world.fresh.atMs,
		fresh: true,
	};
}

/**
 * Something is known to have come back from the node since the link failed: through a tunnel, or from one of its services. What answers
 * beside the tailnet counts for links that are beside it, too.
 */
export function doesAnswer(scene: Scene): boolean {
	const known = answering.get(scene);
	if (known !== undefined) return known;
	const does = hasAnswered(scene);
	answering.set(scene, does);
	return does;
}

// Many causes ask for it.
const answering = new WeakMap<Scene, boolean>();

function hasAnswered(scene: Scene): boolean {
	const {check, tunnel, otherTunnels, neighbours, elsewhere} = scene;
	if (check && isAnswer(check, scene)) return true;
	// A service that is down for longer than its tunnel failed for another reason before.
	const sinceMs = tunnel?.verdict === 'down' ? failingSince(tunnel) : check && failingSince(check);
	const looks = [...(tunnel ? [tunnel] : []), ...otherTunnels, ...neighbours, ...elsewhere];
	return looks.some(look => isAnswer(look, scene) && look.outcome !== undefined && endedSince(look, sinceMs));
}

/** It is up, or down with something that only the machine itself can have said. */
function isAnswer(look: Look, scene: Scene): boolean {
	const {outcome, verdict} = look;
	const {check} = look.view;
	// What is asked about its name is answered by somebody else.
	if (check.type === 'dns' || isOfHost(look, scene)) return false;
	if (check.target.via !== 'tailnet' && (!isDirect(scene) || check.target.address === 'self')) return false;
	if (verdict === 'up') return check.expect === undefined;
	return verdict === 'down' && said.has(outcome?.reason ?? '');
}

const said: ReadonlySet<string> = new Set([
	'refused',
	'reset',
	'tls',
	'protocol',
	'status',
	'content',
	'loss',
	'expected_unreachable',
]);

/** The link goes beside the tailnet, so that neither tunnels nor records of nodes carry it. */
export function isDirect({check}: Pick<Scene, 'check'>): boolean {
	const {via, address} = check?.view.check.target ?? {};
	return via === 'direct' && address !== 'self';
}

/** Refused by the host of a rented machine, whose public ports are its own: so it does for an instance that is off, too. */
export function isOfHost({view: {check}, outcome}: Look, {world}: Pick<Scene, 'world'>): boolean {
	return (
		check.target.via === 'direct' &&
		outcome?.reason === 'refused' &&
		world.machines.byNode.get(check.target.peer)?.instance !== undefined
	);
}

/** Tunnels to the node that are down, the own one first, while nothing of it answers anybody. */
export function silentTunnels(scene: Scene): Look[] {
	const {tunnel, otherTunnels} = scene;
	const down = [...(tunnel ? [tunnel] : []), ...otherTunnels].filter(({verdict}) => verdict === 'down');
	return down.length === 0 || doesAnswer(scene) ? [] : down;
}

/**
 * Whether something that is wrong with the node can be why the link is as it is: nothing of it answers, and the link fails, or cannot be
 * looked at because who looks is that node itself.
 */
export function effectOfNode(scene: Scene): Finding['effect'] {
	const {check, peer} = scene;
	if (doesAnswer(scene)) return 'beside';
	if (!check || check.verdict === 'down') return 'breaks';
	return check.outcome?.reason === 'vantage' && check.view.check.vantage === peer ? 'breaks' : 'beside';
}

/** The same of what is wrong with its record or its key in the tailnet: a link beside it needs neither. */
export function effectOfRecord(scene: Scene): Finding['effect'] {
	return isDirect(scene) ? 'beside' : effectOfNode(scene);
}

/** Tunnels from the vantage to all nodes but this one. */
export function tunnelsToOthers({world, vantageName, peer}: Scene): {up: number; down: number} {
	const all = tunnelsFrom(world, vantageName);
	let counts = countsOfTunnels.get(all);
	if (!counts) {
		const up = all.filter(({verdict}) => verdict === 'up').length;
		counts = {up, down: all.length - up};
		countsOfTunnels.set(all, counts);
	}
	const own = world.ofPeer(peer).filter(({check}) => check.vantage === vantageName && check.type === 'tunnel');
	const count = (wanted: Look['verdict']) => own.filter(view => world.look(view).verdict === wanted).length;
	return {up: counts.up - count('up'), down: counts.down - count('down')};
}

// Asked for every silent node, and the same for all of one vantage.
const countsOfTunnels = new WeakMap<readonly Look[], {up: number; down: number}>();

/**
 * What is wrong with its key by headscale's word or tailscaled's. `impossible`: an expiry that nobody can have wanted. A node with tags
 * never expires, whatever time stands in its record: of it tailscaled's own refusal alone is believed.
 */
export function keyFaultOf(scene: Scene): 'expired' | 'impossible' | undefined {
	const {node, world, nowMs} = scene;
	const expiryMs = node?.node.keyExpiryMs;
	if (node && hasTags(node) && refusalOf(scene) !== 'expired') return undefined;
	if (expiryMs !== undefined && expiryMs < year2000) return 'impossible';
	if (expiryMs !== undefined && expiryMs <= nowMs) return 'expired';
	if (refusalOf(scene) !== 'expired') return undefined;
	// The year 1, which some versions write for "never", is read as that; clients take it at its word.
	return node && world.nodesAreFresh && expiryMs === undefined ? 'impossible' : 'expired';
}

const year2000 = Date.UTC(2000, 0);

function hasTags({node: {tags}}: NodeView): boolean {
	return tags.length > 0;
}

/** The record of the same machine that is online while the one that the link leads to is not. */
export function livingTwinOf({node, world}: Scene): NodeView | undefined {
	if (node?.node.online !== false || node.node.hostname === undefined) return undefined;
	const twin = recordsByHostname(world)
		.get(node.node.hostname)
		?.find(({id, online}) => online === true && id !== node.node.id);
	return twin && world.node(twin.name);
}

function recordsByHostname(world: World): ReturnType<typeof duplicateHostnames> {
	let found = hostnamesOfWorlds.get(world);
	if (!found) {
		found = duplicateHostnames(world.nodes.map(({node}) => node));
		hostnamesOfWorlds.set(world, found);
	}
	return found;
}

const hostnamesOfWorlds = new WeakMap<World, ReturnType<typeof duplicateHostnames>>();

/** Whether that is an address, so that nothing was asked of any name. */
export function isAddress(name: string): boolean {
	return isIP(name) !== 0;
}
