import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {pathOf, sideOf, tunnelOf, tunnelsFrom} from '../seen/tunnels.ts';
import type {Cause, Finding} from '../types.ts';

export const udpBlocked: Cause = {
	id: 'udp-blocked',
	rung: 'underlay',
	title: 'UDP does not pass, the tunnel takes the relay',
	means:
		'Two machines find each other directly only by UDP. Where a firewall, a NAT or the host of a rented machine drops it, everything goes through a relay (DERP): slower, and lost as soon as that relay is. Nothing is down for it. Find the side on which UDP port 41641 or all of UDP is dropped.',
	find(scene) {
		return scene.check?.view.check.type === 'stun' ? ofStun(scene, scene.check) : ofTunnel(scene);
	},
};

/** STUN is how both sides learn their own addresses; it is UDP as well. */
function ofStun(scene: Scene, check: Look): Finding | undefined {
	const {vantageName, world, elsewhere} = scene;
	if (check.verdict !== 'down' || !isDropped(check)) return undefined;
	const isOwn = isForbiddenHere(check);
	const answered = elsewhere.find(look => look.verdict === 'up' && isSeenSince(look, check));
	const relay = world.fromVantage(vantageName).map(world.look).find(isOfRelay);
	if (!isOwn && !answered && relay?.verdict !== 'up') return undefined;
	const server = check.view.check.target.name;
	return {
		effect: 'breaks',
		// That its name was found proves nothing of UDP.
		passesSmall: true,
		confidence: isOwn ? 'certain' : answered ? 'likely' : 'consistent',
		about: isOwn || answered ? `vantage ${vantageName}` : `relay ${server}`,
		says: isOwn
			? `A firewall on ${vantageName} itself forbids the STUN request to ${server}: it may not send UDP.`
			: answered
				? `${server} answers no STUN request from ${vantageName}, and does answer ${answered.view.check.vantage}: UDP from ${vantageName} is dropped.`
				: `${server} answers no STUN request from ${vantageName}, while its relay answers over TCP: UDP port 3478 is dropped on the way, or no STUN server runs.`,
		evidence: [
			evidenceOf(check, 'an answer over UDP'),
			...(answered ? [evidenceOf(answered)] : []),
			...(relay ? [evidenceOf(relay)] : []),
		],
		next: [
			tailscaleCommand(scene, vantageName, ['netcheck'], 'It should say "UDP: true".'),
			commandOf(vantageName, ['iptables', '-L', '-n', '-v'], 'Whether a rule that counts packets drops UDP.'),
		],
	};
}

function isDropped(check: Look): boolean {
	return check.outcome?.reason === 'timeout' || isForbiddenHere(check);
}

/** Linux tells a program whose packet its own firewall drops. */
function isForbiddenHere({outcome}: Look): boolean {
	return /\(EPERM\)/.test(outcome?.detail ?? '');
}

const isOfRelay = ({view: {check}}: Look) => check.type === 'derp';

function ofTunnel(scene: Scene): Finding | undefined {
	const {world, peer, vantageName} = scene;
	const tunnel = tunnelOf(scene);
	if (tunnel?.verdict !== 'up' || pathOf(tunnel) !== 'derp') return undefined;
	// The first answers commonly come by the relay, until the direct path is found.
	const paths = world.recent(tunnel.view).flatMap(({reading}) => reading?.facts.path ?? []);
	if (paths.length > 1 && paths[1] !== 'derp') return undefined;
	const side = sideOf(scene, look => look.verdict !== 'up' || pathOf(look) === 'derp');
	const stun = world
		.fromVantage(vantageName)
		.map(world.look)
		.find(({view: {check}, verdict}) => check.type === 'stun' && verdict === 'down');
	const isSeen = stun !== undefined && tunnelsFrom(world, vantageName).every(look => pathOf(look) !== 'direct');
	const region = tunnel.outcome?.reading?.facts.derp_region;
	const about = isSeen ? `vantage ${vantageName}` : side.about;
	const where = about.startsWith('vantage ') ? vantageName : peer;
	return {
		effect: 'slows',
		confidence: isSeen ? 'certain' : side.confidence,
		about,
		says: `${vantageName} and ${peer} find no direct path and go by the relay${region ? ` ${region}` : ''}. ${isSeen ? `UDP from ${vantageName} is dropped: no STUN request is answered either, and none of its tunnels is direct.` : side.says}`,
		evidence: [
			evidenceOf(tunnel, 'a direct path'),
			...(stun ? [evidenceOf(stun, 'an answer over UDP')] : []),
			...side.looks.map(look => evidenceOf(look)),
		],
		next: [
			tailscaleCommand(scene, where, ['netcheck'], 'It should say "UDP: true", and "MappingVariesByDestIP: false".'),
			tailscaleCommand(
				scene,
				vantageName,
				['ping', '--until-direct=false', '-c', '5', peer],
				'Whether an answer comes "via" an address and port, and not via DERP.',
			),
			commandOf(where, ['iptables', '-L', '-n', '-v'], 'Whether a rule that counts packets drops UDP.'),
		],
	};
}
