/** From the host of a target to the one address that a command on another machine is given. Everything is judged here, by bytes. */

import type {Check, Target} from '../engine/types.ts';
import {checkAddress, looksNumeric, parseAddress} from '../net/guard.ts';
import {splitTarget} from '../net/target.ts';
import type {AddressRule, FamilyChoice} from '../net/types.ts';
import type {FamilyOptions} from '../probes/shared/resolve-phase.ts';
import type {ShellOutput} from '../probes/types.ts';
import {CannotLookError, TargetDownError} from '../util/errors.ts';

/** Addresses of the tailnet's nodes by short name, full name and address. */
export type PeerLookup = ReadonlyMap<string, {readonly addresses: readonly string[]}>;

export interface Named {
	/** Undefined for a name that has to be asked for over there. */
	address?: string;
	/** As written, without brackets. */
	host: string;
	/** `literal`, `peers` or `getent`. */
	by: string;
}

export interface NameRules {
	rule: AddressRule;
	choice: FamilyChoice;
}

/** Which family the options of a check want. */
export function familyOf({options}: Pick<Check, 'options'>): FamilyChoice {
	const {preferred_ip_protocol: preferred = 'ip4', ip_protocol_fallback: fallback = true} =
		(options as Partial<FamilyOptions> | undefined) ?? {};
	return {preferred: preferred === 'ip6' ? 6 : 4, fallback};
}

/**
 * The address where it is known without asking that machine. Throws TargetDownError (`resolve`, `wrong_network`, `forbidden`), or
 * CannotLookError (`vantage`) when the tailnet's names are not known.
 */
export function nameOf({address: written, via}: Target, {rule, choice}: NameRules, peers: PeerLookup): Named {
	const host = splitTarget(written)?.host ?? '';
	const literal = parseAddress(host);
	if (literal) return {address: pickAddress(host, [literal.address], rule, choice), host, by: 'literal'};
	if (looksNumeric(host))
		throw new TargetDownError('forbidden', `"${host.slice(0, 60)}" is a number or an address in an unusual form`);
	if (!isHostName(host)) throw new TargetDownError('resolve', `"${host.slice(0, 60)}" is no host name`);
	if (via === 'direct') return {host, by: 'getent'};
	const node = peers.get(host.toLowerCase().replace(/\.$/, ''));
	if (node) return {address: pickAddress(host, node.addresses, rule, choice), host, by: 'peers'};
	if (peers.size === 0)
		throw new CannotLookError(
			'vantage',
			`${host} cannot be resolved: the list of the tailnet's nodes is not known yet`,
		);
	throw new TargetDownError('resolve', `headscale's list of nodes has no ${host}`);
}

/** What asks for a name there. */
export function askForName(host: string): string[] {
	// Judged again where it becomes an argument: nothing here may begin with a dash.
	if (!isHostName(host)) throw new TypeError(`${JSON.stringify(host)} is no host name`);
	return ['getent', 'ahosts', host];
}

/** The address out of what getent answered. Throws as `nameOf`, CannotLookError (`unsupported`) where there is no getent. */
export function addressOf({host}: Named, {status, stdout, timedOut}: ShellOutput, {rule, choice}: NameRules): string {
	if (timedOut) throw new TargetDownError('resolve', `${host} was not resolved there in time`);
	if (status === 127)
		throw new CannotLookError('unsupported', `there is no getent in the image to resolve ${host}: write its address`);
	const found = stdout
		.toString('latin1')
		.split('\n')
		.flatMap(line => parseAddress(line.split(/\s/, 1)[0] ?? '')?.address ?? []);
	if (found.length === 0) throw new TargetDownError('resolve', `that machine found no address for ${host}`);
	return pickAddress(host, [...new Set(found)], rule, choice);
}

/** All that would be dialled are judged, as in process: one bad address spoils the name. */
function pickAddress(host: string, all: readonly string[], rule: AddressRule, choice: FamilyChoice): string {
	const {preferred, fallback} = choice;
	const wanted = all.filter(address => parseAddress(address)?.family === preferred);
	const usable = wanted.length > 0 || !fallback ? wanted : all;
	const [first] = usable;
	if (first === undefined) throw new TargetDownError('resolve', `${host} has no IPv${preferred} address`);
	for (const address of usable) judge(host, address, rule);
	return first;
}

function judge(host: string, address: string, rule: AddressRule): void {
	try {
		checkAddress(address, rule);
	} catch (error) {
		if (!(error instanceof TargetDownError) || host === address) throw error;
		throw new TargetDownError(error.reason, `${host} was resolved, but ${error.message}`);
	}
}

function isHostName(host: string): boolean {
	const labels = host.replace(/\.$/, '').split('.');
	return host.length <= 254 && labels.every(label => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}
