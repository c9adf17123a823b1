/** Runs that are no configured check: the target of a link without its name, and its name without the target. Pure. */

import {isIP} from 'node:net';
import {z} from 'zod';
import {buildCheck} from '../engine/plan.ts';
import type {Check, Target} from '../engine/types.ts';
import {splitTarget} from '../net/target.ts';
import {findProbe} from '../probes/registry.ts';
import type {Scene} from './scene.ts';
import {serviceTypes} from './seen/kinds.ts';

const timeoutMs = 3000;

/**
 * A bare TCP connection to the target of the link by the address that headscale has for its node: nothing of the check's options goes
 * there. Undefined where the target has no name, no port or no known node. It stays inside the tailnet's prefixes.
 */
export function dialByAddress(scene: Scene, prefixes: readonly string[]): Check | undefined {
	const {check, node} = scene;
	const address = node?.node.addresses[0];
	if (!check || nameOf(scene) === undefined || address === undefined) return undefined;
	const port = portOf(check.view.check);
	if (port === undefined) return undefined;
	const host = isIP(address) === 6 ? `[${address}]` : address;
	return aside(scene, 'tcp', {}, {name: 'by-address', address: `${host}:${port}`, only: prefixes});
}

/** The name of the link's target asked of MagicDNS; what headscale says of the node is the only right answer. */
export function askMagicDns(scene: Scene): Check | undefined {
	const name = nameOf(scene);
	if (name === undefined) return undefined;
	const {world, node} = scene;
	const wanted = node?.node.addresses ?? [];
	const options = wanted.length > 0 ? {expect_addresses: wanted.slice(0, 64)} : {};
	return aside(scene, 'dns', options, {name: 'by-name', address: `dns://${world.landmarks.dnsServer}/${name}`});
}

/** The name that is resolved for a link in the tailnet; undefined where it has an address, or asks for names itself. */
function nameOf({check}: Scene): string | undefined {
	if (!check) return undefined;
	const {type, target} = check.view.check;
	if (target.via !== 'tailnet' || type === 'dns' || target.address === 'self') return undefined;
	const host = splitTarget(target.address)?.host;
	return host === undefined || isIP(host) !== 0 || !/^[A-Za-z0-9._-]{1,253}$/.test(host) ? undefined : host;
}

const usualPorts: Readonly<Record<string, number>> = {http: 80, https: 443, ws: 80, wss: 443};

/** Of what is reached over TCP. */
function portOf({type, target}: Check): number | undefined {
	if (!serviceTypes.has(type)) return undefined;
	const scheme = /^([a-z]+):\/\//i.exec(target.address)?.[1]?.toLowerCase() ?? '';
	return splitTarget(target.address)?.port ?? usualPorts[scheme];
}

function aside(
	{vantageName, peer}: Scene,
	type: 'tcp' | 'dns',
	options: object,
	target: Pick<Target, 'name' | 'address' | 'only'>,
): Check {
	const usual = findProbe(type)?.options(z).parse(options);
	return buildCheck(
		`diagnosis/${vantageName}/${target.name}`,
		{
			name: 'diagnosis',
			type,
			options: usual,
			via: 'tailnet',
			intervalMs: timeoutMs,
			timeoutMs,
			confirm: 1,
			detail: 'full',
			histogram: false,
		},
		vantageName,
		{...target, via: 'tailnet', peer},
	);
}
