import {splitTarget} from '../../net/target.ts';
import {formatSpan} from '../../util/readable.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {isOfRegion, isRelayDown, noticedWithinMs, relayDownSince, relayName, relaysDown} from '../seen/relays.ts';
import {isSilent, lastPathOf, tunnelOf} from '../seen/tunnels.ts';
import type {Cause, Command, Finding} from '../types.ts';

export const relayDown: Cause = {
	id: 'relay-down',
	rung: 'underlay',
	title: 'The relay is down',
	means:
		'Machines that have no direct path to each other talk through a relay (DERP), and all others begin there. While it is down the relayed tunnels are dead and new ones are slow to come or never do; direct ones go on. headscale has one built in, so look at headscale and at the proxy before it, which must pass the "Upgrade" header.',
	find(scene) {
		const {check} = scene;
		if (check?.view.check.type === 'derp') return ofItself(scene, check);
		const tunnel = tunnelOf(scene);
		if (!tunnel || tunnel.verdict === 'unknown') return undefined;
		const found = relaysDown(scene).map(down => ofTunnel(scene, tunnel, down));
		return found.toSorted((one, other) => rank(one) - rank(other))[0];
	},
};

/** Of several relays first the one that explains the tunnel. */
function rank({effect, confidence}: Finding): number {
	return (effect === 'breaks' ? 0 : 10) + (confidence === 'likely' ? 0 : 1);
}

function ofItself(scene: Scene, check: Look): Finding | undefined {
	if (!isRelayDown(check)) return undefined;
	// What is wrong with a certificate has causes of its own.
	if (check.outcome?.reason === 'tls') return undefined;
	const reached = scene.elsewhere.find(look => look.verdict === 'up' && isSeenSince(look, check));
	return {
		effect: 'breaks',
		// It may well connect: a proxy in between that does not pass the upgrade answers, too.
		passesSmall: true,
		confidence: reached ? 'consistent' : 'certain',
		about: reached ? `vantage ${scene.vantageName}` : relayName(check),
		says: reached
			? `${scene.vantageName} does not reach the relay ${check.view.check.target.name}, and ${reached.view.check.vantage} does: the way there is broken, or the relay answers only sometimes.`
			: `The relay ${check.view.check.target.name} does not work${since(scene, check)}.`,
		evidence: [evidenceOf(check, 'a relay that answers'), ...(reached ? [evidenceOf(reached)] : [])],
		next: nextFor(scene, check),
	};
}

function ofTunnel(scene: Scene, tunnel: Look, down: Look): Finding {
	const {peer, vantageName, world} = scene;
	const last = lastPathOf(world, tunnel);
	// By which relay it went; undefined where that may have been this one.
	const isOfIt = last?.region === undefined ? undefined : isOfRegion(world, down, last.region);
	const breaks =
		isSilent(tunnel) &&
		(last === undefined || last.path === 'derp') &&
		isOfIt !== false &&
		(tunnel.view.downSince ?? world.nowMs) >= relayDownSince(down) - noticedWithinMs;
	const relay = relayName(down);
	const way =
		last?.path === 'derp'
			? `, and ${breaks ? 'went' : 'goes'} by ${last.region ? `the relay ${last.region}` : 'a relay'}`
			: '';
	const doubt = last?.path === 'derp' && !isOfIt ? ', which may be that one,' : '';
	return {
		effect: breaks ? 'breaks' : 'beside',
		confidence: !breaks ? 'certain' : isOfIt ? 'likely' : 'consistent',
		about: relay,
		says: breaks
			? `${peer} is not reached from ${vantageName}${way}${last ? '' : ', and no direct path to it was seen lately'}; the ${relay}${doubt} does not work${since(scene, down)}${isHeadscaleSilent(scene, down) ? '; it is built into headscale, which does not answer either' : ''}.`
			: `The ${relay} does not work${since(scene, down)}. ${tunnel.verdict === 'up' && last?.path === 'direct' ? `The tunnel to ${peer} is direct and does not need it now.` : `That is not why ${peer} is as it is.`}`,
		evidence: [evidenceOf(down, 'a relay that answers'), evidenceOf(tunnel)],
		next: nextFor(scene, down),
	};
}

/** Where the relay is that of headscale, and headscale itself is gone. */
function isHeadscaleSilent({world}: Scene, {view: {check}}: Look): boolean {
	const host = splitTarget(check.target.address)?.host.toLowerCase() ?? '';
	return (
		world.landmarks.headscale.includes(host) &&
		world.sources.some(({name, ok}) => name === 'headscale-health' && ok === false)
	);
}

function since({nowMs}: Scene, {view}: Look): string {
	return view.downSince === undefined ? '' : ` for ${formatSpan(nowMs - view.downSince)}`;
}

function nextFor(scene: Scene, {view: {check}}: Look): [Command, ...Command[]] {
	const origin = URL.parse(check.target.address)?.origin ?? check.target.address;
	return [
		commandOf(
			check.vantage,
			['curl', '-sS', '-m', '5', '-o', '/dev/null', '-w', '%{http_code}\\n', `${origin}/derp/probe`],
			'200 is a relay that answers; then only the upgrade is broken, by a proxy.',
		),
		tailscaleCommand(scene, scene.vantageName, ['netcheck'], 'Which relays answer this machine, and how fast.'),
	];
}
