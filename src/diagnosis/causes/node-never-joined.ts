import {headscaleCommand, probeCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {machineOf} from '../seen/machine-state.ts';
import {doesAnswer, evidenceOfList, isAddress, isUnlisted, nodeNameOf} from '../seen/node-state.ts';
import type {Cause} from '../types.ts';

export const nodeNeverJoined: Cause = {
	id: 'node-never-joined',
	rung: 'node',
	title: 'No node of that name is in the tailnet',
	means:
		'The link leads to a name or an address that no node of the tailnet has, and none had since tailprobe started. Either the machine has not joined yet, or it joined under another name, or the target is written wrong. Compare it with the list of nodes.',
	find(scene) {
		const {peer, check, vantageName} = scene;
		if (peer !== '' || !check || check.verdict === 'up' || !isUnlisted(scene) || doesAnswer(scene)) return undefined;
		const {reason} = check.outcome ?? {};
		// A name that is found, and answers with an error, is something else than a node, such as a record of its own.
		if (reason !== 'resolve' && reason !== 'unreachable' && reason !== 'timeout') return undefined;
		const name = nodeNameOf(scene);
		if (name === '' || (name.includes('.') && !isAddress(name)) || machineOf(scene)) return undefined;
		// Under another name it is there: then it is the name that is wrong.
		if (scene.world.nodes.some(({node}) => node.hostname === name || node.name.replace(/-\d+$/, '') === name))
			return undefined;
		return {
			effect: check.verdict === 'down' ? 'breaks' : 'beside',
			confidence: 'likely',
			about: `node ${name}`,
			says: `headscale lists no node ${isAddress(name) ? 'with the address' : 'called'} ${name}: it never joined, joined under another name, or the target is written wrong.`,
			evidence: [evidenceOfList(scene, `a node ${name}`), evidenceOf(check)],
			next: [
				headscaleCommand(scene, ['nodes', 'list'], `Which name the machine has that is meant by ${name}.`),
				tailscaleCommand(scene, name, ['status'], 'Whether tailscaled runs there, and whether it is signed in.'),
				probeCommand(scene, `Whether ${vantageName} finds it now.`),
			],
		};
	},
};
