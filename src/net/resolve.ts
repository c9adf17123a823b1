/**
 * From the host of a target to the one address that is dialled. `via: tailnet` asks MagicDNS, and nothing else in the world: a
 * Kubernetes search path would answer for `june-orchestrator` with a healthy address of another network. `via: direct` follows
 * /etc/hosts and resolv.conf. Every run asks anew.
 */

import type {Place} from '../probes/types.ts';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';
import {askDns, type DnsAnswer, type DnsServers} from './ask-dns.ts';
import {checkAddress, looksNumeric, parseAddress} from './guard.ts';
import {type PeerStatus, statusOf} from './localapi.ts';
import {candidateNames, createFileReader, parseHosts, parseResolvConf} from './resolv-conf.ts';
import {lacksTunnelDevice} from './tunnel-device.ts';
import type {AddressRule, FamilyChoice, Resolved} from './types.ts';

/** What resolution needs to know of the place. */
export type ResolvePlace = Pick<Place, 'tailnet' | 'tailscaled' | 'timeoutMs'>;

export type ResolveTarget = (
	host: string,
	rule: AddressRule,
	choice: FamilyChoice,
	place: ResolvePlace,
	signal: AbortSignal,
) => Promise<Resolved>;

/**
 * Resolves a host (a name or an address literal, without brackets) and holds every address that came against the rule.
 * Throws TargetDownError (`resolve`, `wrong_network`, `forbidden`), CannotLookError (`vantage`) when neither MagicDNS nor tailscaled
 * can be asked, or the signal's reason as soon as it aborts.
 */
export const resolveTarget: ResolveTarget = createResolve({
	hostsPath: '/etc/hosts',
	resolvConfPath: '/etc/resolv.conf',
});

export interface SystemFiles {
	hostsPath: string;
	resolvConfPath: string;
	/** Where the servers of resolv.conf listen; by default 53. */
	dnsPort?: number;
}

/** As `resolveTarget`, with other system files: for tests. */
export function createResolve(files: SystemFiles): ResolveTarget {
	const hosts = createFileReader(files.hostsPath, parseHosts);
	const resolvConf = createFileReader(files.resolvConfPath, parseResolvConf);

	return async (host, rule, choice, place, signal) => {
		signal.throwIfAborted();
		const startedAt = performance.now();
		const found =
			literal(host, choice) ?? (await (rule.via === 'tailnet' ? askTailnet : askDirect)(host, choice, place, signal));
		for (const address of found.addresses) judge(host, address, found.by, rule);
		const chosen = parseAddress(found.addresses[0] ?? '');
		if (!chosen) throw new Error(`no usable address of ${host} in ${found.addresses.join()}`);
		const seconds = found.by === 'literal' ? 0 : (performance.now() - startedAt) / 1000;
		return {...chosen, by: found.by, seconds};
	};

	async function askDirect(
		host: string,
		choice: FamilyChoice,
		place: ResolvePlace,
		signal: AbortSignal,
	): Promise<Found> {
		const {value: named, fault: hostsFault} = hosts();
		const known = pick(named?.get(host.toLowerCase().replace(/\.$/, '')) ?? [], choice);
		if (known.length > 0) return {addresses: known, by: 'hosts'};

		const {value: conf, fault: confFault} = resolvConf();
		if (!conf)
			throw new CannotLookError(
				'vantage',
				`${files.resolvConfPath} cannot be read: ${confFault}. It names who is asked`,
			);
		// Half of the run is for names, the rest for the target; each server is asked twice, as glibc does.
		const endsAt = performance.now() + place.timeoutMs / 2;
		const tryMs = Math.round(Math.min(2000, Math.max(250, place.timeoutMs / (4 * conf.servers.length))));
		const servers = {servers: conf.servers.map(server => withPort(server, files.dnsPort)), tries: 2, tryMs};
		let worst: DnsAnswer | undefined;
		for (const name of candidateNames(host, conf)) {
			const answer = await askFamilies(name, choice, servers, endsAt, signal);
			if (answer.kind === 'addresses') return {addresses: answer.addresses, by: 'dns'};
			if (worst?.kind !== 'silent') worst = answer;
			// As glibc: a domain of the search list whose server is broken does not hide the names behind it, silence does.
			if (answer.kind === 'silent' && !answer.servfail) break;
		}
		const failure = unresolved(host, worst, `The name servers of resolv.conf (${conf.servers.join(', ')})`, choice);
		const faults = [
			hostsFault && `${files.hostsPath}: ${hostsFault}`,
			confFault && `${files.resolvConfPath}: ${confFault}`,
		];
		const told = faults.filter(fault => fault !== undefined).join(', ');
		if (told === '') throw failure;
		throw new TargetDownError(
			failure.reason,
			`${failure.message}; this may be wrong, as files cannot be read now (${told})`,
		);
	}
}

