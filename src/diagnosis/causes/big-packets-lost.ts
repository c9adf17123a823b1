import {splitTarget} from '../../net/target.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {serviceTypes} from '../seen/kinds.ts';
import {tunnelOf} from '../seen/tunnels.ts';
import type {Cause, Command, Evidence, Finding} from '../types.ts';

export const bigPacketsLost: Cause = {
	id: 'big-packets-lost',
	rung: 'tunnel',
	title: 'Small packets pass, large ones do not',
	means:
		'Somewhere beneath the tunnel packets above a certain size vanish without a word. Pings, connections and short answers work; a certificate, a page or a piece of audio hangs until it times out. Make the packets of the tunnel smaller (TS_DEBUG_MTU=1200 for tailscaled on the machine), or have the network pass datagrams of 1,340 bytes.',
	find(scene) {
		const tunnel = tunnelOf(scene);
		if (tunnel?.verdict !== 'up') return undefined;
		const asked = scene.world.fresh?.bigPing;
		const isOfTunnel = scene.check === tunnel || scene.check === undefined;
		if (!isOfTunnel && !(scene.check && isStalled(scene.check))) return undefined;
		if (asked && asked.sent > 0) return asked.answered === 0 ? seen(scene, tunnel, asked, isOfTunnel) : undefined;
		return isOfTunnel ? undefined : remembered(scene, tunnel);
	},
};

type BigPing = NonNullable<NonNullable<Scene['world']['fresh']>['bigPing']>;

function seen(scene: Scene, tunnel: Look, {bytes, sent, by, reached}: BigPing, isOfTunnel: boolean): Finding {
	const {peer, vantageName, check, world} = scene;
	const way =
		reached === true && by === 'icmp'
			? ` They are lost on the way back from ${peer}.`
			: reached === false
				? ` They are lost on the way to ${peer}.`
				: '';
	const pings: Evidence = {
		says: `None of ${sent} pings of ${bytes} bytes from ${vantageName} to ${peer} was answered; small ones were.`,
		wanted: 'an answer to pings of either size',
		...(world.fresh ? {atMs: world.fresh.atMs + world.fresh.durationMs} : {}),
		fresh: true,
	};
	return {
		effect: isOfTunnel ? 'slows' : 'breaks',
		passesSmall: true,
		confidence: 'certain',
		about: `node ${peer}`,
		says: `Between ${vantageName} and ${peer} small packets pass, and those of ${bytes} bytes vanish.${way}`,
		evidence: [pings, ...(check && !isOfTunnel ? [evidenceOf(check)] : []), evidenceOf(tunnel)],
		next: nextFor(scene),
	};
}

/**
 * Nobody pinged: then it takes several that hang after a good beginning, beside something small that is answered. A program that does not
 * answer a small request is no sign of it, and that a connection opens none against it.
 */
function remembered(scene: Scene, tunnel: Look): Finding | undefined {
	const {check, neighbours, peer, vantageName} = scene;
	if (!check || !isStalledWithMuch(check)) return undefined;
	const small = neighbours.filter(look => look.verdict === 'up' && hasAnswer(look) && isSeenSince(look, check));
	const sameDoor = small.find(look => doorOf(look) === doorOf(check));
	const alike = neighbours.find(look => isStalledWithMuch(look) && doorOf(look) !== doorOf(check));
	const witness = sameDoor ?? (alike && small[0]);
	if (!witness) return undefined;
	return {
		effect: 'breaks',
		passesSmall: true,
		confidence: 'consistent',
		about: `node ${peer}`,
		says: `${check.view.check.name} from ${vantageName} connects to ${peer} and then hangs, while ${witness.view.check.name}, which is smaller, is answered${alike ? `; ${alike.view.check.name} hangs in the same way` : ''}. Large packets may be lost; so it looks too where a service hangs.`,
		evidence: [
			evidenceOf(check, 'an answer'),
			evidenceOf(witness),
			...(alike ? [evidenceOf(alike)] : []),
			evidenceOf(tunnel),
		],
		next: nextFor(scene),
	};
}

/** Connected, and then nothing more came in time. */
function isStalled(look: Look): boolean {
	return ['tls', 'processing', 'transfer'].includes(stalledIn(look) ?? '');
}

/** The same, where what was on its way when it hung was large. */
function isStalledWithMuch(look: Look): boolean {
	const phase = stalledIn(look);
	return phase === 'tls' || phase === 'transfer' || (phase === 'processing' && asksMuch(look));
}

/** The phase in which a run ran out of time. */
function stalledIn({verdict, outcome}: Look): string | undefined {
	if (verdict !== 'down' || outcome?.reason !== 'timeout') return undefined;
	const {phases = {}, facts = {}} = outcome.reading ?? {};
	return facts.phase ?? Object.keys(phases).at(-1);
}

/** Its request does not fit into one packet. */
function asksMuch({view: {check}}: Look): boolean {
	const {body, body_file: file} = (check.options ?? {}) as {body?: unknown; body_file?: unknown};
	return (typeof body === 'string' && body.length > 1000) || typeof file === 'string';
}

const hasAnswer = ({view: {check}}: Look) => serviceTypes.has(check.type) && check.type !== 'tcp';

/** Host and port. */
function doorOf({view: {check}}: Look): string {
	const {host = check.target.address, port = 0} = splitTarget(check.target.address) ?? {};
	return `${host}:${port}`;
}

function nextFor(scene: Scene): [Command, ...Command[]] {
	const {vantageName, peer, node} = scene;
	const address = node?.node.addresses[0] ?? peer;
	const payload = address.includes(':') ? '1232' : '1252';
	return [
		commandOf(
			vantageName,
			['ping', '-M', 'do', '-c', '5', '-s', payload, address],
			'Full packets of the tunnel: lost here and answered with -s 56 proves it.',
		),
		tailscaleCommand(
			scene,
			vantageName,
			['ping', '--until-direct=false', '-c', '5', '--size', '1340', peer],
			'Large only on the way there: answered here and lost above means the way back.',
		),
		commandOf(peer, ['ip', 'link'], 'The MTU of the interface beneath the tunnel: below 1340 it is too small.'),
	];
}
