/** Whether the SOCKS5 proxy that we dial through is open to the tailnet. Pure. */

import type {Note} from './types.ts';

/**
 * One for each proxy at 127.0.0.1: a tailscaled without a tunnel device forwards what comes over the tailnet to the same port of
 * 127.0.0.1 (not of 127.0.0.2), and its proxy asks nobody for a password. `vantages`: the local ones of the configuration.
 */
export function noteOpenProxies(vantages: readonly {name: string; socks5?: string | undefined}[]): Note[] {
	return vantages
		.filter(({socks5}) => /^(?:127\.0\.0\.1|localhost):/.test(socks5 ?? ''))
		.map(({name, socks5 = ''}) => ({
			about: `vantage ${name}`,
			says: `The SOCKS5 proxy at ${socks5} is open to every peer that the tailnet's policy lets in: tailscaled forwards what comes for that port to 127.0.0.1, and so peers reach whatever this machine or pod reaches. Start tailscaled with --socks5-server=127.0.0.2:${socks5.split(':').at(-1)} (TS_SOCKS5_SERVER in a container) and write that address for the vantage.`,
			also: [],
		}));
}
