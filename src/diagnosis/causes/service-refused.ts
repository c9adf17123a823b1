import {commandOf, kubectlCommand, probeCommand} from '../commands.ts';
import type {Look, Scene} from '../scene.ts';
import {evidenceAround, isService, machineName, portWords, servicesBeside, whileUp} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import {tunnelOf} from '../seen/tunnels.ts';
import type {Cause, Command} from '../types.ts';

export const serviceRefused: Cause = {
	id: 'service-refused',
	rung: 'connect',
	title: 'The service does not listen',
	means:
		'The machine answers and refuses the connection, so nothing listens on that port: the program ended, has not started yet, or listens on another address. The tunnel and the network are fine. Look at the program on that machine, and restart it.',
	find(scene) {
		const {check} = scene;
		if (!isService(check) || check.verdict !== 'down' || check.outcome?.reason !== 'refused') return undefined;
		const where = machineName(scene);
		const beside = servicesBeside(scene);
		const alike = beside.filter(({verdict, outcome}) => verdict === 'down' && outcome?.reason === 'refused');
		const areAll = alike.length > 0 && alike.length === beside.length;
		const ports = [check, ...alike].map(portWords).toSorted();
		return {
			effect: 'breaks',
			// Through a tunnel only the machine itself can refuse; on the way there may be a firewall that does.
			confidence: tunnelOf(scene)?.verdict === 'up' ? 'certain' : 'likely',
			// Each of its own: others that refuse too come and go, and it stays the same fault.
			about: serviceName(check),
			says: areAll
				? `${where} refuses connections to everything that is looked at (${ports.slice(0, 6).join(', ')})${whileUp(scene)}: its programs have not started yet, or their container is not up.`
				: `${where} refuses connections to ${portWords(check)}${whileUp(scene)}${answering(beside)}.`,
			evidence: evidenceAround(scene, 'a connection', beside),
			next: [
				commandOf(where, ['ss', '-ltnp'], `Whether a program listens on ${portWords(check)}.`),
				...(areAll ? podCommands(scene) : []),
				probeCommand(scene, 'Whether it still refuses.'),
			],
		};
	},
};

/** `; port 8001 takes connections`: the machine is not at fault. */
function answering(beside: readonly Look[]): string {
	const works = beside.find(({verdict}) => verdict === 'up');
	return works ? `; its ${portWords(works)} takes connections` : '';
}

function podCommands({world, peer}: Scene): Command[] {
	const pod = world.machines.byNode.get(peer)?.pod;
	if (!pod) return [];
	return [
		kubectlCommand(
			['-n', pod.namespace, 'describe', 'pod', pod.name],
			'Whether its container runs, and how often it was restarted.',
		),
	];
}
