import {headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {asksMagicDns, digCommand, dnsLooks, targetName} from '../seen/names.ts';
import type {Cause} from '../types.ts';

export const nameWrongAddress: Cause = {
	id: 'name-wrong-address',
	rung: 'name',
	title: 'The name has another address than its node',
	means:
		'MagicDNS answers with an address that the node does not have, so everything that uses the name talks to another machine or to none. Usually an old record of the node still has the name, or the machine that looks has a list from before. Remove the old record in headscale; restart tailscaled on the machine that looks where headscale is right.',
	find(scene) {
		const {check, world, vantageName, node, peer} = scene;
		const name = targetName(scene);
		if (!check || name === undefined || check.view.check.target.via !== 'tailnet') return undefined;
		const asked = world.fresh?.byMagicDns;
		if (asked?.verdict === 'up') return undefined;
		const look = dnsLooks(scene).find(({verdict, outcome}) => verdict === 'down' && outcome?.reason === 'content');
		const outcome = asked?.reason === 'content' ? asked : look?.outcome;
		const answers = outcome?.reading?.facts.answer?.split(' ') ?? [];
		const own = node?.node.addresses ?? [];
		const stranger = answers.find(address => !own.includes(address));
		if (!outcome || stranger === undefined) return undefined;
		const owner = world.nodes.find(({node: {addresses}}) => addresses.includes(stranger))?.node.name;
		const isItself = asksMagicDns(scene, check);
		const breaks = isItself || (check.verdict === 'down' && check.outcome?.reading?.facts.address === stranger);
		const wanted = own.length > 0 ? own.join(' or ') : 'the address of the node';
		return {
			effect: breaks ? 'breaks' : 'beside',
			// That an address was found, and even answers, does not make it the right one.
			...(breaks ? {passesSmall: true as const} : {}),
			confidence: owner === undefined && own.length === 0 ? 'likely' : 'certain',
			about: `name ${name}`,
			says: `MagicDNS on ${vantageName} answers ${stranger} for ${name}${owner === undefined || owner === peer ? '' : `, which is ${owner}`}${own.length > 0 ? `; ${peer} has ${own.join(' and ')}` : ''}.`,
			evidence: [
				...(asked === outcome
					? [
							{
								says: `MagicDNS was asked now and answered ${answers.join(' ')}.`,
								wanted,
								atMs: asked.startedAt + asked.durationMs,
								fresh: true as const,
							},
						]
					: []),
				...(look ? [evidenceOf(look, wanted)] : []),
				...(isItself ? [] : [evidenceOf(check)]),
			],
			next: [
				headscaleCommand(scene, ['nodes', 'list'], 'Which record has this name, and which this address.'),
				digCommand(scene, name, 'What MagicDNS answers now.'),
				tailscaleCommand(
					scene,
					vantageName,
					['status', '--peers'],
					'What this machine takes for the address of the node.',
				),
			],
		};
	},
};
