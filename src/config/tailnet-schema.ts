/** The blocks `tailscaled` and `tailnet`, which the file of an agent has as well as that of the daemon, and what they mean. */

import {z} from 'zod';
import type {TailnetFacts} from '../probes/types.ts';
import type {TailscaledPlace} from './types.ts';
import {addressAndPort, duration, isDnsServer, prefix, socketPath} from './values.ts';

/** Where a tailscaled answers; the descriptions are for the reference of the file. */
export function tailscaledPlaceSchema(descriptions: {socket: string; socks5: string}) {
	return z.strictObject({
		socket: socketPath.default('/var/run/tailscale/tailscaled.sock').meta({description: descriptions.socket}),
		socks5: addressAndPort.optional().meta({description: descriptions.socks5}),
	});
}

/** That of the machine which the file is for: there, unless the file says `false`. */
export function ownTailscaledSchema(descriptions: {socks5: string}) {
	return z
		.union([z.literal(false), tailscaledPlaceSchema({socket: "tailscaled's LocalAPI socket.", ...descriptions})])
		.prefault({})
		.meta({description: 'Where tailscaled answers, or `false` when there is none.'});
}

/** The descriptions are for the reference of the file. */
export function tailnetSchema(descriptions: {prefixes: string; overheadObjective: string}) {
	return z
		.strictObject({
			prefixes: z
				.array(prefix)
				.min(1)
				.default(['100.64.0.0/10', 'fd7a:115c:a1e0::/48'])
				.meta({description: descriptions.prefixes}),
			domain: z
				.string()
				.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'expected a domain such as tail.example.com')
				.optional()
				.meta({description: 'Base domain of MagicDNS; default: what tailscaled says.'}),
			dns_server: z
				.string()
				.refine(isDnsServer, {error: 'expected an address, or address:port'})
				.default('100.100.100.100')
				.meta({description: 'The MagicDNS resolver.'}),
			overhead_objective: duration(0, 10_000).prefault('10ms').meta({description: descriptions.overheadObjective}),
		})
		.prefault({});
}

/** Empty without a block: no tailscaled is there, or none that is known. */
export function placeOf(block: TailscaledBlock | false | undefined): TailscaledPlace {
	if (!block) return {};
	const {socket, socks5} = block;
	return {tailscaledSocket: socket, ...(socks5 === undefined ? {} : {socks5})};
}

/** Makes the facts of a block that passed the schema. */
export function tailnetFactsOf(block: z.output<ReturnType<typeof tailnetSchema>>): TailnetFacts {
	return {
		prefixes: block.prefixes,
		...(block.domain === undefined ? {} : {domain: block.domain}),
		dnsServer: block.dns_server,
		overheadObjectiveSeconds: block.overhead_objective / 1000,
	};
}

type TailscaledBlock = z.output<ReturnType<typeof tailscaledPlaceSchema>>;
