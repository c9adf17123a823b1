import {silentMagicDns} from '../seen/magicdns.ts';
import type {Cause} from '../types.ts';

export const magicdnsOnNodeDead: Cause = {
	id: 'magicdns-on-node-dead',
	rung: 'name',
	title: 'MagicDNS does not answer on one node',
	means:
		'On this one machine names of the tailnet lead nowhere, so its programs do not find the others, while the others find it. MagicDNS is a part of its own tailscaled. Restart tailscaled there, or start the container with a tunnel device and --accept-dns.',
	find(scene) {
		return scene.vantage?.group === undefined ? undefined : silentMagicDns(scene);
	},
};
