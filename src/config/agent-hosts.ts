/** Hosts whose agent could never be dialled, and agents that two vantages would dial. */

import {canonicalAddress, checkAddress, isInside} from '../net/guard.ts';
import {TargetDownError} from '../util/errors.ts';
import type {Complain} from './judge.ts';
import type {File} from './schema.ts';

/** Complains of them. A host that another way may reach is no mistake: `check-config` has a note for it. */
export function judgeAgentHosts(file: File, complain: Complain, {allowLoopback}: {allowLoopback: boolean}): void {
	const {prefixes} = file.tailnet;
	const owners = new Map<string, string>();
	file.vantages.forEach((vantage, at) => {
		if (vantage.type !== 'remote') return;
		const agent = vantage.ways.find(way => way.agent)?.agent;
		if (!agent) return;
		const isOnlyWay = vantage.ways.every(way => way.agent);
		(vantage.hosts ?? []).forEach(({name, address}, index) => {
			const place = ['vantages', at, 'hosts', index, 'address'];
			const fault = faultOfAgentHost(address, {prefixes, allowLoopback});
			if (fault && isOnlyWay) complain(place, `${fault}: agents are only dialled in the tailnet`);
			const key = `${canonicalAddress(address) ?? address.toLowerCase().replace(/\.$/, '')} ${agent.port}`;
			const owner = owners.get(key);
			if (owner !== undefined)
				complain(
					place,
					`this is the agent of ${owner} already: an agent has one list of checks, and each would take it from the other`,
				);
			else owners.set(key, name);
		});
	});
}

/** Why an agent at this host is never dialled, as a clause; undefined for an address of the tailnet, and for every other name. */
export function faultOfAgentHost(
	host: string,
	{prefixes, allowLoopback = false}: {prefixes: readonly string[]; allowLoopback?: boolean},
): string | undefined {
	const isLocalhost = /^(?:.*\.)?localhost\.?$/i.test(host);
	if (isLocalhost || isInside(host, ['127.0.0.0/8', '::1/128']))
		return allowLoopback ? undefined : `${host} is the machine of tailprobe itself`;
	const address = canonicalAddress(host);
	if (address === undefined) return undefined;
	try {
		checkAddress(address, {via: 'tailnet', prefixes, allowLoopback});
		return undefined;
	} catch (error) {
		if (!(error instanceof TargetDownError)) throw error;
		return error.message;
	}
}
