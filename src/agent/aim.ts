/** Where a target leads, read as strictly as the probe itself reads it: what is not understood is aimed nowhere. */

import {splitTarget} from '../net/target.ts';
import {endpointOf, parseHostPort, parseTargetUrl} from '../net/url.ts';
import type {Probe} from '../probes/types.ts';

export type Aim = {kind: 'self'} | {kind: 'host'; host: string; port?: number};

/** `options` are those of the check; undefined when the address is no target of that probe. */
export function aimOf(address: string, probe: Probe, options: unknown): Aim | undefined {
	if (/[\s\u0000-\u001f\u007f]/.test(address) || /^[^?#]*@/.test(address)) return undefined;
	if (probe.address === 'self') return address === 'self' ? {kind: 'self'} : undefined;
	if (probe.form) {
		const parts = probe.form.faultOf(address, options) === undefined ? splitTarget(address) : undefined;
		return parts && {kind: 'host', ...parts, host: parts.host.toLowerCase()};
	}
	if (probe.address === 'url') {
		const parsed = parseTargetUrl(address, probe.schemes);
		return parsed.ok ? {kind: 'host', ...endpointOf(parsed.url)} : undefined;
	}
	if (probe.address === 'host_port') {
		const parsed = parseHostPort(address);
		return parsed.ok ? {kind: 'host', host: parsed.host, port: parsed.port} : undefined;
	}
	const host = splitTarget(address);
	const parsed = parseHostPort(`${address.includes(':') ? `[${address}]` : address}:1`);
	return parsed.ok && host?.port === undefined ? {kind: 'host', host: parsed.host} : undefined;
}
