import {commandOf, tailscaleCommand, word} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Scene} from '../scene.ts';
import {before} from '../seen/control-words.ts';
import {digCommand, targetName} from '../seen/names.ts';
import type {Cause, Command} from '../types.ts';

export const nameOutsideTailnet: Cause = {
	id: 'name-outside-tailnet',
	rung: 'name',
	title: 'The name leads out of the tailnet',
	means:
		'Somebody else answers for the name of a node: a search path, another DNS server, or a record that was added by hand. Programs that trust the answer talk to the wrong machine, which may even look healthy. tailprobe did not go there. Correct the DNS settings, and use full names.',
	find(scene) {
		const {check, world, vantageName} = scene;
		const asked = world.fresh?.byMagicDns;
		const wrong = [check?.outcome, asked].find(outcome => outcome?.reason === 'wrong_network');
		const name = targetName(scene);
		if (!check || name === undefined || !wrong) return undefined;
		// MagicDNS was asked again and is right.
		if (asked?.verdict === 'up' && check.outcome?.reason !== 'wrong_network') return undefined;
		const answer = wrong.reading?.facts.answer;
		const others = new Set(
			world
				.fromVantage(vantageName)
				.filter(view => view.last?.reason === 'wrong_network')
				.map(view => view.check.target.name),
		);
		return {
			effect: 'breaks',
			...(check.view.check.type === 'dns' ? {passesSmall: true as const} : {}),
			confidence: 'certain',
			about: others.size > 1 ? `vantage ${vantageName}` : `name ${name}`,
			says: `The name ${name} leads to ${answer ?? 'an address'} outside the tailnet, as ${vantageName} is told${others.size > 1 ? `; so do ${others.size - 1} other names` : ''}.`,
			evidence: [evidenceOf(check, 'an address inside the tailnet')],
			// A name of the tailnet is asked of MagicDNS alone, which has its records from headscale.
			next: before(check.view.check.target.via === 'tailnet' ? [recordsCommand(scene)] : [], [
				digCommand(scene, name, 'What MagicDNS itself answers.'),
				tailscaleCommand(
					scene,
					vantageName,
					['dns', 'status'],
					'Which servers and search domains the tailnet hands out.',
				),
				commandOf(vantageName, ['cat', '/etc/resolv.conf'], 'Whether another server or search path comes first.'),
			]),
		};
	},
};

/** Records that were added by hand stand in its configuration, or in a file that it names. */
function recordsCommand({world}: Scene): Command {
	const pod = world.landmarks.headscalePod;
	const why =
		'Whether that name was given another address by hand: correct it there, or in the file of `extra_records_path`.';
	const search = "grep -n -A 20 'extra_records'";
	return pod
		? {
				where: 'wherever kubectl is',
				run: `kubectl -n ${word(pod.namespace)} get configmaps -o yaml | ${search}`,
				why,
			}
		: {where: 'where headscale runs', run: `${search} /etc/headscale/config.yaml`, why};
}
