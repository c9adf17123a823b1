import {commandOf, headscaleCommand, probeCommand} from '../commands.ts';
import type {Look, Scene} from '../scene.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {
	didConnect,
	endOf,
	evidenceAround,
	isService,
	machineName,
	portWords,
	servicesBeside,
	whileUp,
} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import {tunnelOf} from '../seen/tunnels.ts';
import type {Cause, Confidence} from '../types.ts';

export const serviceFiltered: Cause = {
	id: 'service-filtered',
	rung: 'connect',
	title: 'Connections get no answer, neither yes nor no',
	means:
		'Something drops the packets that open the connection: the policy of headscale, which drops in silence, a firewall on the machine, or a program that listens and takes no more because its queue is full. A machine that is off looks the same where no tunnel vouches for it. Compare with other ports and other vantages: what still connects tells which of them it is.',
	find(scene) {
		const {check, peer, vantageName, elsewhere} = scene;
		const tunnel = tunnelOf(scene);
		if (!isService(check) || check.verdict !== 'down' || !isSilent(check)) return undefined;
		// What answers nothing at all is told by a lower rung.
		if (tunnel && tunnel.verdict !== 'up') return undefined;
		const where = machineName(scene);
		const beside = servicesBeside(scene);
		const silent = beside.filter(isSilent);
		const connected = beside.filter(look => didConnect(look) === true);
		const connects = connected.filter(look => isSeenSince(look, check));
		const reachedFrom = elsewhere
			.filter(look => didConnect(look) === true && isSeenSince(look, check))
			.map(({view}) => view.check.vantage);
		const areAll = silent.length > 0 && connected.length === 0;
		const says = `${where} does not answer connections to ${areAll ? 'any port that is looked at' : portWords(check)}${whileUp(scene)}`;
		return {
			effect: 'breaks',
			confidence: confidenceOf(tunnel, connects.length + reachedFrom.length),
			about: areAll && peer !== '' ? `node ${where}` : serviceName(check),
			says: [
				`${says}.`,
				...(reachedFrom[0] === undefined
					? []
					: [
							`From ${reachedFrom[0]} it takes them, so it is not the service: a policy or a firewall tells ${vantageName} from it.`,
						]),
				...(connects[0]
					? [`Its ${portWords(connects[0])} takes connections from here, so it is this port alone.`]
					: []),
			].join(' '),
			evidence: evidenceAround(scene, 'a connection, or a refusal', beside),
			next: [
				commandOf(
					where,
					['ss', '-ltn'],
					'Whether the port is listened on, and whether its queue is full (Recv-Q above Send-Q).',
				),
				...(peer === ''
					? []
					: [
							headscaleCommand(
								scene,
								['policy', 'get'],
								`Whether the policy lets ${vantageName} connect to ${portWords(check)} of ${where}.`,
							),
						]),
				commandOf(where, ['iptables', '-S'], 'Whether a firewall of the machine drops it.'),
				probeCommand(scene, 'Whether it is still silent.'),
			],
		};
	},
};

/** Neither taken nor refused. */
function isSilent(look: Look): boolean {
	const {outcome, view} = look;
	return (
		(outcome?.reason === 'timeout' || outcome?.reason === 'unreachable') &&
		view.check.expect === undefined &&
		endOf(look) === 'connect'
	);
}

function confidenceOf(tunnel: Scene['tunnel'], compared: number): Confidence {
	return tunnel?.verdict === 'up' && compared > 0 ? 'likely' : 'consistent';
}
