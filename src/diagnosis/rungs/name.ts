/** The rung of the name: from how the target is written to the address that is dialled. */

import {asSentence} from '../../util/words.ts';
import {evidenceOf} from '../evidence.ts';
import type {Scene} from '../scene.ts';
import {asksMagicDns, dnsLooks, targetName} from '../seen/names.ts';
import type {Evidence} from '../types.ts';
import type {RungLook} from './types.ts';

/** Whether the name leads to the address of the node. */
export const nameRung: RungLook = {
	name: 'name',
	look(scene) {
		const {check} = scene;
		const name = targetName(scene);
		if (!check || name === undefined) return undefined;
		const {outcome, verdict, view} = check;
		const {facts = {}} = outcome?.reading ?? {};
		const looks = dnsLooks(scene).filter(look => look !== check);
		const evidence = [
			...freshEvidence(scene, name),
			evidenceOf(check),
			...looks.slice(0, 3).map(look => evidenceOf(look)),
		];
		if (asksMagicDns(scene, check))
			return {
				state: verdict === 'unknown' ? 'unseen' : verdict === 'up' ? 'holds' : 'broken',
				says:
					verdict === 'up'
						? `MagicDNS answers ${facts.answer ?? `for ${name}`}.`
						: (outcome?.detail ?? 'It was not asked yet.'),
				evidence,
			};
		// A check of another DNS server asks for a name, but does not stand on it.
		if (view.check.type === 'dns') return undefined;
		const isFailed = ['resolve', 'wrong_network'].includes(outcome?.reason ?? '');
		if (verdict === 'down' && isFailed)
			return {state: 'broken', says: outcome?.detail ?? `${name} was not resolved.`, evidence};
		const wrong = looks.find(look => look.verdict === 'down' && look.outcome?.reason === 'content');
		if (wrong)
			return {state: 'broken', says: wrong.outcome?.detail ?? `MagicDNS has another address for ${name}.`, evidence};
		const by = facts.resolved_by;
		if (by !== undefined)
			return {
				state: 'holds',
				says: `${name} is ${facts.address ?? 'known'}, ${sources[by] ?? `by ${by}`}.`,
				evidence,
			};
		const asked = scene.world.fresh?.byMagicDns ?? looks[0]?.outcome;
		if (asked?.verdict === 'up')
			return {state: 'holds', says: `MagicDNS answers ${asked.reading?.facts.answer ?? `for ${name}`}.`, evidence};
		return {state: 'unseen', says: `The last look did not come to the name ${name}.`, evidence};
	},
};

const sources: Readonly<Record<string, string>> = {
	magicdns: 'as MagicDNS answers',
	peers: "from tailscaled's list of peers, as MagicDNS was not asked or did not answer",
	hosts: 'from /etc/hosts',
	dns: 'as the name servers of the machine answer',
};

function freshEvidence({world}: Scene, name: string): Evidence[] {
	const {byMagicDns, byAddress} = world.fresh ?? {};
	return [
		...(byMagicDns
			? [
					{
						says:
							byMagicDns.verdict === 'up'
								? `MagicDNS answers ${byMagicDns.reading?.facts.answer ?? `for ${name}`}.`
								: asSentence(byMagicDns.detail ?? `MagicDNS was asked for ${name} and is ${byMagicDns.verdict}`),
						atMs: byMagicDns.startedAt + byMagicDns.durationMs,
						fresh: true as const,
					},
				]
			: []),
		...(byAddress
			? [
					{
						says: asSentence(
							byAddress.verdict === 'up'
								? 'Without its name, by its address, the target answers'
								: `Without its name, by its address, the target is ${byAddress.verdict}: ${byAddress.detail ?? 'no more is known'}`,
						),
						atMs: byAddress.startedAt + byAddress.durationMs,
						fresh: true as const,
					},
				]
			: []),
	];
}
