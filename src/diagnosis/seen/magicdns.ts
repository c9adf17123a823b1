/** A MagicDNS that answers nobody, as the vantage tells that has it: it is a part of the vantage's own tailscaled. Pure. */

import {asSentence} from '../../util/words.ts';
import {commandOf, tailscaleCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Evidence, Finding} from '../types.ts';
import {asksMagicDns, digCommand, isUnanswered, targetName} from './names.ts';

/** undefined: it answers, or nobody asks it. */
export function silentMagicDns(scene: Scene): Finding | undefined {
	const {world, check, vantageName} = scene;
	const name = targetName(scene);
	if (!check || name === undefined || check.view.check.target.via !== 'tailnet') return undefined;
	const {byMagicDns, byAddress} = world.fresh ?? {};
	if (byMagicDns && !isUnanswered(byMagicDns)) return undefined;
	const {reason, reading, detail = ''} = check.outcome ?? {};
	const isItself = asksMagicDns(scene, check) && isUnanswered(check.outcome);
	const failsForIt = reason === 'resolve' && /MagicDNS \(.*\) did not (answer|resolve)/.test(detail);
	const goesRound = reading?.facts.resolved_by === 'peers';
	if (!isItself && !failsForIt && !goesRound && !byMagicDns) return undefined;
	const asking = isItself
		? []
		: world
				.fromVantage(vantageName)
				.map(world.look)
				.filter(look => asksMagicDns(scene, look));
	if (!byMagicDns && asking.some(({verdict}) => verdict === 'up')) return undefined;
	const silent = asking.filter(({outcome}) => isUnanswered(outcome));
	// A vantage without a tunnel device cannot ask it, and finds names by the list of peers as well.
	if (!isItself && !failsForIt && !byMagicDns && silent.length === 0) return undefined;
	const server = world.landmarks.dnsServer;
	const breaks = isItself || failsForIt;
	const fresh: Evidence[] = byMagicDns
		? [
				{
					says: asSentence(`MagicDNS was asked for ${name} now: ${byMagicDns.detail ?? 'it did not answer'}`),
					wanted: 'any answer',
					atMs: byMagicDns.startedAt + byMagicDns.durationMs,
					fresh: true,
				},
			]
		: [];
	return {
		effect: breaks ? 'breaks' : 'beside',
		// A question to MagicDNS itself begins with its address, which is no name that was found.
		...(isItself ? {passesSmall: true as const} : {}),
		confidence: byMagicDns || silent.length > 0 || isItself ? 'certain' : 'likely',
		about: `vantage ${vantageName}`,
		says: `MagicDNS (${server}) on ${vantageName} answers no question${breaks ? '' : `; the name ${name} was found in tailscaled's list of peers`}${byAddress?.verdict === 'up' ? ', and the target answers by its address' : ''}.`,
		evidence: [...fresh, ...silent.slice(0, 3).map((look: Look) => evidenceOf(look, 'any answer')), evidenceOf(check)],
		next: [
			digCommand(scene, name, 'Whether any answer comes.'),
			tailscaleCommand(
				scene,
				vantageName,
				['dns', 'status'],
				'Whether MagicDNS is on, and which servers it was given.',
			),
			commandOf(vantageName, ['iptables', '-L', '-n', '-v'], `Whether a rule that counts packets drops ${server}.`),
		],
	};
}
