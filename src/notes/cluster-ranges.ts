/** Whether the network that tailprobe itself is in uses the addresses of the tailnet for something else, as some clusters do. Pure. */

import {isInside} from '../net/guard.ts';
import type {OwnNetwork} from '../net/own-network.ts';
import type {Note} from './types.ts';

export interface TailnetRanges {
	/** As configured. */
	prefixes: readonly string[];
	/** Addresses of our own tailscaled; none while they are not known. */
	own: readonly string[];
}

/** At most one, about everything that lies in the prefixes and is not the tailnet's own. */
export function noteClusterRanges(
	{addresses, nameServers, apiServer}: OwnNetwork,
	{prefixes, own}: TailnetRanges,
): Note[] {
	const isTaken = (address: string) =>
		isInside(address, prefixes) && !own.includes(address) && !ofMagicDns.has(address);
	const found = [
		...addresses
			.filter(({address, device}) => isTaken(address) && !ofTailscale.test(device))
			.map(({address, device}) => `the address ${address} of ${device} here`),
		...(apiServer !== undefined && isTaken(apiServer) ? [`the Kubernetes API server at ${apiServer}`] : []),
		...nameServers.filter(isTaken).map(server => `the name server ${server} of resolv.conf`),
	];
	if (found.length === 0) return [];
	const shown = found.length > shownAtMost ? [...found.slice(0, shownAtMost), 'more'] : found;
	const [verb, what] = found.length === 1 ? ['lies', 'It is'] : ['lie', 'They are'];
	return [
		{
			about: 'address ranges',
			says:
				`${capitalised(shown.join(' and '))} ${verb} in the range of the tailnet (${prefixes.join(', ')}), though not in the tailnet. ${what} taken for nodes: traffic to pods and services of that range can go into the tunnel or be dropped by a tailscaled with a tunnel device, DNS among it, and probes with \`via: tailnet\` and \`/probe\` may reach them. ` +
				'Give the cluster other ranges; or have headscale hand out a part that it does not use (`prefixes` there, `tailnet.prefixes` here) and run tailscaled in userspace mode.',
			also: [],
		},
	];
}

const shownAtMost = 4;
/** In kernel mode the tunnel has addresses before its tailscaled has told us any. */
const ofTailscale = /^(?:tailscale|ts|u?tun|wg)\d*$/i;
/** The tailnet's own name server. */
const ofMagicDns: ReadonlySet<string> = new Set(['100.100.100.100', 'fd7a:115c:a1e0::53']);

function capitalised(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
