/** Holds the addresses of an answer against those that the name should have. */

import type {DnsMessage} from '../../net/dns-message.ts';
import {canonicalAddress, isInside} from '../../net/guard.ts';
import {LocalApiError, statusOf} from '../../net/localapi.ts';
import {CannotLookError, messageOf} from '../../util/errors.ts';
import type {Place} from '../types.ts';
import type {Fault} from './judge.ts';

/** Addresses of the answer, in the order in which they came. */
export function addressesOf({answers}: DnsMessage): string[] {
	return answers.filter(({type}) => type === 'A' || type === 'AAAA').map(({data}) => data);
}

/** What is wrong with the addresses for a name without final dot, or undefined. Throws CannotLookError where `peers` cannot be asked. */
export async function judgeAddresses(
	found: readonly string[],
	name: string,
	wanted: 'peers' | readonly string[],
	place: Place,
	signal: AbortSignal,
): Promise<Fault | undefined> {
	if (wanted !== 'peers')
		return compare(
			found,
			name,
			wanted.flatMap(address => canonicalAddress(address) ?? []),
			place,
		);
	// A list of some seconds ago is enough where it agrees; only a newer one may accuse.
	const fault = compare(found, name, await addressesOfPeer(name, place, settledMs, signal), place);
	return fault && compare(found, name, await addressesOfPeer(name, place, 0, signal), place);
}

const settledMs = 30_000;

function compare(
	found: readonly string[],
	name: string,
	wanted: readonly string[],
	{tailnet}: Place,
): Fault | undefined {
	const stranger = found.find(address => !wanted.includes(address));
	if (stranger === undefined && found.length > 0) return undefined;
	const list = wanted.length === 0 ? `no address: tailscaled knows no peer ${name}` : wanted.slice(0, 4).join(' or ');
	if (stranger === undefined) return {reason: 'content', detail: ` without an address; wanted ${list}`};
	const isTailnet = wanted.some(address => isInside(address, tailnet.prefixes));
	if (isTailnet && !isInside(stranger, tailnet.prefixes)) {
		return {
			reason: 'wrong_network',
			detail: ` with ${stranger}, which is outside the tailnet (${tailnet.prefixes.join(', ')}); wanted ${list}`,
		};
	}
	return {reason: 'content', detail: ` with ${stranger}; wanted ${list}`};
}

async function addressesOfPeer(
	name: string,
	{tailscaled, vantage}: Place,
	maxAgeMs: number,
	signal: AbortSignal,
): Promise<readonly string[]> {
	if (tailscaled === undefined) {
		throw new CannotLookError(
			'vantage',
			`Vantage ${vantage} has no tailscaled to ask for the addresses of ${name}: give it the path of tailscaled's socket, or list them in expect_addresses`,
		);
	}
	try {
		const {backendState, self, peers} = await statusOf(tailscaled, {peers: true, maxAgeMs}, signal);
		if (backendState !== 'Running') throw new LocalApiError(`its state is ${backendState}`);
		const wanted = name.toLowerCase();
		return [...(self ? [self] : []), ...peers].find(({dnsName}) => dnsName === wanted)?.addresses ?? [];
	} catch (error) {
		signal.throwIfAborted();
		if (!(error instanceof LocalApiError)) throw error;
		throw new CannotLookError('vantage', `tailscaled's list of peers could not be read: ${messageOf(error)}`);
	}
}
