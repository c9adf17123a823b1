import {silentMagicDns} from '../seen/magicdns.ts';
import type {Cause} from '../types.ts';

export const magicdnsDead: Cause = {
	id: 'magicdns-dead',
	rung: 'name',
	title: 'MagicDNS does not answer',
	means:
		'MagicDNS is a part of the tailscaled on each machine and turns names of nodes into addresses. It is silent on the machine that looks; the nodes themselves are well, and answer by address. Restart tailscaled there, and look for a firewall rule on its address (100.100.100.100, where no other is configured).',
	find(scene) {
		return scene.vantage?.group === undefined ? silentMagicDns(scene) : undefined;
	},
};
