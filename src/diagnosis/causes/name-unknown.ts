import {commandOf, headscaleCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {asksMagicDns, digCommand, labelOf, nameOutcomes, targetName} from '../seen/names.ts';
import type {Cause, Evidence} from '../types.ts';

export const nameUnknown: Cause = {
	id: 'name-unknown',
	rung: 'name',
	title: 'There is no such name',
	means:
		'The name was asked for and whoever knows all names says that there is none. Either it is written wrong, or the node joined under another one: one that comes back while its old record remains is called NAME-1. Correct the target, or remove the old record and rename the new one.',
	find(scene) {
		const {check, world, vantageName} = scene;
		const name = targetName(scene);
		if (!check || name === undefined || check.verdict === 'up') return undefined;
		const asked = world.fresh?.byMagicDns;
		if (asked?.verdict === 'up' || !isUnknownName(scene, check)) return undefined;
		const isInTailnet = check.view.check.target.via === 'tailnet';
		const listed = isInTailnet ? listedAs(scene, name) : undefined;
		return {
			effect: 'breaks',
			...(check.view.check.type === 'dns' ? {passesSmall: true as const} : {}),
			confidence: listed?.isSame ? 'likely' : 'certain',
			about: `name ${name}`,
			says: `There is no name ${name}${isInTailnet ? ` in the tailnet, as ${vantageName} is told` : ` in DNS, as ${vantageName} is told`}.${listed ? ` ${listed.says}` : ''}`,
			evidence: [evidenceOf(check, 'an address'), ...(listed ? [listed.evidence] : [])],
			next: isInTailnet
				? [
						headscaleCommand(scene, ['nodes', 'list'], 'How the node is called, and whether it is there twice.'),
						digCommand(scene, name, 'NXDOMAIN: there is no such name.'),
						tailscaleCommand(scene, vantageName, ['status', '--peers'], 'The names that this machine knows.'),
					]
				: [
						commandOf(vantageName, ['dig', name], 'NXDOMAIN: there is no such name.'),
						commandOf(
							vantageName,
							['cat', '/etc/resolv.conf'],
							'Which servers are asked, and which search path is tried.',
						),
					],
		};
	},
};

function isUnknownName(scene: Scene, check: Look): boolean {
	const {outcome} = check;
	if (check.view.check.type === 'dns')
		return asksMagicDns(scene, check) && outcome?.reading?.facts.rcode === 'NXDOMAIN';
	if (outcome?.reason !== 'resolve') return false;
	if (nameOutcomes(scene).some(({reading}) => reading?.facts.rcode === 'NXDOMAIN')) return true;
	return /does not exist|list of peers has no /.test(outcome.detail ?? '');
}

/** What headscale's list says of it: under this name, another one, or with another domain. */
function listedAs({world}: Scene, name: string): {says: string; isSame?: true; evidence: Evidence} | undefined {
	const label = labelOf(name);
	const domain = world.landmarks.domain?.toLowerCase();
	const given = name.slice(label.length + 1);
	const age = world.nodesAreFresh ? '' : ' when its list was last read';
	const told = (says: string, evidence: string) => ({says, evidence: {says: evidence}});
	if (given !== '' && domain !== undefined && given !== domain && world.node(label))
		return told(
			`Its domain is not that of the tailnet, which is ${domain}.`,
			`headscale lists ${label}${age}, and names of its tailnet end in ${domain}.`,
		);
	if (world.node(label))
		return {
			...told(
				'headscale lists it, so this machine was not told of it: its list is old, or the policy hides the node from it.',
				`headscale lists ${label}${age}.`,
			),
			isSame: true,
		};
	const renamed = world.nodes.find(({node}) => node.hostname === label || /^(.+)-\d+$/.exec(node.name)?.[1] === label);
	return (
		renamed &&
		told(
			`A machine that calls itself so is in the tailnet as ${renamed.node.name}.`,
			`headscale lists ${renamed.node.name}${age}${renamed.node.hostname ? `, which calls itself ${renamed.node.hostname}` : ''}.`,
		)
	);
}
