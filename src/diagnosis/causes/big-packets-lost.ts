import {splitTarget} from '../../net/target.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Cause, Command, Evidence, Finding} from '../types.ts';
import {tunnelOf} from './tunnels.ts';

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
		if (asked && asked.sent > 0) {
			if (asked.answered === 0) return seen(scene, tunnel, asked, isOfTunnel);
			// Those that come back small clear the way there alone.
			if (asked.by !== 'disco') return undefined;
		}
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

/** Nobody pinged: then it takes several that hang after a good beginning, beside something small that is answered. */
function remembered(scene: Scene, tunnel: Look): Finding | undefined {
	const {check, neighbours, peer, vantageName} = scene;
	if (!check) return undefined;
	const small = neighbours.filter(look => look.verdict === 'up' && speaksTcp(look));
	const sameDoor = small.find(look => doorOf(look) === doorOf(check));
	const alike = neighbours.find(look => isStalled(look) && doorOf(look) !== doorOf(check));
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
function isStalled({verdict, outcome}: Look): boolean {
	if (verdict !== 'down' || outcome?.reason !== 'timeout') return false;
	const {phases = {}, facts = {}} = outcome.reading ?? {};
	const failedIn = facts.phase ?? Object.keys(phases).at(-1);
	return failedIn === 'tls' || failedIn === 'processing' || failedIn === 'transfer';
}

const speaksTcp = ({view: {check}}: Look) => ['http', 'http_warm', 'tcp', 'tls', 'ws'].includes(check.type);

/** Host and port. */
function doorOf({view: {check}}: Look): string {
	const {host = check.target.address, port = 0} = splitTarget(check.target.address) ?? {};
	return `${host}:${port}`;
}

function nextFor({vantageName, peer, node}: Scene): [Command, ...Command[]] {
	const address = node?.node.addresses[0] ?? peer;
	const payload = address.includes(':') ? '1232' : '1252';
	return [
		commandOf(
			vantageName,
			['ping', '-M', 'do', '-c', '5', '-s', payload, address],
			'Full packets of the tunnel: lost here and answered with -s 56 proves it.',
		),
		tailscaleCommand(
			vantageName,
			['ping', '--until-direct=false', '-c', '5', '--size', '1340', peer],
			'Large only on the way there: answered here and lost above means the way back.',
		),
		commandOf(peer, ['ip', 'link'], 'The MTU of the interface beneath the tunnel: below 1340 it is too small.'),
	];
}
