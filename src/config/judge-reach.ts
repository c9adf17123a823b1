/** Checks that are written well and could never work, or never do what their options say. */

import {z} from 'zod';
import {checkAddress, isInside, parseAddress} from '../net/guard.ts';
import {splitTarget} from '../net/target.ts';
import {isServiceAddress} from '../probes/dns/magic-dns.ts';
import type {Probe} from '../probes/types.ts';
import {TargetDownError} from '../util/errors.ts';
import {defaultVia, nameTarget} from './normalise.ts';
import type {File, FileCheck} from './schema.ts';

type Path = readonly (string | number)[];
type Complain = (path: Path, message: string, ...about: Path[]) => void;

/** Targets that the guard or the lack of a tailscaled keeps from ever being reached. `allowLoopback`: as in the embedded lab. */
export function judgeReach(
	check: FileCheck,
	probe: Probe,
	file: File,
	{here, allowLoopback, complain}: {here: Path; allowLoopback: boolean; complain: Complain},
): void {
	const way = check.via ?? defaultVia(check, probe);
	const blind = vantagesOf(check, file).find(vantage => vantage.type === 'local' && vantage.tailscaled === false);
	if (blind && probe.type === 'tunnel')
		complain(
			[...here, 'prober'],
			`tunnels are asked of tailscaled, and vantage ${blind.name} has none (tailscaled: false)`,
		);
	for (const {place, address} of targetsOf(check, here)) {
		const host = (splitTarget(address)?.host ?? '').toLowerCase();
		const isMagicDns = probe.type === 'dns' && isServiceAddress(host);
		if (isMagicDns && way === 'direct') complain(place, `MagicDNS (${host}) is asked with via: tailnet`);
		const fault = isMagicDns ? undefined : faultOfHost(host, allowLoopback);
		if (fault) complain(place, fault);
		else if (way === 'tailnet' && blind && probe.type !== 'tunnel' && !file.tailnet.domain && isShort(host))
			complain(
				place,
				`the short name ${place.at(-1) === 'target' ? '{node}' : host} gets the domain of the tailnet, which nobody tells here: set tailnet.domain, or give vantage ${blind.name} its tailscaled`,
				['tailnet', 'domain'],
			);
	}
}

/** Options of the check's own block that judge answers, where any answer at all is down. */
export function judgeUnreachable(check: FileCheck, probe: Probe): Path[] {
	const options = (check as Record<string, unknown>)[probe.type];
	if (check.expect !== 'unreachable' || typeof options !== 'object' || options === null) return [];
	const usual = probe.options(z).parse({}) as Record<string, unknown>;
	return Object.entries(options)
		.filter(([key, value]) => judgesAnswers(key) && JSON.stringify(value) !== JSON.stringify(usual[key]))
		.map(([key]) => [probe.type, key]);
}

function judgesAnswers(key: string): boolean {
	return /^(?:valid_|validate_|fail_if_|expect)/.test(key) || judging.has(key);
}

const judging: ReadonlySet<string> = new Set(['max_loss', 'min_remaining', 'ping', 'query_response']);

function vantagesOf({from}: FileCheck, {vantages}: File): File['vantages'] {
	return vantages.filter(({name, type}) => (from === undefined ? type === 'local' : from.includes(name)));
}

function targetsOf(check: FileCheck, here: Path): {place: Path; address: string}[] {
	const pattern = check.target?.replaceAll('{node}', 'node').replaceAll('{address}', '100.64.0.1');
	return [
		...(pattern === undefined ? [] : [{place: [...here, 'target'], address: pattern}]),
		...(check.targets ?? []).map((target, at) => ({
			place: [...here, 'targets', at],
			address: nameTarget(target).address,
		})),
	];
}

function faultOfHost(host: string, allowLoopback: boolean): string | undefined {
	// As resolvers must: these names are never asked for.
	const isLocalhost = /^(?:.*\.)?localhost\.?$/.test(host);
	const address = isLocalhost ? '127.0.0.1' : host;
	if (!parseAddress(address)) return undefined;
	try {
		checkAddress(address, {via: 'direct', prefixes: [], allowLoopback});
		return undefined;
	} catch (error) {
		if (!(error instanceof TargetDownError)) throw error;
		const said = isLocalhost ? `${host} is this machine, and ${error.message}` : error.message;
		// Of loopback the guard tells that itself.
		return isInside(address, loopback) ? said : `${said}. Name the target as other machines reach it`;
	}
}

const loopback = ['127.0.0.0/8', '::1/128'];

function isShort(host: string): boolean {
	return host !== '' && !host.includes('.') && parseAddress(host) === undefined;
}
