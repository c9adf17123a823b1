/**
 * Versions of the clients in the tailnet. No list tells them, neither headscale's nor tailscaled's: so tailscaled is asked about one
 * node after the other (whois), a few at a time, and what it said stands for a while.
 */

import type {TailnetNode} from '../inventory/types.ts';
import type {Clock} from '../util/clock.ts';
import type {ClientVersion} from './types.ts';

export interface ClientVersions {
	/** Asks about nodes that are new or were not asked about for long. Rejects with what `ask` rejects with; what was learnt before stays. */
	refresh(nodes: readonly TailnetNode[], ask: AskVersion): Promise<void>;
	/** The version of each of these nodes; undefined where it is not known. */
	of(nodes: readonly TailnetNode[]): readonly (ClientVersion | undefined)[];
}

/** The version of the client at an address, undefined where tailscaled does not know it. */
export type AskVersion = (address: string) => Promise<ClientVersion | undefined>;

/** A client changes its version with a restart, and nobody waits for that. */
const standsMs = 600_000;
const askedAtOnce = 50;

export function createClientVersions(clock: Clock): ClientVersions {
	const known = new Map<string, {version: ClientVersion | undefined; askedAt: number}>();

	return {
		async refresh(nodes, ask) {
			const listed = new Map(nodes.map(node => [keyOf(node), node]));
			for (const key of known.keys()) if (!listed.has(key)) known.delete(key);
			const now = clock.now();
			const askedAt = (key: string) => known.get(key)?.askedAt ?? Number.NEGATIVE_INFINITY;
			const due = [...listed.keys()].filter(key => now - askedAt(key) >= standsMs);
			due.sort((a, b) => askedAt(a) - askedAt(b) || 0);
			for (const key of due.slice(0, Math.max(askedAtOnce, Math.ceil(nodes.length / 20)))) {
				const [address] = listed.get(key)?.addresses ?? [];
				if (address !== undefined) known.set(key, {version: await ask(address), askedAt: now});
			}
		},
		of: nodes => nodes.map(node => known.get(keyOf(node))?.version),
	};
}

/** The oldest client that a headscale of this version accepts (the others get 400 from it); undefined where that is not known. */
export function minimumClient(headscaleVersion: string | undefined): ClientVersion | undefined {
	const [, minor] = /^v?0\.(\d{1,3})\./.exec(headscaleVersion ?? '') ?? [];
	const oldest = minor === undefined ? undefined : minimumMinors[minor];
	return oldest === undefined ? undefined : [1, oldest, 0];
}

/** From the minor version of headscale 0.x to the least minor version of tailscale 1.x. */
const minimumMinors: Readonly<Record<string, number>> = {
	23: 40,
	24: 56,
	25: 62,
	26: 62,
	27: 64,
	28: 74,
	29: 80,
	30: 80,
};

function keyOf({id, addresses}: TailnetNode): string {
	return `${id} ${addresses[0] ?? ''}`;
}
