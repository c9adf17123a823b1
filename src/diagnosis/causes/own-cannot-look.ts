import {commandOf, probeCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {isFromBefore, isNotBelieved} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

export const ownCannotLook: Cause = {
	id: 'own-cannot-look',
	rung: 'vantage',
	title: 'The vantage lacks something that this check needs',
	means:
		'The vantage is sound, and yet could not run this check: a file with a secret or a certificate cannot be read there, the SOCKS5 proxy of its tailscaled is not there, a program failed, or it has no files or ports left. Its own words say which. Nothing is known of the target.',
	find(scene) {
		const {check, vantage} = scene;
		const {reason, detail} = check?.outcome ?? {};
		if (check?.verdict !== 'unknown' || vantage?.condition !== 'sound') return undefined;
		if (reason !== 'vantage' || isNotBelieved(scene) || isFromBefore(scene)) return undefined;
		return {
			effect: 'breaks',
			confidence: 'likely',
			about: `vantage ${vantage.name}`,
			says: detail ?? `Vantage ${vantage.name} could not run this check, and did not say why.`,
			evidence: [evidenceOf(check, 'a run that can look')],
			next: [
				probeCommand(scene, 'Whether it can look now, and what it says.'),
				commandOf(vantage.name, ['df', '-h', '/tmp'], 'Whether that machine has room to work.'),
			],
		};
	},
};