function withPort(server: string, port: number | undefined): string {
	if (port === undefined) return server;
	return server.includes(':') ? `[${server}]:${port}` : `${server}:${port}`;
}

interface Found {
	/** In the order in which they came, the one to dial first. */
	addresses: readonly string[];
	by: Resolved['by'];
}

function literal(host: string, {preferred, fallback}: FamilyChoice): Found | undefined {
	const parsed = parseAddress(host);
	if (parsed && parsed.family !== preferred && !fallback)
		throw new TargetDownError('resolve', `${parsed.address} is no IPv${preferred} address, and no other is wanted`);
	if (parsed) return {addresses: [parsed.address], by: 'literal'};
	if (looksNumeric(host)) {
		throw new TargetDownError(
			'forbidden',
			`"${host.slice(0, 60)}" is a number or an address in an unusual form: write it as 192.0.2.1`,
		);
	}
	if (!isHostName(host)) throw new TargetDownError('resolve', `"${host.slice(0, 60)}" is no host name`);
	return undefined;
}

function isHostName(host: string): boolean {
	const labels = host.replace(/\.$/, '').split('.');
	return host.length <= 254 && labels.every(label => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
}

function judge(host: string, address: string, by: Found['by'], rule: AddressRule): void {
	try {
		checkAddress(address, rule);
	} catch (error) {
		if (!(error instanceof TargetDownError)) throw error;
		const {reason, message} = error;
		const advice = reason === 'wrong_network' ? adviceOn[by === 'literal' ? 'literal' : 'name'] : '';
		throw new TargetDownError(reason, `${by === 'literal' ? '' : `${host} was resolved, but `}${message}${advice}`);
	}
}

/** What an address outside the tailnet means, and what to do. */
const adviceOn = {
	literal: ' and was not tried: what is not in the tailnet is probed by a module or check with `via: direct`',
	name: ': another network answered for the target, or it belongs under `via: direct`',
};

async function askTailnet(
	host: string,
	choice: FamilyChoice,
	place: ResolvePlace,
	signal: AbortSignal,
): Promise<Found> {
	const name = await fullName(host, place, signal);
	const server = place.tailnet.dnsServer;
	let silence = 'tailscaled has no tunnel device here, so its resolver cannot be asked';
	if (!(await lacksTunnel(place, signal))) {
		const limitMs = Math.min(1000, place.timeoutMs / 3);
		const servers = {servers: [server], tries: 1, tryMs: Math.max(250, Math.round(limitMs))};
		const answer = await askFamilies(name, choice, servers, performance.now() + limitMs, signal);
		if (answer.kind === 'addresses') return {addresses: answer.addresses, by: 'magicdns'};
		if (answer.kind === 'none') throw unresolved(name, answer, `MagicDNS (${server})`, choice);
		silence = `MagicDNS (${server}) did not answer: ${answer.why}`;
	}
	return {addresses: await askPeers(name, silence, choice, place, signal), by: 'peers'};
}

async function askFamilies(
	name: string,
	{preferred, fallback}: FamilyChoice,
	servers: DnsServers,
	endsAt: number,
	signal: AbortSignal,
): Promise<DnsAnswer> {
	const first = await askDns(name, preferred, servers, endsAt - performance.now(), signal);
	if (first.kind !== 'none' || !fallback) return first;
	const second = await askDns(name, preferred === 4 ? 6 : 4, servers, endsAt - performance.now(), signal);
	return second.kind === 'addresses' ? second : first;
}

/** Without a final dot. A short name gets the tailnet's domain. */
export async function fullName(host: string, place: ResolvePlace, signal: AbortSignal): Promise<string> {
	const name = host.toLowerCase();
	if (name.endsWith('.')) return name.slice(0, -1);
	if (name.includes('.')) return name;
	const domain = place.tailnet.domain ?? (await domainOf(place, signal));
	return `${name}.${domain}`;
}

async function domainOf(place: ResolvePlace, signal: AbortSignal): Promise<string> {
	const missing = 'set tailnet.domain, or give the vantage the socket of a tailscaled that is logged in';
	if (!place.tailscaled) throw new CannotLookError('vantage', `The MagicDNS domain is not known: ${missing}`);
	try {
		const {magicDnsSuffix} = await statusOf(place.tailscaled, {peers: false, maxAgeMs: settledMs}, signal);
		if (magicDnsSuffix) return magicDnsSuffix;
	} catch (error) {
		signal.throwIfAborted();
		throw new CannotLookError('vantage', `The MagicDNS domain is not known: ${messageOf(error)}`);
	}
	throw new CannotLookError('vantage', `The MagicDNS domain is not known, tailscaled tells none: ${missing}`);
}

/** Whether it is known that packets to MagicDNS's own address can't reach tailscaled; asking would cost each run its time limit. */
async function lacksTunnel({tailscaled, tailnet}: ResolvePlace, signal: AbortSignal): Promise<boolean> {
	return serviceAddresses.includes(tailnet.dnsServer) && (await lacksTunnelDevice(tailscaled, signal));
}

// The domain does not change without a restart or a login, so an older answer does.
const settledMs = 60_000;

const serviceAddresses = ['100.100.100.100', '100.100.100.100:53', 'fd7a:115c:a1e0::53', '[fd7a:115c:a1e0::53]:53'];

async function askPeers(
	name: string,
	silence: string,
	choice: FamilyChoice,
	place: ResolvePlace,
	signal: AbortSignal,
): Promise<string[]> {
	if (!place.tailscaled) {
		throw new CannotLookError(
			'vantage',
			`${silence}. Without tailscaled's socket there is no other way to resolve ${name}`,
		);
	}
	let nodes: readonly PeerStatus[];
	try {
		const {self, peers} = await statusOf(place.tailscaled, {peers: true}, signal);
		nodes = self ? [self, ...peers] : peers;
	} catch (error) {
		signal.throwIfAborted();
		throw new CannotLookError('vantage', `${silence}, and the list of peers could not be read: ${messageOf(error)}`);
	}
	const node = nodes.find(({dnsName}) => dnsName === name);
	if (!node) throw new TargetDownError('resolve', `${silence}; tailscaled's list of peers has no ${name} either`);
	const addresses = pick(node.addresses, choice);
	if (addresses.length > 0) return addresses;
	throw new TargetDownError('resolve', `${name} has no IPv${choice.preferred} address in tailscaled's list of peers`);
}

/** Those of the preferred family, else the others where that is allowed. */
function pick(addresses: readonly string[], {preferred, fallback}: FamilyChoice): string[] {
	const wanted = addresses.filter(address => parseAddress(address)?.family === preferred);
	return wanted.length > 0 || !fallback ? wanted : [...addresses];
}

function unresolved(
	name: string,
	answer: DnsAnswer | undefined,
	who: string,
	{preferred, fallback}: FamilyChoice,
): TargetDownError {
	if (answer?.kind === 'silent') return new TargetDownError('resolve', `${who} did not resolve ${name}: ${answer.why}`);
	const exists = answer?.kind === 'none' && answer.nameExists;
	const lack = exists ? `has no ${fallback ? 'address' : `IPv${preferred} address`}` : 'does not exist';
	return new TargetDownError('resolve', `${who} answered that ${name} ${lack}`);
}
